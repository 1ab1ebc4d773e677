package failover

import (
	"bufio"
	"fmt"
	"strings"
	"time"
)

// writes is what a writer says it has done: the rows that were acknowledged to it, in their order, and when.
type writes struct {
	numbers []int64
	times   []time.Time
	failed  string // the last that failed, in the database's words
}

func parseWrites(log string) (*writes, error) {
	w := &writes{}
	for lines := bufio.NewScanner(strings.NewReader(log)); lines.Scan(); {
		line := lines.Text()
		var number int64
		var seconds float64
		switch {
		case strings.HasPrefix(line, "ack "):
			if _, err := fmt.Sscanf(line, "ack %d %f", &number, &seconds); err != nil {
				return nil, fmt.Errorf("the writer's log: %q: %w", line, err)
			}
			w.numbers = append(w.numbers, number)
			w.times = append(w.times, time.UnixMilli(int64(seconds*1000)))
		case strings.HasPrefix(line, "fail "):
			w.failed = line
		default:
			w.failed = line // of Python itself
		}
	}
	return w, nil
}

// pause is the longest time between two acknowledged rows of which the later came after a moment.
func (w *writes) pause(after time.Time) time.Duration {
	longest := time.Duration(0)
	for i, at := range w.times {
		if i > 0 && at.After(after) {
			longest = max(longest, at.Sub(w.times[i-1]))
		}
	}
	return longest
}

// steady tells whether rows were acknowledged for so long until now, without a pause of a second.
func (w *writes) steady(now time.Time, so time.Duration) bool {
	last := now
	for i := len(w.times) - 1; i >= 0; i-- {
		// the newest may still be on its way here
		if last.Sub(w.times[i]) > time.Second && i < len(w.times)-1 || now.Sub(w.times[len(w.times)-1]) > 3*time.Second {
			return false
		}
		last = w.times[i]
		if now.Sub(last) > so {
			return true
		}
	}
	return false
}

// missing are the acknowledged rows that are not among those that are there.
func (w *writes) missing(there map[int64]bool) []int64 {
	var lost []int64
	for _, number := range w.numbers {
		if !there[number] {
			lost = append(lost, number)
		}
	}
	return lost
}
