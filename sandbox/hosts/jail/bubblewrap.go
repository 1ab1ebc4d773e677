package jail

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// FindBubblewrap returns bwrap's path after trying that it can make the namespaces machines need.
func FindBubblewrap() (string, error) {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return "", errors.New("bwrap is not on PATH: install the package bubblewrap")
	}
	// As first process of its namespace, true leaves nothing behind.
	trial := exec.Command(path, append(isolation("trial"), "--as-pid-1", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true")...)
	var stderr bytes.Buffer
	trial.Stderr = &stderr
	if err := trial.Run(); err != nil {
		return "", explainBubblewrap(err, strings.TrimSpace(stderr.String()))
	}
	return path, nil
}

// explainBubblewrap turns bwrap's complaint into what to do about it.
func explainBubblewrap(err error, stderr string) error {
	detail, _, _ := strings.Cut(stderr, "\n")
	if detail == "" {
		detail = err.Error()
	}
	for _, sign := range []string{"user namespace", "new namespace", "uid map", "loopback: Failed"} {
		if strings.Contains(detail, sign) {
			return fmt.Errorf("this machine forbids user namespaces to its users; allow them (sysctl user.max_user_namespaces, "+
				"kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0): %s", detail)
		}
	}
	return fmt.Errorf("bwrap cannot make a machine's root here: %s", detail)
}

// isolation is what separates a machine's processes from this machine, its network apart: that is shared, and nothing in
// the machine's tools listens on it. Without capabilities nobody in the machine can make the read-only parts writable, which
// would be this machine's own files when the sandbox runs as root.
func isolation(hostname string) []string {
	return []string{
		"--unshare-user", "--uid", "0", "--gid", "0", "--cap-drop", "ALL", "--unshare-pid", "--unshare-ipc",
		"--unshare-uts", "--hostname", hostname, "--die-with-parent",
	}
}
