// Package restore rehearses the restore drill where servers really run: that it restores, and that it fails, for the right reason, where a backup is
// damaged, where a piece of the log is missing, and where what can be restored is old.
package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// Options say where the cluster is, and its backups.
type Options struct {
	rehearsal.Cluster
	// Archive is the folder of the servers' backups in the sandbox's storage.
	Archive string
	Out     io.Writer
}

// A state of the archive, and what a drill says of it; nothing if it passes.
type condition struct {
	name string
	// after is how old the base backup must be.
	after time.Duration
	make  func(archive, *base) (back func() error, err error)
	says  string
}

// recent is more than what a drill bears to lose (OLDEST in drill.py), and rows two of the times between heartbeats: some must be in the copy.
const (
	recent = 16 * time.Minute
	rows   = 10 * time.Minute
)

var conditions = []condition{
	{"all is there", 0, func(archive, *base) (func() error, error) { return func() error { return nil }, nil }, ""},
	{"half of the base backup is missing", 0, damage, "the recovery failed"},
	{"a piece of the log that it needs is missing", 0, loseOwn, "WAL not found"},
	{"the last quarter of an hour is missing", recent + rows, loseRecent, "the newest that can be restored"},
}

func damage(_ archive, newest *base) (func() error, error) { return halve(newest.data) }

func loseOwn(a archive, newest *base) (func() error, error) {
	files, err := a.pieces(func(name string, _ time.Time) bool { return name >= newest.begins && name <= newest.ends })
	if err != nil {
		return nil, err
	}
	return hide(files)
}

func loseRecent(a archive, newest *base) (func() error, error) {
	files, err := a.pieces(func(name string, archived time.Time) bool {
		return name > newest.ends && time.Since(archived) < recent
	})
	if err != nil {
		return nil, err
	}
	return hide(files)
}

const (
	namespace = "restore-drill"
	// patience is how long one drill may take.
	patience = 20 * time.Minute
)

// Rehearse drills once with all there is, and once for each thing that may be wrong with it, which it puts right again whatever happens.
func Rehearse(ctx context.Context, options Options) error {
	a := archive{options.Archive}
	fmt.Fprintf(options.Out, "%-46s %-8s %7s  %s\n", "THE ARCHIVE", "DRILL", "SECONDS", "ITS WORDS")
	var problems []error
	for _, each := range conditions {
		newest, err := a.newest()
		if err != nil {
			return err
		}
		if wait := each.after - time.Since(newest.made); wait > 0 {
			fmt.Fprintf(options.Out, "%s: waits %s, until the base backup is old enough\n", each.name, wait.Round(time.Second))
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(wait):
			}
		}
		began := time.Now()
		words, err := options.under(ctx, a, newest, each)
		if err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		verdict := map[bool]string{true: "passes", false: "fails"}[words == ""]
		fmt.Fprintf(options.Out, "%-46s %-8s %7.0f  %s\n", each.name, verdict, time.Since(began).Seconds(), words)
		if err := each.judge(words); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// judge says what is wrong with a drill's words.
func (c condition) judge(words string) error {
	switch {
	case c.says == "" && words != "":
		return fmt.Errorf("%s, and the drill fails: %s", c.name, words)
	case c.says != "" && words == "":
		return fmt.Errorf("%s, and the drill passes", c.name)
	case !strings.Contains(words, c.says):
		return fmt.Errorf("%s, and the drill fails for another reason: %s", c.name, words)
	}
	return nil
}

// under drills with the archive in a condition, and returns why the drill failed, or nothing.
func (o Options) under(ctx context.Context, a archive, newest *base, c condition) (words string, err error) {
	back, err := c.make(a, newest)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, back()) }()
	results, err := Drill(ctx, o.Cluster, patience)
	return results.Problem, err
}

// Results are what a drill writes down: what Prometheus is told, and what was wrong. Both are empty where no container ran.
type Results struct {
	Metrics string `json:"metrics"`
	Problem string `json:"problem"`
}

// Drill begins a drill as the schedule does, and returns its results once it has ended.
func Drill(ctx context.Context, cluster rehearsal.Cluster, patience time.Duration) (Results, error) {
	job := "drill-" + time.Now().UTC().Format("20060102-150405")
	if _, err := cluster.Ask(ctx, namespace, "", "create", "job", job, "--from=cronjob/restore-drill"); err != nil {
		return Results{}, fmt.Errorf("begin a drill: %w; has the stack drills? postgres.drill.enabled, and ./scripts/sandbox up", err)
	}
	err := rehearsal.Until(ctx, patience, job+" to end", func() (string, error) {
		ended, err := cluster.Ask(ctx, namespace, "", "get", "job", job, "--output=jsonpath={.status.conditions[*].type}")
		switch {
		case err != nil:
			return err.Error(), nil
		case ended == "":
			return "it still runs", nil
		}
		return "", nil
	})
	if err != nil {
		return Results{}, err
	}
	text, err := cluster.Ask(ctx, namespace, "", "get", "configmap", "restore-drill-results", "--ignore-not-found", "--output=jsonpath={.data}")
	if err != nil || text == "" {
		return Results{}, err
	}
	var results Results
	err = json.Unmarshal([]byte(text), &results)
	return results, err
}
