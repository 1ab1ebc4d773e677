// Command guest stands in, inside a virtual machine of the sandbox, for the commands that need a real machine: one
// binary, called by the names of those commands. What it cannot do itself it asks of the daemon outside.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// applet runs one stand-in and returns its exit status.
type applet func(args []string) (int, error)

// applets are the stand-ins by the name they are called by.
var applets map[string]applet

func init() { // a map literal would refer to itself through usage
	applets = map[string]applet{
		"apt": aptGet, "apt-get": aptGet,
		"cloud-init":    cloudInit,
		"dial":          dial,
		"hostnamectl":   hostnamectl,
		"journalctl":    journalctl,
		"kubeadm":       kubeadm,
		"make-ssl-etcd": makeSSLEtcd,
		"modprobe":      nothing,
		"swapoff":       nothing,
		"reboot":        reboot,
		"poweroff":      powerOff,
		"shutdown":      shutdown,
		"sftp-server":   sftpServer,
		"sudo":          sudo,
		"sysctl":        sysctl,
		"systemctl":     systemctl,
		"systemd-run":   systemdRun,
	}
}

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	if applets[name] == nil && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	run := applets[name]
	if run == nil {
		fmt.Fprintf(os.Stderr, "guest: call it by one of the names it stands in for: %s\n", strings.Join(names(), " "))
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		if code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}

func names() []string {
	var all []string
	for name := range applets {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// nothing stands in for commands whose work is done already or has no meaning here.
func nothing([]string) (int, error) { return 0, nil }

// errUsage is returned for arguments that a stand-in does not understand.
func errUsage(argument string) error {
	return fmt.Errorf("the sandbox's stand-in does not know %q", argument)
}

// options reads a command line the way getopt does, for the options a stand-in knows.
type options struct {
	flags  []string // known options without a value, or with one only after =
	values []string // known options with one
	// stop ends at the first argument that is no option: the rest is another command's.
	stop bool

	set  map[string]bool
	got  map[string][]string
	rest []string
}

func (o *options) parse(args []string) error {
	o.set, o.got = map[string]bool{}, map[string][]string{}
	for len(args) > 0 {
		argument := args[0]
		args = args[1:]
		if argument == "--" {
			o.rest = append(o.rest, args...)
			return nil
		}
		if !strings.HasPrefix(argument, "-") || argument == "-" {
			o.rest = append(o.rest, argument)
			if o.stop {
				o.rest = append(o.rest, args...)
				return nil
			}
			continue
		}
		name, value, joined := strings.Cut(argument, "=")
		if !strings.HasPrefix(argument, "--") && len(argument) > 2 {
			// -n5, and -HSn for -H -S -n
			name, value, joined = argument[:2], argument[2:], true
			if slices.Contains(o.flags, name) {
				args = append([]string{"-" + argument[2:]}, args...)
				joined = false
			}
		}
		switch {
		case slices.Contains(o.values, name):
			if !joined {
				if len(args) == 0 {
					return fmt.Errorf("option %s needs a value", name)
				}
				value, args = args[0], args[1:]
			}
			o.got[name] = append(o.got[name], value)
		case slices.Contains(o.flags, name):
			o.set[name] = true
			if joined {
				o.got[name] = append(o.got[name], value)
			}
		default:
			return errUsage(argument)
		}
	}
	return nil
}

// last returns the last value of any of these spellings of an option.
func (o *options) last(names ...string) string {
	for _, name := range names {
		if values := o.got[name]; len(values) > 0 {
			return values[len(values)-1]
		}
	}
	return ""
}

var errNoCommand = errors.New("no command given")
