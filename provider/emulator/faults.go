package emulator

import (
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
