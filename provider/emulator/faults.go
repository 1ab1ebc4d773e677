package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	// Latency delays the call by Delay.
	Latency FaultKind = "latency"
	// Refuse answers Status without doing anything: 429 (with RetryAfter if set), 402, 403, 420 or 5xx.
	Refuse FaultKind = "refuse"
	// RefuseApplied does what was asked and then answers Status, as if it had failed.
	RefuseApplied FaultKind = "refuse-applied"
	// Reset ends the connection without an answer before anything is done.
	Reset FaultKind = "reset"
	// ResetApplied does what was asked and then ends the connection without an answer.
	ResetApplied FaultKind = "reset-applied"
	// BuildError lets a server that the call creates end in ERROR.
	BuildError FaultKind = "build-error"
	// SlowBuild keeps a server that the call creates in BUILD for Reads more reads and Delay longer.
	SlowBuild FaultKind = "slow-build"
	// LateAddress hides the public address of a server that the call creates for Reads more reads and Delay longer.
	LateAddress FaultKind = "late-address"
	// StaleList answers a list as it was answered before.
	StaleList FaultKind = "stale-list"
)

// Fault is something that goes wrong with the calls that match it.
type Fault struct {
	ID   string    `json:"id,omitempty"` // given by the emulator when empty
	Kind FaultKind `json:"kind"`
	// Method and Path choose the calls; empty means any. Path is a pattern as of path.Match for the path behind
	// /ecc/v1/regions/<zone> or /cdn/4.0, for example "/servers" or "/domains/*/dns-records"; or for the whole path.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Skip lets that many matching calls through first; Times ends the fault after that many, 0 = never.
	Skip  int `json:"skip,omitempty"`
	Times int `json:"times,omitempty"`
	// Chance is the probability that a matching call is hit, drawn from Seed; 0 means every one.
	Chance float64 `json:"chance,omitempty"`
	Seed   uint64  `json:"seed,omitempty"`

	Status     int      `json:"status,omitempty"`
	Message    string   `json:"message,omitempty"`
	RetryAfter string   `json:"retryAfter,omitempty"` // the header as it is sent
	Delay      Duration `json:"delay,omitempty"`
	Reads      int      `json:"reads,omitempty"`
}

// Duration is a time.Duration that reads and writes as "1.5s" in JSON.
type Duration time.Duration

// MarshalText writes the duration as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// usualMessages are what the API says with a status; others get the text of the status.
var usualMessages = map[int]string{
	http.StatusPaymentRequired: "Insufficient funds.",
	http.StatusForbidden:       "Account requires info completion",
	statusQuota:                "Quota exceeded.",
	http.StatusTooManyRequests: "Too Many Attempts.",
}

// validate says what a fault lacks and fills what can be left out.
func (f *Fault) validate() error {
	switch f.Kind {
	case Refuse, RefuseApplied:
		if f.Status == 0 {
			f.Status = http.StatusInternalServerError
		}
		if f.Status < 400 || f.Status > 599 {
			return fmt.Errorf("status %d of a %s fault is no error status: use 400 to 599", f.Status, f.Kind)
		}
		if f.Message == "" {
			f.Message = usualMessages[f.Status]
		}
		if f.Message == "" {
			f.Message = http.StatusText(f.Status)
		}
	case Latency:
		if f.Delay <= 0 {
			return errors.New("a latency fault needs a delay, for example \"2s\"")
		}
	case SlowBuild, LateAddress:
		if f.Reads <= 0 && f.Delay <= 0 {
			return fmt.Errorf("a %s fault needs reads or a delay", f.Kind)
		}
	case Reset, ResetApplied, BuildError, StaleList:
	default:
		return fmt.Errorf("unknown kind of fault %q", f.Kind)
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return fmt.Errorf("path pattern %q: %w", f.Path, err)
	}
	return nil
}

// faultSet holds the faults that are switched on and what stale lists answer.
type faultSet struct {
	active []*activeFault
	made   int
	lists  map[string]reply
}

type activeFault struct {
	Fault
	random *rand.Rand
}

// AddFault switches a fault on and returns its id.
func (e *Emulator) AddFault(f Fault) (string, error) {
	if err := f.validate(); err != nil {
		return "", fmt.Errorf("emulator: fault: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults.made++
	if f.ID == "" {
		f.ID = fmt.Sprintf("fault-%d", e.faults.made)
	}
	e.faults.active = append(e.faults.active, &activeFault{Fault: f, random: rand.New(rand.NewPCG(f.Seed, 0))})
	return f.ID, nil
}

// Faults lists the faults that are switched on, with the skips and times that are left.
func (e *Emulator) Faults() []Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []Fault{}
	for _, f := range e.faults.active {
		list = append(list, f.Fault)
	}
	return list
}

// RemoveFault switches a fault off and says whether it was on.
func (e *Emulator) RemoveFault(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := len(e.faults.active)
	e.faults.active = slices.DeleteFunc(e.faults.active, func(f *activeFault) bool { return f.ID == id })
	return len(e.faults.active) < before
}

// ClearFaults switches all faults off.
func (e *Emulator) ClearFaults() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults.active = nil
}

// matches says whether a fault is for a call.
func (f *Fault) matches(method, urlPath string) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, method) {
		return false
	}
	if f.Path == "" {
		return true
	}
	urlPath = "/" + strings.Join(segmentsOf(urlPath), "/")
	whole, _ := path.Match(f.Path, urlPath)
	short, _ := path.Match(f.Path, shortPath(urlPath))
	return whole || short
}

// shortPath is the path behind /ecc/v1/regions/<zone> or /cdn/4.0.
func shortPath(urlPath string) string {
	if rest, ok := strings.CutPrefix(urlPath, "/cdn/4.0"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(urlPath, "/ecc/v1/regions/"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		return "/" + rest
	}
	return urlPath
}

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
