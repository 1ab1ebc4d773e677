package kubeadm

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// Reported is a machine of whose kubelet the cluster is told.
type Reported interface {
	// Name is what the machine is called in the log.
	Name() string
	// Report tells the cluster whether the machine's kubelet can be heard.
	Report(ctx context.Context) error
}

// Reports tell a cluster what has become of machines.
type Reports struct {
	under sync.WaitGroup
}

// Soon reports without anybody waiting for it, until ctx ends. whileOpen calls what it is given unless Wait has been asked for.
func (r *Reports) Soon(ctx context.Context, whileOpen func(do func()), log *slog.Logger, m Reported) {
	whileOpen(func() {
		r.under.Go(func() {
			limited, cancel := context.WithTimeout(ctx, Timeout)
			defer cancel()
			if err := m.Report(limited); err != nil && ctx.Err() == nil {
				log.Warn("the cluster did not take notice of a machine", "machine", m.Name(), "error", err)
			}
		})
	})
}

// Now reports what has been done to a machine, and returns when its cluster knows.
func (*Reports) Now(ctx context.Context, m Reported) error {
	limited, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if err := m.Report(limited); err != nil {
		return fmt.Errorf("done, but the cluster did not take notice: %w", err)
	}
	return nil
}

// Wait waits for the reports under way.
func (r *Reports) Wait() { r.under.Wait() }
