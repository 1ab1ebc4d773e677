//go:build e2e

package e2e

import (
	"cmp"
	"flag"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// line is where tests that run beside each other wait for their turn.
var line turns

// turns lets the longest go first: what begins late ends alone. Go itself lets them go as it happens.
type turns struct {
	mu      sync.Mutex
	running int
	waiting []*turn
}

type turn struct {
	takes time.Duration
	come  chan struct{}
}

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "100"); err != nil { // all wait in line instead
		panic(err)
	}
	os.Exit(m.Run())
}

// beside lets a test run beside others, in which it takes about so long. One more runs than there are processors: while one waits for its
// machines, others have them.
func beside(t *testing.T, takes time.Duration) {
	mine := line.join(takes) // all have joined before the first goes on
	t.Parallel()
	began := time.Now()
	line.call()
	<-mine.come
	t.Cleanup(line.leave)
	t.Logf("its turn came after %s, which count in its time", time.Since(began).Round(time.Second))
}

func (l *turns) join(takes time.Duration) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := &turn{takes, make(chan struct{})}
	l.waiting = append(l.waiting, mine)
	return mine
}

// call lets as many go on as there is room for.
func (l *turns) call() {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortStableFunc(l.waiting, func(a, b *turn) int { return cmp.Compare(b.takes, a.takes) })
	for ; len(l.waiting) > 0 && l.running <= runtime.NumCPU(); l.running++ {
		close(l.waiting[0].come)
		l.waiting = l.waiting[1:]
	}
}

func (l *turns) leave() {
	l.mu.Lock()
	l.running--
	l.mu.Unlock()
	l.call()
}
