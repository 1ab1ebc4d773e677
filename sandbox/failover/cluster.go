package failover

import (
	"context"
	"io"
	"time"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// Options say where the cluster is, and what can be done to its machines.
type Options struct {
	Stack string
	rehearsal.Cluster
	// Cut takes a machine's network away, and Restore gives it back.
	Cut, Restore func(ctx context.Context, machine string) error
	// Replace updates the stack so that another machine takes the place and the name of one.
	Replace func(ctx context.Context, machine string) error
	Out     io.Writer
}

// patience is how long anything may take to be whole again.
const patience = 5 * time.Minute
