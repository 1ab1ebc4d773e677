package delivery

import (
	"context"
	"sync"
	"time"
)

// sight is what a visitor has seen so far.
type sight struct {
	asked, failed int
	// release is the one that the last page was of, and err the last failure.
	release string
	err     error
}

// watching is a visitor who opens the exchange's page again and again.
type watching struct {
	stop context.CancelFunc
	done chan struct{}

	lock sync.Mutex
	seen sight
}

func watch(ctx context.Context, every time.Duration, look func(context.Context) (string, error)) *watching {
	ctx, stop := context.WithCancel(ctx)
	w := &watching{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		again := time.NewTicker(every)
		defer again.Stop()
		for {
			page, err := look(ctx)
			if ctx.Err() != nil {
				return // a page that was not waited for
			}
			w.note(page, err)
			select {
			case <-ctx.Done():
				return
			case <-again.C:
			}
		}
	}()
	return w
}

func (w *watching) note(page string, err error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.seen.asked++
	if err != nil {
		w.seen.failed++
		w.seen.err = err
		return
	}
	w.seen.release = releaseOf(page)
}

// last is the release of the last page that was served.
func (w *watching) last() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.seen.release
}

// end sends the visitor home, and returns what was seen.
func (w *watching) end() sight {
	w.stop()
	<-w.done
	return w.seen
}
