package failover

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// request is one that was made, and what came of it.
type request struct {
	begun time.Time
	err   error
}

// requests are what somebody asks who does not wait for the last answer before the next question, as the users of a page do not.
type requests struct {
	mu   sync.Mutex
	done []request
}

// askEvery is how close pauses can be told.
const askEvery = 100 * time.Millisecond

// ask asks until the context ends.
func ask(ctx context.Context, once func(context.Context) error) *requests {
	asked := &requests{}
	go func() {
		next := time.NewTicker(askEvery)
		defer next.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-next.C:
			}
			begun := time.Now()
			go func() {
				err := once(ctx)
				if ctx.Err() != nil {
					return
				}
				asked.mu.Lock()
				defer asked.mu.Unlock()
				asked.done = append(asked.done, request{begun, err})
			}()
		}
	}()
	return asked
}

// finished are requests in the order in which they were begun.
type finished []request

func (r *requests) all() finished {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(slices.Values(r.done), func(a, b request) int { return cmp.Compare(a.begun.UnixNano(), b.begun.UnixNano()) })
}

// answered are the moments at which those were begun that were answered.
func (f finished) answered() moments {
	var answered moments
	for _, each := range f {
		if each.err == nil {
			answered = append(answered, each.begun)
		}
	}
	return answered
}

// failure is the last there was.
func (f finished) failure() error {
	for _, each := range slices.Backward(f) {
		if each.err != nil {
			return each.err
		}
	}
	return nil
}

// between is what it cost from one moment to another: requests that were begun then, and the longest pause that ended then.
func (f finished) between(from, to time.Time) addressResult {
	var result addressResult
	for _, each := range f {
		if each.begun.Before(from) || each.begun.After(to) {
			continue
		}
		result.asked++
		if each.err != nil {
			result.failed++
		}
	}
	before := slices.DeleteFunc(f.answered(), func(at time.Time) bool { return at.After(to) })
	result.pause = before.pause(from)
	return result
}
