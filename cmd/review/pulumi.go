package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/review"
)

// makePreview makes a preview and says from which state. A preview takes no lock: one that was made while somebody updated the stack
// is half of before and half of after.
func makePreview(ctx context.Context, root, stack string, source review.Source) (*review.Preview, review.Source, error) {
	before, err := exportState(ctx, root, stack)
	if err != nil {
		return nil, source, err
	}
	preview, err := previewWithPrices(ctx, root, stack)
	if err != nil {
		return nil, source, err
	}
	after, err := exportState(ctx, root, stack)
	if err != nil {
		return nil, source, err
	}
	if before.sum != after.sum {
		return nil, source, fmt.Errorf("somebody updated the stack %s while it was previewed, so the preview is half of before and half of after: review it again", stack)
	}
	source.State, source.Pending = before.String(), before.pending
	return preview, source, nil
}

// previewWithPrices makes a preview. One that fails is one too: it says of what.
func previewWithPrices(ctx context.Context, root, stack string) (*review.Preview, error) {
	events, err := os.CreateTemp("", "review-*.json")
	if err != nil {
		return nil, err
	}
	defer os.Remove(events.Name())
	defer events.Close()
	logged, environ := review.EventLog(events.Name())
	printed, failure := command.Pulumi(ctx, root, environ, append([]string{"preview", "--json", "--non-interactive", "--stack", stack}, logged...)...)
	preview, err := review.Read(bytes.NewReader(printed))
	if err != nil {
		return nil, errors.Join(failure, err)
	}
	return preview, preview.TakePrices(events)
}

// state is a stack's, as far as it has to be told from others.
type state struct {
	written, sum string
	pending      int
}

func (s state) String() string {
	if s.written == "" {
		return "an empty state"
	}
	return fmt.Sprintf("the state %s of %s", s.sum, s.written)
}

// exportState reads a stack's state. Its secrets stay encrypted, and nothing of it is kept.
func exportState(ctx context.Context, root, stack string) (state, error) {
	text, err := command.Pulumi(ctx, root, nil, "stack", "export", "--stack", stack)
	if err != nil {
		return state{}, err
	}
	var found struct {
		Deployment struct {
			Manifest  struct{ Time string }
			Pending   []json.RawMessage `json:"pending_operations"`
			Resources []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return state{}, fmt.Errorf("the state of %s: %w", stack, err)
	}
	sum := sha256.New()
	for _, resource := range found.Deployment.Resources {
		sum.Write(resource)
	}
	written, _, _ := strings.Cut(found.Deployment.Manifest.Time, ".")
	if len(found.Deployment.Resources) == 0 {
		written = ""
	}
	return state{written: written, sum: hex.EncodeToString(sum.Sum(nil))[:12], pending: len(found.Deployment.Pending)}, nil
}

// checkout says which commit is checked out; nothing where that is no clone.
func checkout(ctx context.Context, root string) review.Source {
	commit, err := exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return review.Source{}
	}
	changes, err := exec.CommandContext(ctx, "git", "-C", root, "status", "--porcelain", "--untracked-files=no").Output()
	return review.Source{Commit: strings.TrimSpace(string(commit)), Changed: err != nil || len(changes) > 0}
}
