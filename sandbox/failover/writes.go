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
	times   moments
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
