package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/iransre/exchange-platform/provider/client"
)

// deleteWhenUnused deletes something that the API refuses to delete while it is in use.
func (s *session) deleteWhenUnused(ctx context.Context, thing string, remove func(context.Context) error) error {
	var refusal error
	err := s.poll(ctx, func(ctx context.Context) (string, error) {
		err := remove(ctx)
		switch {
		case err == nil || client.IsNotFound(err):
			return "", nil
		case client.HasStatus(err, http.StatusConflict):
			refusal = err
			return "waiting until " + thing + " is not in use any more", nil
		}
		return "", err
	})
	if err != nil && refusal != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", err, refusal)
	}
	return err
}
