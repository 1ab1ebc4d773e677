package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	p "github.com/pulumi/pulumi-go-provider"
)

// withDefaultTimeout bounds the operation unless the user did with customTimeouts.
func withDefaultTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// poll calls step until it is done, with growing pauses, and shows what it waits for. An error ends the wait.
func (s *session) poll(ctx context.Context, step func(context.Context) (waitingFor string, err error)) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = s.tuning.pollInterval
	pause.MaxInterval = s.tuning.maxPoll
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
