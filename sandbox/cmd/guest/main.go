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
		"blkid":         blkid,
		"blockdev":      blockdev,
		"cloud-init":    cloudInit,
		"dial":          dial,
		"hostnamectl":   hostnamectl,
		"journalctl":    journalctl,
		"kubeadm":       kubeadm,
		"make-ssl-etcd": makeSSLEtcd,
		"mkfs.ext4":     makeFileSystem,
		"modprobe":      nothing,
		"mount":         mount,
		"mountpoint":    mountpoint,
		"reboot":        reboot,
		"resize2fs":     resize,
		"poweroff":      powerOff,
		"shutdown":      shutdown,
		"sftp-server":   sftpServer,
		"sudo":          sudo,
		"sysctl":        sysctl,
		"systemctl":     systemctl,
		"systemd-run":   systemdRun,
		"umount":        unmount,
		"wipefs":        wipefs,
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

var errNoCommand = errors.New("no command given")
