package systemd

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// openOutput opens where StandardOutput= sends a service's output. On a full disk, that is a file that takes nothing.
func openOutput(root *os.Root, target string, full func(path string) bool, journal *journal) (io.Writer, error) {
	kind, path, _ := strings.Cut(target, ":")
	flags := os.O_WRONLY | os.O_CREATE
	switch kind {
	case "", "journal", "inherit", "syslog", "kmsg", "journal+console":
		return journal, nil
	case "null":
		return nil, nil
	case "append":
		flags |= os.O_APPEND
	case "truncate":
		flags |= os.O_TRUNC
	case "file":
	default:
		return nil, fmt.Errorf("StandardOutput=%s is not known to the sandbox", target)
	}
	if full(path) {
		return os.OpenFile("/dev/full", os.O_WRONLY, 0)
	}
	return root.OpenFile(strings.TrimPrefix(path, "/"), flags, 0o644)
}

// readEnvironment reads an EnvironmentFile; one that starts with - may be missing.
func readEnvironment(root *os.Root, file string) ([]string, error) {
	optional := strings.HasPrefix(file, "-")
	data, err := root.ReadFile(strings.TrimPrefix(strings.TrimPrefix(file, "-"), "/"))
	if err != nil {
		if optional {
			return nil, nil
		}
		return nil, fmt.Errorf("EnvironmentFile: %w", err)
	}
	var env []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			env = append(env, name+"="+strings.Trim(value, `"'`))
		}
	}
	return env, nil
}
