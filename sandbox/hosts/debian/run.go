package debian

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Mirror is where this machine's own apt has the release from; empty, for mmdebstrap's own choice, if it does not.
func Mirror(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	targets, err := cmd.Output()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(targets)) {
		if address, found := strings.CutSuffix(strings.TrimSpace(line), " "+Suite+" main"); found {
			return address
		}
	}
	return ""
}

// Apart is a command whose mounts end with it, also when it is killed.
func Apart(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--propagation=private", program}, arguments...)...)
}

// Run runs a step of making something and says every ten seconds what it printed last. An error holds the end of what it printed.
func Run(ctx context.Context, out io.Writer, what string, cmd *exec.Cmd) error {
	start := time.Now()
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it then ends what it started
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	_ = writer.Close()
	if err != nil {
		return err
	}
	said := watch(reader, out, what, start)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s, for %s: %w\n%s", filepath.Base(cmd.Path), what, err, said)
	}
	return nil
}

// watch returns the last lines that were printed when there are no more.
func watch(from io.Reader, out io.Writer, what string, start time.Time) string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	var last [][]byte
	for {
		select {
		case line, more := <-lines:
			if !more {
				return string(bytes.Join(last, []byte("\n")))
			}
			if last = append(last, []byte(line)); len(last) > 10 {
				last = last[1:]
			}
		case <-tick.C:
			doing := ""
			if len(last) > 0 {
				doing = string(last[len(last)-1])
			}
			fmt.Fprintf(out, "  %-28s %6s  … %.80s\n", what, time.Since(start).Round(time.Second), doing)
		}
	}
}
