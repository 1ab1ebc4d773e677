package hosts

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

func digest(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// Files that cloud-init leaves behind.
const (
	bootScript   = "var/lib/cloud/instance/scripts/runcmd"
	bootFinished = "var/lib/cloud/instance/boot-finished"
	bootLog      = "var/log/cloud-init-output.log"
)

// applyIdentity does the part of the user data that decides how the machine is reached, before its SSH server starts.
func (m *machine) applyIdentity(data userData) error {
	state := m.snapshot()
	if data.Hostname != "" && data.Hostname != state.Hostname {
		if err := m.rename(data.Hostname); err != nil {
			return err
		}
	}
	if data.HostKey != "" {
		if err := m.writeHostKey([]byte(data.HostKey)); err != nil {
			return err
		}
	}
	return m.writeAuthorizedKeys(append(append([]string{}, state.Machine.AuthorizedKeys...), data.AuthorizedKeys...))
}

// rename changes the machine's hostname for good; commands started from now on see it.
func (m *machine) rename(name string) error {
	old := m.hostname()
	if err := m.update(func(s *state) { s.Hostname = name }); err != nil {
		return err
	}
	root, err := os.OpenRoot(m.root())
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.WriteFile("etc/hostname", []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	hosts, err := root.ReadFile("etc/hosts")
	if err != nil {
		return err
	}
	return root.WriteFile("etc/hosts", []byte(strings.ReplaceAll(string(hosts), "127.0.1.1 "+old+"\n", "127.0.1.1 "+name+"\n")), 0o644)
}

// firstBoot runs the machine's user data once in its life, as cloud-init does.
type firstBoot struct {
	m       *machine
	run     *running
	data    userData
	invalid error
	done    chan struct{}
}

func newFirstBoot(m *machine, run *running, data userData, invalid error) *firstBoot {
	return &firstBoot{m: m, run: run, data: data, invalid: invalid, done: make(chan struct{})}
}

// run does what is still to do; one that the machine's end cut short is done again at the next start.
func (b *firstBoot) start() {
	if b.m.snapshot().UserData != nil {
		close(b.done)
		return
	}
	status := guestapi.CloudInitStatus{Status: "done"}
	for _, key := range b.data.Ignored {
		b.m.hosts.log.Warn("cloud-config key ignored by the sandbox", "machine", b.m.name(), "key", key)
	}
	errs := b.apply()
	if b.run.ctx.Err() != nil {
		return
	}
	for _, err := range errs {
		status.Status = "error"
		status.Errors = append(status.Errors, err.Error())
		b.m.hosts.log.Warn("user data failed", "machine", b.m.name(), "error", err)
	}
	if err := b.m.update(func(s *state) { s.UserData = &status }); err != nil {
		b.m.hosts.log.Error("user data result not saved", "error", err)
	}
	close(b.done)
}

func (b *firstBoot) apply() []error {
	if b.invalid != nil {
		return []error{b.invalid}
	}
	root, err := os.OpenRoot(b.m.root())
	if err != nil {
		return []error{err}
	}
	defer root.Close()
	var errs []error
	if err := root.WriteFile("var/lib/cloud/instance/user-data.txt", []byte(b.m.snapshot().Machine.UserData), 0o600); err != nil {
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

func (b *firstBoot) runScript(root *os.Root) error {
	if err := root.WriteFile(bootScript, []byte(b.data.Script), 0o700); err != nil {
		return err
	}
	output, err := root.OpenFile(bootLog, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	defer output.Close()
	p, err := b.run.jail.start(command{argv: []string{"/" + bootScript}, env: userEnv("root"), dir: "/", stdout: output, stderr: output})
	if err != nil {
		return err
	}
	<-p.done
	if p.code != 0 {
		return fmt.Errorf("the user data's commands ended with exit status %d: see /%s", p.code, bootLog)
	}
	return nil
}

// status tells how far the user data got, waiting for its end when asked to.
func (b *firstBoot) status() guestapi.CloudInitStatus {
	if status := b.m.snapshot().UserData; status != nil {
		return *status
	}
	return guestapi.CloudInitStatus{Status: "running"}
}

// wait returns when the user data ran, or the machine or the asker are gone.
func (b *firstBoot) wait(ctx context.Context) {
	select {
	case <-b.done:
	case <-b.run.ctx.Done():
	case <-ctx.Done():
	}
}
