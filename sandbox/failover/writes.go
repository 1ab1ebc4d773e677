package failover

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The ways by which somebody writes at once, and where each leads: HAProxy, and the operator's own Service, which is what a stack without
// HAProxy has (postgres.proxy.enabled).
const (
	proxied = "haproxy"
	direct  = "direct"
)

var ways = map[string]string{proxied: "haproxy-rw.postgres.svc", direct: "postgres-rw.postgres.svc"}

// writes is what was done by one way: the rows that were acknowledged, in their order, and when.
type writes struct {
	numbers []int64
	times   moments
}

// written is what a writer says it has done, by each way.
type written struct {
	by     map[string]*writes
	failed string // the last that failed, in the database's words
}

func parseWrites(log string) (*written, error) {
	w := &written{by: map[string]*writes{}}
	for way := range ways {
		w.by[way] = &writes{}
	}
	for lines := bufio.NewScanner(strings.NewReader(log)); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "ack ") {
			w.failed = line // a write, or Python itself
			continue
		}
		var way string
		var number int64
		var seconds float64
		if _, err := fmt.Sscanf(line, "ack %s %d %f", &way, &number, &seconds); err != nil {
			return nil, fmt.Errorf("the writer's log: %q: %w", line, err)
		}
		by := w.by[way]
		if by == nil {
			return nil, fmt.Errorf("the writer's log: %q: it has no way of that name", line)
		}
		by.numbers = append(by.numbers, number)
		by.times = append(by.times, time.UnixMilli(int64(seconds*1000)))
	}
	return w, nil
}

// steady tells whether there were writes by each way for so long until now, without a pause of a second.
func (w *written) steady(now time.Time, so time.Duration) bool {
	for _, each := range w.by {
		if !each.times.steady(now, so) {
			return false
		}
	}
	return true
}

// acknowledged is how many were, by all ways.
func (w *written) acknowledged() int {
	sum := 0
	for _, each := range w.by {
		sum += len(each.numbers)
	}
	return sum
}

// A row is one write.
type row struct {
	way    string
	number int64
}

// missing are the acknowledged rows that are not among those that are there.
func (w *written) missing(there map[row]bool) []row {
	var lost []row
	for _, way := range slices.Sorted(maps.Keys(w.by)) {
		for _, number := range w.by[way].numbers {
			if !there[row{way, number}] {
				lost = append(lost, row{way, number})
			}
		}
	}
	return lost
}
