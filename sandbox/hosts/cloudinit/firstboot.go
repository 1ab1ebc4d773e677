package cloudinit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
)

// Files that cloud-init leaves behind.
const (
	bootScript   = "var/lib/cloud/instance/scripts/runcmd"
	bootFinished = "var/lib/cloud/instance/boot-finished"
	bootLog      = "var/log/cloud-init-output.log"
)

// Machine is what a first boot has to know of its machine.
type Machine struct {
	Tree rootfs.Tree
	Jail *jail.Jail
	Log  *slog.Logger
	// Text is the user data as it was given.
	Text string
	// Result is how the user data went in this or an earlier run of the machine; nil until it ran.
	Result func() *guestapi.CloudInitStatus
	// Keep remembers the result.
	Keep func(guestapi.CloudInitStatus) error
}

// FirstBoot runs the machine's user data once in its life, as cloud-init does.
type FirstBoot struct {
	machine Machine
	on      context.Context // ends with the machine
	data    UserData
	invalid error
	done    chan struct{}
}

// New understands the user data; what is wrong with it is told by Run.
func New(on context.Context, machine Machine) *FirstBoot {
	data, err := Parse(machine.Text)
	return &FirstBoot{machine: machine, on: on, data: data, invalid: err, done: make(chan struct{})}
}

// UserData is what was understood.
func (b *FirstBoot) UserData() UserData { return b.data }

// Run does what is still to do; one that the machine's end cut short is done again at the next start.
func (b *FirstBoot) Run() {
	if b.machine.Result() != nil {
		close(b.done)
		return
	}
	status := guestapi.CloudInitStatus{Status: "done"}
	for _, key := range b.data.Ignored {
		b.machine.Log.Warn("cloud-config key ignored by the sandbox", "key", key)
	}
	errs := b.apply()
	if b.on.Err() != nil {
		return
	}
	for _, err := range errs {
		status.Status = "error"
		status.Errors = append(status.Errors, err.Error())
		b.machine.Log.Warn("user data failed", "error", err)
	}
	if err := b.machine.Keep(status); err != nil {
		b.machine.Log.Error("user data result not saved", "error", err)
	}
	close(b.done)
}

func (b *FirstBoot) apply() []error {
	if b.invalid != nil {
		return []error{b.invalid}
	}
	root, err := b.machine.Tree.Open()
	if err != nil {
		return []error{err}
	}
	defer root.Close()
	var errs []error
	if err := root.WriteFile("var/lib/cloud/instance/user-data.txt", []byte(b.machine.Text), 0o600); err != nil {
		errs = append(errs, err)
	}
	for _, file := range b.data.Files {
		if err := writeFile(root, file); err != nil {
			errs = append(errs, fmt.Errorf("write_files %s: %w", file.Path, err))
		}
	}
	if b.data.Script != "" {
		if err := b.runScript(root); err != nil {
			errs = append(errs, err)
		}
	}
	finished := fmt.Sprintf("%s - finished by the sandbox\n", time.Now().UTC().Format(time.RFC3339))
	if err := root.WriteFile(bootFinished, []byte(finished), 0o644); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// writeFile writes one file of write_files.
func writeFile(root *os.Root, file userFile) error {
	name := strings.TrimPrefix(path.Clean("/"+file.Path), "/")
	if !strings.HasPrefix(file.Path, "/") || name == "" {
		return fmt.Errorf("the path is not absolute")
	}
	if strings.HasPrefix(name, "usr/") && !strings.HasPrefix(name, "usr/local/") {
		return fmt.Errorf("/usr is read-only in the sandbox, except /usr/local")
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if file.Append {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	out, err := root.OpenFile(name, flags, file.Mode)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.Write(file.Content); err != nil {
		return err
	}
	return out.Chmod(file.Mode) // whatever the umask
}

func (b *FirstBoot) runScript(root *os.Root) error {
	if err := root.WriteFile(bootScript, []byte(b.data.Script), 0o700); err != nil {
		return err
	}
	output, err := root.OpenFile(bootLog, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	defer output.Close()
	p, err := b.machine.Jail.Start(jail.Command{
		Argv: []string{"/" + bootScript}, Env: rootfs.Environment("root"), Dir: "/", Stdout: output, Stderr: output,
	})
	if err != nil {
		return err
	}
	<-p.Done()
	if p.ExitCode() != 0 {
		return fmt.Errorf("the user data's commands ended with exit status %d: see /%s", p.ExitCode(), bootLog)
	}
	return nil
}

// status tells how far the user data got, waiting for its end when asked to.
func (b *FirstBoot) status() guestapi.CloudInitStatus {
	if status := b.machine.Result(); status != nil {
		return *status
	}
	return guestapi.CloudInitStatus{Status: "running"}
}

// wait returns when the user data ran, or the machine or the asker are gone.
func (b *FirstBoot) wait(ctx context.Context) {
	select {
	case <-b.done:
	case <-b.on.Done():
	case <-ctx.Done():
	}
}

// Register answers `cloud-init status`.
func (b *FirstBoot) Register(server *guestserver.Server) {
	server.Handle("GET "+guestapi.CloudInit, func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has("wait") {
			b.wait(r.Context())
		}
		return json.NewEncoder(w).Encode(b.status())
	})
}
