package emulator

import "time"

// Pace says how long states take. A Step that is zero takes a few reads and no wall-clock time, which is what tests want; Clock is for
// all others.
type Pace struct {
	Build   Step // BUILD before ACTIVE
	Address Step // ACTIVE before the public address shows
	Action  Step // REBOOT, RESIZE, REBUILD, powering on and off, volumes being created or attached
	Delete  Step // a deleted server that is still listed
}

// Clock is a pace by the clock alone, which is what people and programs want that look at nothing: states move on by themselves.
func Clock(step time.Duration) Pace {
	return Pace{Build: Step{After: 2 * step}, Address: Step{After: step}, Action: Step{After: step}, Delete: Step{After: 2 * step}}
}

// byClock says whether no state waits for a reader.
func (p Pace) byClock() bool { return p.Build.Reads+p.Address.Reads+p.Action.Reads+p.Delete.Reads == 0 }

// Step is the length of one state: it lasts for that many reads and at least that long.
type Step struct {
	Reads int
	After time.Duration
}

func (p Pace) withDefaults() Pace {
	fill := func(step *Step, reads int) {
		if *step == (Step{}) {
			step.Reads = reads
		}
	}
	fill(&p.Build, 2)
	fill(&p.Address, 1)
	fill(&p.Action, 1)
	fill(&p.Delete, 2)
	return p
}

// wait is a Step that has begun.
type wait struct {
	Reads int       `json:"reads,omitempty"`
	Until time.Time `json:"until"`
}

func (s Step) begin(now time.Time) *wait {
	return &wait{Reads: s.Reads, Until: now.Add(s.After)}
}

func (w *wait) over(now time.Time) bool { return w.Reads <= 0 && !now.Before(w.Until) }

// due is when a wait that is over ended, if what it waited for beside the clock was there at a time.
func (w *wait) due(there time.Time) time.Time {
	if there.After(w.Until) {
		return there
	}
	return w.Until
}

// read counts one read that still saw the old state.
func (w *wait) read() {
	if w.Reads > 0 {
		w.Reads--
	}
}
