package messages

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// shutdown is how long a program may take to end.
const shutdown = 10 * time.Second

// programs run until their context ends.
type programs struct {
	ctx     context.Context
	log     io.Writer
	running sync.WaitGroup
}

// exec is a program that says where it listens.
type exec struct {
	name        string
	arguments   []string
	environment []string
	// says is what stands before the address in a line of its log; it ends at a quotation mark or the line's end.
	says string
}

// start runs a program and gives the address that it says.
func (p *programs) start(program exec) (string, error) {
	run := osexec.CommandContext(p.ctx, program.name, program.arguments...)
	run.Env = append([]string{"PATH=" + os.Getenv("PATH")}, program.environment...)
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	run.WaitDelay = shutdown
	output, err := run.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := run.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", program.name, err)
	}
	found := make(chan string, 1)
	p.running.Go(func() {
		defer close(found)
		lines, told := bufio.NewScanner(output), false
		for lines.Scan() {
			fmt.Fprintln(p.log, lines.Text())
			if _, rest, says := strings.Cut(lines.Text(), program.says); says && !told {
				address, _, _ := strings.Cut(rest, `"`)
				found <- address
				told = true
			}
		}
		_ = run.Wait()
	})
	if address, said := <-found; said {
		return address, nil
	}
	return "", fmt.Errorf("%s ended before it listened; its log says why", program.name)
}
