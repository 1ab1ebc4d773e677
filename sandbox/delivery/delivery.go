// Package delivery rehearses what Argo CD does with commits where it really runs: a new version, one whose migration fails, and its revert.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// Options say where it is rehearsed.
type Options struct {
	rehearsal.Cluster
	// Checkout is the platform's: its chart and the example of Exchange-DevOps are taken from there.
	Checkout string
	// Release pushes a version of an image, with files over its own, and returns its digest.
	Release func(image, tag string, files map[string]string) (digest string, err error)
	// Git is the repository that Argo CD watches, for somebody who may push.
	Git Remote
	// Look opens the exchange's page as a visitor does.
	Look func(ctx context.Context) (page string, err error)
	Out  io.Writer
}

const (
	exchange = "exchange"
	argoCD   = "argocd"
	// patience is how long anything may take.
	patience = 8 * time.Minute
	// between is how often a visitor opens the page.
	between = 500 * time.Millisecond
)

type delivery struct {
	Options
	repository *repository
	image      string
}

// version is one of the exchange.
type version struct{ tag, digest string }

func (v version) String() string { return fmt.Sprintf("%s (%.19s…)", v.tag, v.digest) }

// Rehearse fills Exchange-DevOps and commits to it, and prints what came of each commit and after how many seconds. Argo CD is told of each
// commit, as by its page's button or a webhook: by itself it looks every two to three minutes. It fails if another version runs, or users
// see another one, than the last good commit says; if a failing migration costs anybody a page; or if no reason for it can be read.
func Rehearse(ctx context.Context, options Options) error {
	d := &delivery{Options: options}
	watched, err := d.real(ctx)
	if err != nil {
		return err
	}
	if d.repository, err = clone(ctx, options.Git); err != nil {
		return err
	}
	defer d.repository.remove()
	if d.image, err = d.fill(ctx, watched); err != nil {
		return err
	}
	versions, err := d.release()
	if err != nil {
		return err
	}
	first, next, broken := versions[0], versions[1], versions[2]
	fmt.Fprintf(d.Out, "%-32s  %7s  %-32s  %s\n", "WHAT WAS COMMITTED", "SECONDS", "WHAT RUNS AND IS SEEN THEN", "PAGES NOT SERVED")
	if err := d.arrives(ctx, "a first version", first, func() (string, error) { return d.repository.set(ctx, first.tag, d.image, first) }); err != nil {
		return err
	}
	if err := d.arrives(ctx, "a new version", next, func() (string, error) { return d.repository.set(ctx, next.tag, d.image, next) }); err != nil {
		return err
	}
	if err := d.isStopped(ctx, "one with a failing migration", broken, next); err != nil {
		return err
	}
	return d.arrives(ctx, "its revert", next, func() (string, error) { return d.repository.revert(ctx) })
}

// arrives commits, and waits until a version is what Argo CD, the cluster and a visitor say.
func (d *delivery) arrives(ctx context.Context, what string, wanted version, commit func() (string, error)) error {
	begun := time.Now()
	revision, err := commit()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	look := watch(ctx, between, d.Look)
	defer look.end()
	if err := d.tell(ctx); err != nil {
		return err
	}
	err = rehearsal.Until(ctx, patience, what+" to run", func() (string, error) {
		app, err := d.application(ctx)
		if err != nil {
			return err.Error(), nil
		}
		if amiss := app.unsettled(revision); amiss != "" {
			return amiss, nil
		}
		if amiss, err := d.runs(ctx, wanted); err != nil || amiss != "" {
			return amiss, err
		}
		if seen := look.last(); seen != wanted.tag {
			return "a visitor sees " + seen, nil
		}
		return "", nil
	})
	if err != nil {
		return err
	}
	d.print(what, begun, wanted, look.end())
	return nil
}

// isStopped commits a version that must not arrive, and waits until it is known why.
func (d *delivery) isStopped(ctx context.Context, what string, broken, before version) error {
	begun := time.Now()
	revision, err := d.repository.set(ctx, broken.tag, d.image, broken)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	look := watch(ctx, between, d.Look)
	defer look.end()
	if err := d.tell(ctx); err != nil {
		return err
	}
	var said string
	err = rehearsal.Until(ctx, patience, what+" to be stopped", func() (string, error) {
		app, err := d.application(ctx)
		if err != nil {
			return err.Error(), nil
		}
		var amiss string
		said, amiss = app.stopped(revision)
		return amiss, nil
	})
	if err != nil {
		return err
	}
	reason, err := d.reason(ctx)
	if err != nil {
		return err
	}
	if amiss, err := d.runs(ctx, before); err != nil || amiss != "" {
		return errors.Join(err, fmt.Errorf("%s: the old version no longer runs: %s", what, amiss))
	}
	seen := look.end()
	d.print(what, begun, before, seen)
	fmt.Fprintf(d.Out, "  Argo CD says: %s\n  the migration says: %s\n", said, reason)
	if seen.failed > 0 || seen.release != before.tag {
		return fmt.Errorf("%s: a visitor sees %s, and %d of %d pages were not served: %w", what, seen.release, seen.failed, seen.asked, seen.err)
	}
	return nil
}

func (d *delivery) print(what string, begun time.Time, runs version, seen sight) {
	fmt.Fprintf(d.Out, "%-32s  %7.0f  %-32s  %d of %d\n", what, time.Since(begun).Seconds(), runs, seen.failed, seen.asked)
}
