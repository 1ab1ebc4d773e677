package emulator

import "time"

// Pace says how long states take. A Step that is zero takes a few reads and no wall-clock time, which is what tests want.
type Pace struct {
	Build   Step // BUILD before ACTIVE
	Address Step // ACTIVE before the public address shows
	Action  Step // REBOOT, RESIZE, REBUILD, powering on and off, volumes being created or attached
	Delete  Step // a deleted server that is still listed
}

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

// read counts one read that still saw the old state.
func (w *wait) read() {
	if w.Reads > 0 {
		w.Reads--
	}
}
