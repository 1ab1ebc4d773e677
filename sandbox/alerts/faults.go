package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/messages"
)

// watchdog is the alert that always fires.
const watchdog = "Watchdog"

// fault is something that breaks.
type fault struct {
	name, rule string
	promised   time.Duration
	expected
	// after is a fault that has to be over first, as what is said of it holds this one back, or the other way round.
	after *fault
	over  chan struct{} // closed when it is
	// strike breaks it, and says how to mend that.
	strike func(context.Context) (mend, error)
}

// mend takes back what was broken.
type mend func(context.Context) error

// faults are those that this stack has everything for.
func (r *faultRun) faults(ctx context.Context) ([]*fault, error) {
	dead, full, err := r.spares(ctx)
	if err != nil {
		return nil, err
	}
	grace, err := r.grace(ctx)
	if err != nil {
		return nil, err
	}
	// How long it takes until the rules can see anything: kubelet starts again at once what has ended, and then after 10, 20 and 40 seconds, by when there are more than
	// two restarts since the first sample, whichever that was; a node is looked at every five seconds.
	const crashes, looked = 70 * time.Second, 5 * time.Second
	crash, err := r.fault("the exchange crashes again and again", "ExchangeRestarts", "exchange-web-", crashes, r.crash)
	if err != nil {
		return nil, err
	}
	// what crashes is not spoken of while the database is away
	database, err := r.fault("the database is killed, and again", "DatabaseAway", "", 0, r.killDatabase)
	if err != nil {
		return nil, err
	}
	database.after = crash
	worker, err := r.fault("a worker dies", "NodeAway", dead, grace+looked, disturb(r.Kill, r.Start, dead))
	if err != nil {
		return nil, err
	}
	disk, err := r.fault("a worker's disk is full", "NodesDiskGetsFull", r.Machines[full], 0, disturb(r.Fill, r.Free, full))
	if err != nil {
		return nil, err
	}
	silence, err := r.silenced()
	if err != nil {
		return nil, err
	}
	return []*fault{crash, database, worker, disk, silence}, nil
}

// fault is one that a rule tells of.
func (r *faultRun) fault(name, alert, names string, begins time.Duration, strike func(context.Context) (mend, error)) (*fault, error) {
	rule, is := r.rules[alert]
	if !is {
		return nil, fmt.Errorf("Prometheus has no rule %s: this rehearsal is for a stack with demo's database and exchange, such as watched", alert)
	}
	way, err := r.routing.of(map[string]string{"alertname": alert, "severity": rule.severity})
	if err != nil {
		return nil, err
	}
	if len(way.ways) == 0 {
		return nil, fmt.Errorf("nobody is told of %s: say whom in the stack's file (docs/alerting.md), or take the stack watched, whose file does", alert)
	}
	made := &fault{
		name: name, rule: alert, promised: promise(begins, r.scraped, rule, way), expected: ofRule(rule, names, way.ways),
		over: make(chan struct{}), strike: strike,
	}
	r.expect(made.expected)
	return made, nil
}

// spares are two workers that can be lost.
func (r *faultRun) spares(ctx context.Context) (dead, full string, err error) {
	nodes, err := r.Ask(ctx, "", "", "get", "nodes", "--output=json")
	if err != nil {
		return "", "", err
	}
	pods, err := r.Ask(ctx, "", "", "get", "pods", "--all-namespaces", "--output=json")
	if err != nil {
		return "", "", err
	}
	workers, err := spare(nodes, pods, slices.Collect(maps.Keys(r.Machines)))
	if err != nil {
		return "", "", err
	}
	if len(workers) < 2 {
		return "", "", fmt.Errorf("two workers are to be lost that have neither the monitoring nor the database on them, and there are %d: take the stack watched", len(workers))
	}
	return workers[0].name, workers[1].name, nil
}

// disturb does something to a machine and takes it back.
func disturb(do, undo func(context.Context, string) error, machine string) func(context.Context) (mend, error) {
	return func(ctx context.Context) (mend, error) {
		return func(ctx context.Context) error { return undo(ctx, machine) }, do(ctx, machine)
	}
}

// crash rolls out an exchange that ends as soon as it starts. Its users keep what they have: the version before serves until the new one is ready.
func (r *faultRun) crash(ctx context.Context) (mend, error) {
	const deployment = "deployment/exchange-web"
	text, err := r.Ask(ctx, "exchange", "", "get", deployment, "--output=json")
	if err != nil {
		return nil, err
	}
	var found struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Name    string   `json:"name"`
						Command []string `json:"command"`
					} `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return nil, err
	}
	if len(found.Spec.Template.Spec.Containers) == 0 {
		return nil, errors.New("the exchange has no container")
	}
	before := found.Spec.Template.Spec.Containers[0]
	command := func(ctx context.Context, command []string) error {
		patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{"name": before.Name, "command": command}},
		}}}})
		if err != nil {
			return err
		}
		_, err = r.Ask(ctx, "exchange", "", "patch", deployment, "--patch="+string(patch))
		return err
	}
	return func(ctx context.Context) error { return command(ctx, before.Command) }, command(ctx, []string{"sh", "-c", "exit 1"})
}

// killDatabase ends the server as a crash does, whenever it runs. What is in it stays.
func (r *faultRun) killDatabase(ctx context.Context) (mend, error) {
	killing, stop := context.WithCancel(ctx)
	kill := func() error {
		_, err := r.Ask(killing, "postgres", "", "exec", "postgresql-0", "--container=postgresql", "--", "sh", "-c", "while kill -QUIT 1; do sleep 0.1; done")
		// the connection ends with the container: that is no failure
		if err != nil && strings.Contains(err.Error(), "not found") {
			return err
		}
		return nil
	}
	if err := kill(); err != nil {
		stop()
		return nil, err
	}
	var killer sync.WaitGroup
	killer.Go(func() {
		again := time.NewTicker(500 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-killing.Done():
				return
			case <-again.C:
				_ = kill() // most of the time there is nothing to kill
			}
		}
	})
	return func(context.Context) error {
		stop()
		killer.Wait()
		return nil
	}, nil
}

// What the dead man's switch says, without the number in it.
const (
	noSign   = "دقیقه است که از سامانه خبری نیست"
	aSign    = "از سامانه دوباره خبر می‌رسد"
	heldBack = `[{"name": "alertname", "value": "` + watchdog + `", "isRegex": false, "isEqual": true}]`
)

// silenced has somebody silence the alert that always fires, so that the dead man's switch hears it no longer; all others are heard.
func (r *faultRun) silenced() (*fault, error) {
	promised, err := patience(r.Switch)
	if err != nil {
		return nil, err
	}
	// Its own route is the first that takes it; without one, nobody outside listens.
	way, err := r.routing.of(map[string]string{"alertname": watchdog, "severity": "none"})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(way.ways, messages.SMS) { // a webhook, as that of SMS
		return nil, errors.New("no dead man's switch listens: it needs alerting.sms and a node with the role bastion (docs/alerting.md), or take the stack watched")
	}
	made := &fault{
		name: "the watchdog is silenced", rule: "dead man's switch", promised: promised + delivery, over: make(chan struct{}), strike: r.silence,
		expected: expected{said: noSign, over: aSign, ways: []messages.Way{messages.SMS}},
	}
	r.expect(made.expected)
	return made, nil
}

func (r *faultRun) silence(ctx context.Context) (mend, error) {
	now := time.Now().UTC()
	body, err := json.Marshal(map[string]any{
		"matchers": json.RawMessage(heldBack), "startsAt": now.Format(time.RFC3339Nano), "endsAt": now.Add(time.Hour).Format(time.RFC3339Nano),
		"createdBy": "rehearsal", "comment": "the dead man's switch is to say something",
	})
	if err != nil {
		return nil, err
	}
	text, err := r.post(ctx, alertmanager+"silences", body)
	if err != nil {
		return nil, err
	}
	var made struct {
		ID string `json:"silenceID"`
	}
	if err := json.Unmarshal(text, &made); err != nil || made.ID == "" {
		return nil, fmt.Errorf("Alertmanager's answer to a silence: %q: %w", text, err)
	}
	return func(ctx context.Context) error {
		_, err := r.Ask(ctx, "", "", "delete", "--raw", alertmanager+"silence/"+made.ID)
		return err
	}, nil
}
