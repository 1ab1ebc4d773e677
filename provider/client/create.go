package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Limits of a creation that is in doubt.
const (
	maxCreations = 3
	maxLooks     = 3
)

// Create makes an object once, though the call that makes it may fail after it was applied. When a call to attempt fails and
// leaves in doubt whether it was applied, find looks for the object, several times because it can appear late; only
// when it is not there is attempt called again.
func Create[T any](
	ctx context.Context, c *Client,
	find func(context.Context) (object T, found bool, err error),
	attempt func(context.Context) (T, error),
) (T, error) {
	var none T
	for creation := 1; ; creation++ {
		object, err := attempt(ctx)
		if err == nil || !IsAmbiguous(err) {
			return object, err
		}
		object, found, lookErr := look(ctx, c, find)
		switch {
		case lookErr != nil:
			return none, fmt.Errorf("%w; whether it was applied could not be found out: %w", err, lookErr)
		case found:
			return object, nil
		case creation == maxCreations || ctx.Err() != nil:
			return none, err
		}
	}
}

// errNotThere makes a look repeat.
var errNotThere = errors.New("not there")

// look calls find until it finds, a few times. The context of the creation may have ended, which is just when the look
// matters most; so it gets a little time of its own.
func look[T any](
	ctx context.Context, c *Client, find func(context.Context) (T, bool, error),
) (object T, found bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = c.options.RetryInterval
	object, err = backoff.Retry(ctx, func() (T, error) {
		object, found, err := find(ctx)
		if err != nil {
			return object, backoff.Permanent(err)
		}
		if !found {
			return object, errNotThere
		}
		return object, nil
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(maxLooks))
	var permanent *backoff.PermanentError
	switch {
	case err == nil:
		return object, true, nil
	case errors.Is(err, errNotThere):
		return object, false, nil
	case errors.As(err, &permanent):
		return object, false, permanent.Unwrap()
	}
	return object, false, err
}
