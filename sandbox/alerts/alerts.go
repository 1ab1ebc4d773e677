// Package alerts rehearses faults where a stack's pods really run, and holds what people are told of them against what the rules promise: Prometheus,
// Alertmanager, what they watch with, the adapter for SMS and the dead man's switch are the stack's own; who is told is a stand-in of the world's.
package alerts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// Options say where the stack is.
type Options struct {
	rehearsal.Cluster
	// Kubeconfig leads to it, too.
	Kubeconfig string
	// Machines are the names of those that are on, and their addresses in the private network.
	Machines map[string]string
	// Kill takes a machine's power away and Start gives it back, Fill makes its disk full and Free makes room on it.
	Kill, Start, Fill, Free func(ctx context.Context, machine string) error
	// Messages are those that have arrived so far.
	Messages func(ctx context.Context) ([]messages.Arrived, error)
	// Switch is the program of the dead man's switch.
	Switch string
	// Known are alerts that are true of this machine, whatever the stack does, and why.
	Known map[string]string
	Out   io.Writer
}

const (
	// settling is how long a stack may take to be healthy after it was made.
	settling = 6 * time.Minute
	// recovery is how long anything may take until it is over once it is mended.
	recovery = 12 * time.Minute
	// repairs is how long mending may take, also after somebody's interruption.
	repairs = 2 * time.Minute
)

// faultRun is one rehearsal.
type faultRun struct {
	Options
	rules   map[string]rule
	routing *routing
	scraped time.Duration

	mu     sync.Mutex // guards what is printed and told
	wanted []expected
}

// Rehearse has five things break, tells for each what people heard of it and when, and mends it. It fails if a message is not the right one, comes later than its
// rule promises, or is not followed by another that says it is over.
func Rehearse(ctx context.Context, options Options) error {
	r := &faultRun{Options: options}
	begin := time.Now()
	if err := r.read(ctx); err != nil {
		return err
	}
	faults, err := r.faults(ctx)
	if err != nil {
		return err
	}
	if err := r.healthy(ctx); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "\n%-36s  %-18s  %8s  %7s  %10s  %s\n", "WHAT HAPPENS", "RULE", "PROMISED", "SECONDS", "OVER AFTER", "WHAT PEOPLE READ FIRST")
	struck := time.Now()
	var running sync.WaitGroup
	problems := make([]error, len(faults))
	for i, each := range faults {
		running.Go(func() { problems[i] = r.rehearse(ctx, each) })
	}
	running.Wait()
	all, err := r.Messages(context.WithoutCancel(ctx))
	for _, line := range others(all, struck, r.wanted) {
		fmt.Fprintf(r.Out, "beside these people read: %s\n", line)
	}
	fmt.Fprintf(r.Out, "all of it took %s\n", time.Since(begin).Round(time.Second))
	return errors.Join(append(problems, err)...)
}

// read asks Prometheus and Alertmanager what they have been told.
func (r *faultRun) read(ctx context.Context) error {
	text, err := r.get(ctx, alertmanager+"status")
	if err != nil {
		return fmt.Errorf("%w; does the platform's monitoring run on real machines, without network.isolate, whose policies let nobody at Alertmanager? ./scripts/sandbox up watched --machines real", err)
	}
	if r.routing, err = parseRouting(text); err != nil {
		return err
	}
	if text, err = r.get(ctx, prometheus+"rules?type=alert"); err != nil {
		return err
	}
	if r.rules, err = parseRules(text); err != nil {
		return err
	}
	if text, err = r.get(ctx, prometheus+"status/config"); err != nil {
		return err
	}
	r.scraped, err = scrapeInterval(text)
	return err
}

// simulated are the addresses of pods of which no container runs: see the sandbox's README.
const simulated = `198[.]51[.]100[.].*`

// healthy waits until nothing is amiss: whatever is said from then on is of what is broken here.
func (r *faultRun) healthy(ctx context.Context) error {
	watched := 0
	var alerts []string
	err := rehearsal.Until(ctx, settling, "a healthy stack", func() (string, error) {
		up, err := r.query(ctx, `up{instance!~"`+simulated+`"}`)
		if err != nil {
			return err.Error(), nil
		}
		down, err := r.query(ctx, `up{instance!~"`+simulated+`"} == 0`)
		if err != nil {
			return err.Error(), nil
		}
		firing, err := r.query(ctx, `ALERTS{alertstate="firing"}`)
		if err != nil {
			return err.Error(), nil
		}
		watched, alerts = len(up), nil
		for _, each := range firing {
			alerts = append(alerts, each.Metric["alertname"])
		}
		slices.Sort(alerts)
		alerts = slices.Compact(alerts)
		unknown := slices.DeleteFunc(slices.Clone(alerts), func(name string) bool { return name == watchdog || r.Known[name] != "" })
		switch {
		case len(down) > 0:
			return fmt.Sprintf("down: %v", down), nil
		case len(unknown) > 0:
			return "firing: " + strings.Join(unknown, " "), nil
		case !slices.Contains(alerts, watchdog) || watched == 0:
			return "the alert " + watchdog + " does not fire yet", nil
		}
		return "", nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "healthy: of %d targets of Prometheus none is down; alerts: %s\n", watched, strings.Join(alerts, " "))
	for _, name := range alerts {
		if why := r.Known[name]; why != "" {
			fmt.Fprintf(r.Out, "%s fires: %s\n", name, why)
		}
	}
	return nil
}

// expect says of which messages the rehearsal knows.
func (r *faultRun) expect(e expected) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = append(r.wanted, e)
}

// rehearse strikes, waits for what people hear, mends, and waits until they hear that it is over.
func (r *faultRun) rehearse(ctx context.Context, each *fault) (err error) {
	defer close(each.over)
	if each.after != nil {
		select {
		case <-each.after.over:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return nil // somebody interrupts, and nothing is broken yet
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", each.name, err)
		}
	}()
	struck := time.Now()
	mend, err := each.strike(ctx)
	repair := func() error {
		if mend == nil {
			return nil
		}
		mending, done := context.WithTimeout(context.WithoutCancel(ctx), repairs)
		defer done()
		once := mend
		mend = nil
		return once(mending)
	}
	defer func() { err = errors.Join(err, repair()) }() // whatever came of it
	if err != nil {
		return err
	}
	first, said, err := r.hear(ctx, each, struck, false, each.promised*3/2+time.Minute)
	if err != nil {
		return err
	}
	took := said.Sub(struck)
	repaired := time.Now()
	if err := repair(); err != nil {
		return err
	}
	_, over, err := r.hear(ctx, each, repaired, true, recovery)
	after := "never"
	if err == nil {
		after = fmt.Sprintf("%.0f", over.Sub(repaired).Seconds())
	}
	r.mu.Lock()
	fmt.Fprintf(r.Out, "%-36s  %-18s  %8.0f  %7.0f  %10s  %s\n", each.name, each.rule, each.promised.Seconds(), took.Seconds(), after, firstLine(first.Text))
	r.mu.Unlock()
	if took > each.promised {
		err = errors.Join(err, fmt.Errorf("the message came after %.0f s, and %.0f are promised", took.Seconds(), each.promised.Seconds()))
	}
	return err
}

// hear waits for what people are told of a fault after the moment given, and gives the first message and when the last was there.
func (r *faultRun) hear(ctx context.Context, each *fault, after time.Time, over bool, within time.Duration) (first messages.Arrived, at time.Time, err error) {
	what := "what people are told by "
	if over {
		what = "that it is over by "
	}
	err = rehearsal.Until(ctx, within, "people to be told", func() (string, error) {
		all, err := r.Messages(ctx)
		if err != nil {
			return "", err
		}
		var complete bool
		if first, at, complete = each.heard(all, after, over); complete {
			return "", nil
		}
		return what + strings.Join(each.missing(all, after, over), " and ") + " has not come", nil
	})
	return first, at, err
}
