package growth

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// Phase is one run of a playbook.
type Phase struct {
	Playbook string
	Duration time.Duration
	// Hosts is what was done on each host, by name; Delegated what was done on another one for its sake.
	Hosts, Delegated map[string]*Work
}

// Work is what was done on a machine: how many tasks ran, and how many of them changed something.
type Work struct {
	Tasks, Changed int
}

// Tally is how many tasks ran, by where and what for.
type Tally struct {
	// Worker is what was done on the new node, Facts what only looked at the others.
	Worker, Facts int
	// ForWorker is what was done on another machine for the new node's sake: a control plane is asked to take it in.
	ForWorker int
	// Elsewhere is what should not have been: anything else on another machine, or a change of it while looking at it.
	Elsewhere int
}

// Tally adds up all phases.
func (r *Result) Tally() Tally {
	var tally Tally
	for _, phase := range r.Phases {
		for host, work := range phase.Hosts {
			switch {
			case host == r.Worker:
				tally.Worker += work.Tasks
			case phase.Playbook == plan.Facts:
				tally.Facts += work.Tasks - work.Changed
				tally.Elsewhere += work.Changed
			default:
				tally.Elsewhere += work.Tasks
			}
		}
		for host, work := range phase.Delegated {
			if host == r.Worker {
				tally.ForWorker += work.Tasks
			} else {
				tally.Elsewhere += work.Tasks
			}
		}
	}
	return tally
}

// event is one line of what the runner notes of a run.
type event struct {
	Event, Phase, Host, On string
	Time                   float64
	Changed, Skipped       bool
}

// phases adds up the events of a run.
func phases(events string) ([]*Phase, error) {
	var all []*Phase
	var current *Phase
	var began float64
	for line := range strings.Lines(events) {
		var event event
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			return nil, fmt.Errorf("the run's events: %w: %s", err, line)
		}
		if event.Event == "play" && event.Phase != "" {
			current = &Phase{Playbook: event.Phase, Hosts: map[string]*Work{}, Delegated: map[string]*Work{}}
			all, began = append(all, current), event.Time
		}
		if current == nil {
			return nil, fmt.Errorf("the run's events: one comes before the first playbook: %s", line)
		}
		current.Duration = time.Duration((event.Time - began) * float64(time.Second))
		if event.Event == "end" && !event.Skipped || event.Event == "failed" {
			current.add(event)
		}
	}
	return all, nil
}

func (p *Phase) add(event event) {
	hosts := p.Hosts
	if event.On != "" && event.On != event.Host {
		hosts = p.Delegated
	}
	if hosts[event.Host] == nil {
		hosts[event.Host] = &Work{}
	}
	work := hosts[event.Host]
	work.Tasks++
	if event.Changed {
		work.Changed++
	}
}
