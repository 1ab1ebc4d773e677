package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// cloudInit answers `cloud-init status`, waiting for the end of the user data with --wait.
func cloudInit(args []string) (int, error) {
	o := options{flags: []string{"--wait", "-w", "--long", "-l"}, values: []string{"--format"}}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	if len(o.rest) != 1 || o.rest[0] != "status" {
		return 1, errUsage(strings.Join(o.rest, " "))
	}
	path := guestapi.CloudInit
	if o.set["--wait"] || o.set["-w"] {
		path += "?wait"
	}
	var status guestapi.CloudInitStatus
	if err := call(http.MethodGet, path, nil, &status); err != nil {
		return 1, err
	}
	if o.last("--format") == "json" {
		encoded, err := json.Marshal(status)
		if err != nil {
			return 1, err
		}
		fmt.Println(string(encoded))
	} else {
		fmt.Println("status: " + status.Status)
	}
	if status.Status != "error" {
		return 0, nil
	}
	for _, failure := range status.Errors {
		fmt.Fprintln(os.Stderr, failure)
	}
	return 1, nil
}

// hostnamectl shows or changes the machine's name. Sessions that run keep the old one: they may not change their kernel's.
func hostnamectl(args []string) (int, error) {
	o := options{flags: []string{"--static", "--transient", "--pretty", "--no-ask-password"}}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	if len(o.rest) == 2 && (o.rest[0] == "set-hostname" || o.rest[0] == "hostname") {
		if o.set["--pretty"] {
			return 0, nil
		}
		return 0, call(http.MethodPost, guestapi.Hostname, guestapi.HostnameRequest{Name: o.rest[1]}, nil)
	}
	name, err := os.ReadFile("/etc/hostname")
	if err != nil {
		return 1, err
	}
	if o.set["--static"] || o.set["--transient"] || slices.Contains(o.rest, "hostname") {
		fmt.Print(string(name))
		return 0, nil
	}
	fmt.Printf(" Static hostname: %s  Virtualization: sandbox\n", name)
	return 0, nil
}

func reboot([]string) (int, error) {
	return 0, call(http.MethodPost, guestapi.Power+"reboot", nil, nil)
}

func powerOff([]string) (int, error) {
	return 0, call(http.MethodPost, guestapi.Power+"poweroff", nil, nil)
}

// shutdown acts at once, whatever time it is given.
func shutdown(args []string) (int, error) {
	for _, argument := range args {
		switch argument {
		case "-c":
			return 0, nil
		case "-r", "--reboot":
			return reboot(nil)
		}
	}
	return powerOff(nil)
}

// fromThisMachine are packages whose programs a machine of the sandbox has only if the machine below has them.
var fromThisMachine = map[string]string{
	"ansible": "/usr/bin/ansible-playbook", "ansible-core": "/usr/bin/ansible-playbook", "openssh-client": "/usr/bin/ssh", "python3": "/usr/bin/python3",
	"python3-netaddr": "/usr/lib/python3/dist-packages/netaddr", "python3-jmespath": "/usr/lib/python3/dist-packages/jmespath",
}

// aptGet says that everything is installed, except what the playbooks need and is not there.
func aptGet(args []string) (int, error) {
	var words []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-o" || args[i] == "-t" || args[i] == "-c":
			i++ // its value
		case !strings.HasPrefix(args[i], "-"):
			words = append(words, args[i])
		}
	}
	if len(words) == 0 {
		return 100, errNoCommand
	}
	if words[0] != "install" {
		fmt.Println("Reading package lists... Done")
		return 0, nil
	}
	for _, name := range words[1:] {
		name, _, _ = strings.Cut(name, "=")
		if path := fromThisMachine[name]; path != "" {
			if _, err := os.Stat(path); err != nil {
				return 100, fmt.Errorf("package %s is missing: the sandbox's machines use that of the machine they run on, install it there", name)
			}
		}
		fmt.Printf("%s is already the newest version.\n", name)
	}
	return 0, nil
}

// settings is where kernel settings that somebody wrote are kept until the next boot.
const settings = "/run/sandbox/sysctl"

// sysctl keeps what is written instead of changing the kernel that all machines share.
func sysctl(args []string) (int, error) {
	o := options{flags: []string{"-n", "-w", "-e", "-q", "-a", "--system", "--write", "--values", "--ignore", "--quiet", "-p", "--load"}}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	if o.set["-p"] || o.set["--load"] || o.set["--system"] {
		return loadSettings(o.rest)
	}
	for _, argument := range o.rest {
		name, value, write := strings.Cut(argument, "=")
		if write {
			if err := keepSetting(name, value); err != nil {
				return 1, err
			}
		} else {
			var err error
			if value, err = setting(name); err != nil {
				if o.set["-e"] || o.set["--ignore"] {
					continue
				}
				return 255, err
			}
		}
		switch {
		case o.set["-q"] || o.set["--quiet"]:
		case o.set["-n"] || o.set["--values"]:
			fmt.Println(value)
		default:
			fmt.Printf("%s = %s\n", name, value)
		}
	}
	return 0, nil
}

func loadSettings(files []string) (int, error) {
	if len(files) == 0 {
		files, _ = filepath.Glob("/etc/sysctl.d/*.conf") // the pattern is well-formed
		files = append(files, "/etc/sysctl.conf")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 1, err
		}
		for line := range strings.Lines(string(data)) {
			name, value, found := strings.Cut(line, "=")
			name = strings.TrimSpace(name)
			if !found || strings.HasPrefix(name, "#") || strings.HasPrefix(name, ";") {
				continue
			}
			if err := keepSetting(name, strings.TrimSpace(value)); err != nil {
				return 1, err
			}
			fmt.Printf("%s = %s\n", name, strings.TrimSpace(value))
		}
	}
	return 0, nil
}

func keepSetting(name, value string) error {
	if err := os.MkdirAll(settings, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(settings, filepath.Base(name)), []byte(value), 0o644)
}

func setting(name string) (string, error) {
	if data, err := os.ReadFile(filepath.Join(settings, filepath.Base(name))); err == nil {
		return string(data), nil
	}
	data, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return "", fmt.Errorf("cannot stat /proc/sys/%s: no such file or directory", strings.ReplaceAll(name, ".", "/"))
	}
	return strings.TrimSpace(string(data)), nil
}
