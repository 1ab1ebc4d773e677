package emulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// drawFaults picks what goes wrong with one call. Latency and effects on what is created add up; of the others the first wins.
func (e *Emulator) drawFaults(r *http.Request) drawn {
	e.mu.Lock()
	defer e.mu.Unlock()
	var d drawn
	for _, f := range slices.Clone(e.faults.active) {
		if !f.matches(r.Method, r.URL.Path) || d.ending() && f.ends() {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Chance > 0 && f.random.Float64() >= f.Chance {
			continue
		}
		if f.Times == 1 {
			e.faults.active = slices.DeleteFunc(e.faults.active, func(other *activeFault) bool { return other == f })
		} else if f.Times > 1 {
			f.Times--
		}
		d.add(f.Fault)
	}
	return d
}

// ends says whether the fault decides how the call ends.
func (f *Fault) ends() bool {
	return slices.Contains([]FaultKind{Refuse, RefuseApplied, Reset, ResetApplied, StaleList}, f.Kind)
}

// drawn is what goes wrong with one call.
type drawn struct {
	delay      time.Duration
	ender      *Fault
	retryAfter string
	effects    effects
	names      []string
}

// effects is what goes wrong with what a call creates.
type effects struct {
	buildError   bool
	build        Step
	address      Step
	staleListing bool
}

func (d *drawn) ending() bool { return d.ender != nil }

func (d *drawn) add(f Fault) {
	d.names = append(d.names, string(f.Kind))
	switch f.Kind {
	case Latency:
		d.delay += time.Duration(f.Delay)
	case BuildError:
		d.effects.buildError = true
	case SlowBuild:
		d.effects.build.Reads += f.Reads
		d.effects.build.After += time.Duration(f.Delay)
	case LateAddress:
		d.effects.address.Reads += f.Reads
		d.effects.address.After += time.Duration(f.Delay)
	case StaleList:
		d.ender, d.effects.staleListing = &f, true
	default:
		d.ender, d.retryAfter = &f, f.RetryAfter
	}
}

// before delays the call and says how it ends if it is not to be served.
func (d *drawn) before(ctx context.Context) *reply {
	if d.delay > 0 {
		timer := time.NewTimer(d.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if d.ender == nil || d.ender.Kind != Refuse && d.ender.Kind != Reset {
		return nil
	}
	return d.refusal()
}

// after says how a call ends that was served.
func (d *drawn) after(served *reply) *reply {
	if d.resets() {
		return d.refusal()
	}
	if d.ender == nil || d.ender.Kind == StaleList || served.status >= http.StatusBadRequest {
		return served
	}
	return d.refusal()
}

func (d *drawn) refusal() *reply {
	answer := failure(d.ender.Status, d.ender.Message)
	return &answer
}

// resets says whether the connection ends without an answer.
func (d *drawn) resets() bool {
	return d.ender != nil && (d.ender.Kind == Reset || d.ender.Kind == ResetApplied)
}

func (d *drawn) describe() string { return strings.Join(d.names, ", ") }

// onCreate changes how a new server comes up.
func (e effects) onCreate(s *server, now time.Time) {
	s.Next.Wait.Reads += e.build.Reads
	s.Next.Wait.Until = s.Next.Wait.Until.Add(e.build.After)
	s.AddressStep.Reads += e.address.Reads
	s.AddressStep.After += e.address.After
	if e.buildError {
		s.Next.Error = "No valid host was found. There are not enough hosts available."
	}
}

// staleList answers a list as it was answered before, or empty if it never was. It is called with the world locked.
func (e *Emulator) staleList(c *call, served reply) reply {
	if _, isList := served.body["data"].([]map[string]any); !isList || c.method != http.MethodGet {
		return served
	}
	where := c.path + "?" + c.query.Encode()
	if !c.effects.staleListing {
		if e.faults.lists == nil {
			e.faults.lists = map[string]reply{}
		}
		e.faults.lists[where] = served
		return served
	}
	if old, known := e.faults.lists[where]; known {
		return old
	}
	return withData(http.StatusOK, []map[string]any{})
}
