package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// withDefaultTimeout bounds the operation unless the user did with customTimeouts.
func withDefaultTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// Poll calls step until it is done, with growing pauses, and shows what it waits for. An error ends the wait.
func (s *Session) Poll(ctx context.Context, step func(context.Context) (waitingFor string, err error)) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = s.tuning.PollInterval
	pause.MaxInterval = s.tuning.MaxPoll
	shown := ""
	for {
		waitingFor, err := step(ctx)
		if err != nil && ctx.Err() != nil && shown != "" {
			// Which of its calls the end of the wait interrupted says nothing.
			return fmt.Errorf("%s: gave up: %w", shown, context.Cause(ctx))
		}
		if err != nil || waitingFor == "" {
			return err
		}
		if waitingFor != shown {
			p.GetLogger(ctx).InfoStatus(waitingFor)
			shown = waitingFor
			pause.Reset()
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return fmt.Errorf("%s: gave up: %w", waitingFor, context.Cause(ctx))
		}
	}
}

// partial turns what went wrong after an object was made into the error that makes Pulumi keep the object: the next update
// goes on from there. Any other error would make Pulumi forget it.
func partial(err error) error {
	if err == nil {
		return nil
	}
	return infer.ResourceInitFailedError{Reasons: []string{err.Error()}}
}
