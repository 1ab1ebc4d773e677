//go:build e2e

package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"
)

// secrets are the values that the stack keeps encrypted, each at least ten characters long: shorter ones are found
// everywhere by accident.
func (s *sandbox) secrets(t *testing.T) []string {
	t.Helper()
	var state struct {
		Deployment struct {
			Resources []map[string]any
		}
	}
	s.query(t, &state, "pulumi", "stack", "export", "--show-secrets")
	var resources []any
	for _, each := range state.Deployment.Resources {
		// the provider keeps a release's last inputs as one secret; what is secret in them came from another resource
		if each["type"] != "kubernetes:helm.sh/v3:Release" {
			resources = append(resources, each)
		}
	}
	var found []string
	collect(resources, func(plaintext string) {
		var value any
		assert.NilError(t, json.Unmarshal([]byte(plaintext), &value))
		texts(value, func(text string) {
			// of a long text, one telling line is enough: logs print lines
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); len(line) >= 10 && !public(line) {
					found = append(found, line)
				}
			}
		})
	})
	key, err := s.Secret("api-key")
	assert.NilError(t, err)
	return slices.Compact(slices.Sorted(slices.Values(append(found, key))))
}

// public is text that stands in secrets but says nothing: the frame of keys, the words of a kubeconfig or of user data.
func public(line string) bool {
	name, value, isField := strings.Cut(line, ":")
	if isField && !strings.HasSuffix(name, "-data") && !strings.Contains(name, "password") && !strings.Contains(name, "secret") {
		return true
	}
	return isField && strings.TrimSpace(value) == "" || strings.HasPrefix(line, "-----") || strings.HasPrefix(line, "#") ||
		strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "ssh-") || strings.Contains(line, " ")
}

// collect calls found with the plain text of each secret in an exported state.
func collect(value any, found func(string)) {
	switch v := value.(type) {
	case map[string]any:
		if plaintext, ok := v["plaintext"].(string); ok {
			found(plaintext)
			return
		}
		for _, each := range v {
			collect(each, found)
		}
	case []any:
		for _, each := range v {
			collect(each, found)
		}
	}
}

// texts calls found with each text in value.
func texts(value any, found func(string)) {
	switch v := value.(type) {
	case string:
		found(v)
	case map[string]any:
		for name, each := range v {
			// a connection is secret as a whole, for the key in it; the mark of a secret inside a secret is none itself
			if name != "host" && name != "hostKey" && name != resource.SigKey {
				texts(each, found)
			}
		}
	case []any:
		for _, each := range v {
			texts(each, found)
		}
	}
}

// commandLines collects the command lines of every process on the machine while a test runs, as `ps` would show them.
type commandLines struct {
	seen map[string]bool
	stop func()
	done chan struct{}
}

// watchCommandLines looks until end, or the test's.
func watchCommandLines(t *testing.T) *commandLines {
	stopped := make(chan struct{})
	c := &commandLines{seen: map[string]bool{}, stop: sync.OnceFunc(func() { close(stopped) }), done: make(chan struct{})}
	t.Cleanup(c.stop)
	go func() {
		defer close(c.done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-tick.C:
				c.look()
			}
		}
	}()
	return c
}

func (c *commandLines) look() {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			c.seen[string(text)] = true
		}
	}
}

// end stops looking and returns all that was seen.
func (c *commandLines) end() string {
	c.stop()
	<-c.done
	var all strings.Builder
	for line := range c.seen {
		all.WriteString(line + "\n")
	}
	return all.String()
}

// logsAndState are the texts that must not hold a secret: the state file with its history, and every log.
func (s *sandbox) logsAndState(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{s.Path("state"), s.Path("logs"), s.Path("kubernetes", "logs")} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			found[path] = string(text)
			return err
		})
		assert.NilError(t, err)
	}
	return found
}
