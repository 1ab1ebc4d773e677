package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// The variables in which a command finds the output of the one before it.
const (
	previousStdout = "PULUMI_COMMAND_STDOUT"
	previousStderr = "PULUMI_COMMAND_STDERR"
)

// Lifecycle says what runs when.
type Lifecycle struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
}

// OnUpdate is the command of an update: that of the creation, if there is none of its own.
func (l Lifecycle) OnUpdate() *string {
	if l.Update != nil {
		return l.Update
	}
	return l.Create
}

// Output is what a command printed.
type Output struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Previous are the variables that hand the output on to the next command.
func (o Output) Previous(wanted *bool) map[string]string {
	previous := map[string]string{}
	if wanted != nil && !*wanted {
		return previous
	}
	if o.Stdout != "" {
		previous[previousStdout] = o.Stdout
	}
	if o.Stderr != "" {
		previous[previousStderr] = o.Stderr
	}
	return previous
}

// Logging says which output is shown while the command runs; it changes nothing of what is kept.
type Logging string

// The values of Logging.
const (
	Stdout    Logging = "stdout"
	Stderr    Logging = "stderr"
	Both      Logging = "stdoutAndStderr"
	NoLogging Logging = "none"
)

// Values lists the values of Logging for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	var values []infer.EnumValue[Logging]
	for _, value := range []Logging{Stdout, Stderr, Both, NoLogging} {
		values = append(values, infer.EnumValue[Logging]{Name: string(value), Value: value})
	}
	return values
}

// capture collects the output of one command and shows it line by line in the progress display.
type capture struct {
	// Stdout and Stderr are where the command writes to; from different goroutines if it likes.
	Stdout, Stderr io.Writer

	mu                       sync.Mutex
	stdout, stderr, together bytes.Buffer
	lines                    lineWriter
}

// newCapture returns one that shows what logging asks for: both, if it is nil.
func newCapture(ctx context.Context, logging *Logging) *capture {
	shown := Both
	if logging != nil {
		shown = *logging
	}
	c := &capture{lines: lineWriter{show: p.GetLogger(ctx).InfoStatus}}
	c.Stdout = c.writer(&c.stdout, shown == Stdout || shown == Both)
	c.Stderr = c.writer(&c.stderr, shown == Stderr || shown == Both)
	return c
}

func (c *capture) writer(kept io.Writer, show bool) io.Writer {
	writers := []io.Writer{kept, &c.together}
	if show {
		writers = append(writers, &c.lines)
	}
	return lockedWriter{Writer: io.MultiWriter(writers...), mu: &c.mu}
}

// finish ends the capture of command, which ended with err, and returns what it printed or the error that reports it.
func (c *capture) finish(command string, err error) (Output, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines.flush()
	if err != nil {
		return Output{}, fmt.Errorf("%w: running %q:\n%s", err, command, c.together.String())
	}
	return Output{
		Stdout: strings.TrimSuffix(c.stdout.String(), "\n"),
		Stderr: strings.TrimSuffix(c.stderr.String(), "\n"),
	}, nil
}

type lockedWriter struct {
	io.Writer
	mu *sync.Mutex
}

func (w lockedWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Writer.Write(data)
}

// lineWriter shows whole lines.
type lineWriter struct {
	show func(string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		w.show(strings.TrimSuffix(string(line), "\r"))
		w.rest = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.show(string(w.rest))
		w.rest = nil
	}
}
