package systemd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// journal is what one service wrote: a file of lines "time<TAB>who<TAB>text".
type journal struct {
	source string

	mu      sync.Mutex
	file    *os.File
	partial []byte // the start of a line whose end has not come yet
}

func openJournal(dir, unit, source string) (*journal, error) {
	file, err := os.OpenFile(journalFile(dir, unit), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{source: source, file: file}, nil
}

func journalFile(dir, unit string) string { return filepath.Join(dir, unit+".log") }

// Write takes the service's output.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.partial = append(j.partial, p...)
	for {
		line, rest, found := bytes.Cut(j.partial, []byte{'\n'})
		if !found {
			return len(p), nil
		}
		if err := j.put(j.source, string(line)); err != nil {
			return 0, err
		}
		j.partial = rest
	}
}

// note adds a line of the service manager's own.
func (j *journal) note(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.put("systemd", text) // a full disk must not keep a service from ending
}

func (j *journal) put(source, text string) error {
	_, err := fmt.Fprintf(j.file, "%s\t%s\t%s\n", time.Now().UTC().Format(time.RFC3339Nano), source, text)
	return err
}

// Close writes what is left.
func (j *journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	var err error
	if len(j.partial) > 0 {
		err = j.put(j.source, string(j.partial))
	}
	err = errors.Join(err, j.file.Close())
	j.file = nil
	return err
}

// journalQuery says what of a journal to show.
type journalQuery struct {
	lines  int // the last so many; negative means all
	follow bool
	plain  bool // the lines alone, without time and source
}

// followEvery is how often a followed journal is looked at.
const followEvery = 100 * time.Millisecond

// copyJournal writes a service's journal to out. A service without one has an empty one.
func copyJournal(ctx context.Context, out io.Writer, dir, unit, hostname string, query journalQuery) error {
	file, err := os.Open(journalFile(dir, unit))
	for errors.Is(err, os.ErrNotExist) && query.follow && pause(ctx, followEvery) {
		file, err = os.Open(journalFile(dir, unit))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var kept []string
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		if text, shown := formatJournal(line, hostname, query); shown {
			kept = append(kept, text)
		}
	}
	if query.lines >= 0 && len(kept) > query.lines {
		kept = kept[len(kept)-query.lines:]
	}
	if _, err := io.WriteString(out, strings.Join(kept, "")); err != nil {
		return err
	}
	for query.follow {
		line, err := reader.ReadString('\n')
		for err != nil {
			if !pause(ctx, followEvery) {
				return nil
			}
			var more string
			more, err = reader.ReadString('\n')
			line += more
		}
		if text, shown := formatJournal(line, hostname, query); shown {
			if _, err := io.WriteString(out, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func formatJournal(line, hostname string, query journalQuery) (string, bool) {
	parts := strings.SplitN(line, "\t", 3)
	if len(parts) != 3 {
		return "", false
	}
	if query.plain {
		return parts[2], true
	}
	when, err := time.Parse(time.RFC3339Nano, parts[0])
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("%s %s %s: %s", when.Format("Jan 02 15:04:05"), hostname, parts[1], parts[2]), true
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, length time.Duration) bool {
	select {
	case <-time.After(length):
		return true
	case <-ctx.Done():
		return false
	}
}
