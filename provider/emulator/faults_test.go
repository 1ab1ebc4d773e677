package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// fault switches a fault on.
func (a *account) fault(f emulator.Fault) string {
	a.t.Helper()
	id, err := a.emulator.AddFault(f)
	assert.NilError(a.t, err)
	return id
}

var keyBody = map[string]any{"name": "me", "public_key": publicKey}

// Refusals come before anything is done, as often as wanted, and with the messages of the real API.
func TestRefusals(t *testing.T) {
	a := open(t, emulator.Options{})
	a.fault(emulator.Fault{Kind: emulator.Refuse, Method: "POST", Path: "/ssh-keys", Status: 429, RetryAfter: "7", Times: 1})
	a.fault(emulator.Fault{Kind: emulator.Refuse, Method: "POST", Path: "/ssh-keys", Status: 403, Times: 1})
	a.fault(emulator.Fault{Kind: emulator.Refuse, Method: "POST", Path: "/ssh-keys", Status: 420, Times: 1, Skip: 0})
	assert.Equal(t, a.call(429, "POST", zone+"/ssh-keys", keyBody).header.Get("Retry-After"), "7")
	assert.Equal(t, a.call(403, "POST", zone+"/ssh-keys", keyBody).body.Message, "Account requires info completion")
	a.call(420, "POST", zone+"/ssh-keys", keyBody)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 0)
	a.call(201, "POST", zone+"/ssh-keys", keyBody)
	assert.Equal(t, len(a.emulator.Faults()), 0, "each ended after one hit")
}

// An error or a reset after the write leaves the client not knowing that it was applied.
func TestAppliedWrites(t *testing.T) {
	a := open(t, emulator.Options{})
	a.fault(emulator.Fault{Kind: emulator.RefuseApplied, Path: "/ssh-keys", Times: 1})
	a.call(500, "POST", zone+"/ssh-keys", keyBody)
	a.call(409, "POST", zone+"/ssh-keys", keyBody)

	a.fault(emulator.Fault{Kind: emulator.ResetApplied, Method: "POST", Path: "/servers", Times: 1})
	_, err := a.try("POST", zone+"/servers", a.orderOf(nil))
	assert.Assert(t, err != nil)
	assert.Equal(t, len(a.call(200, "GET", zone+"/servers", nil).list()), 1)

	a.fault(emulator.Fault{Kind: emulator.Reset, Method: "POST", Path: "/servers", Times: 1})
	_, err = a.try("POST", zone+"/servers", a.orderOf(nil))
	assert.Assert(t, err != nil)
	assert.Equal(t, len(a.call(200, "GET", zone+"/servers", nil).list()), 1)
}

// A build can end in ERROR, take longer, and its address can come later.
func TestBuildFaults(t *testing.T) {
	a := open(t, emulator.Options{})
	a.fault(emulator.Fault{Kind: emulator.BuildError, Path: "/servers", Method: "POST", Times: 1})
	id := a.create(nil)
	status := func() any { return a.call(200, "GET", zone+"/servers/"+id, nil).object()["status"] }
	for status() == "BUILD" {
		continue
	}
	assert.Equal(t, status(), "ERROR")
	a.call(202, "DELETE", zone+"/servers/"+id, nil)

	a.fault(emulator.Fault{Kind: emulator.SlowBuild, Path: "/servers", Method: "POST", Times: 1, Reads: 3})
	a.fault(emulator.Fault{Kind: emulator.LateAddress, Path: "/servers", Method: "POST", Times: 1, Reads: 4})
	id = a.create(nil)
	builds, hidden := 0, 0
	for status() == "BUILD" {
		builds++
	}
	assert.Equal(t, builds, 5)
	for server := a.await(id, "ACTIVE"); len(server["addresses"].(map[string]any)) == 0; hidden++ {
		server = a.await(id, "ACTIVE")
	}
	assert.Equal(t, hidden, 4)
}

// A list that lags behind shows what was there when it was last read.
func TestStaleList(t *testing.T) {
	a := open(t, emulator.Options{})
	a.fault(emulator.Fault{Kind: emulator.StaleList, Method: "GET", Path: "/ssh-keys", Times: 2})
	a.call(201, "POST", zone+"/ssh-keys", keyBody)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 0)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 0)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 1)
	a.fault(emulator.Fault{Kind: emulator.StaleList, Method: "GET", Path: "/ssh-keys", Times: 1})
	a.call(200, "DELETE", zone+"/ssh-keys/me", nil)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 1)
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 0)
}

// Faults choose calls by method and pattern, let some through, and hit by chance in a way that the seed decides.
func TestWhichCallsAreHit(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.fault(emulator.Fault{Kind: emulator.Refuse, Method: "get", Path: "/domains/*/dns-records", Status: 503, Skip: 1, Times: 2})
	a.call(200, "GET", records, nil)
	a.call(503, "GET", records, nil)
	a.call(404, "GET", records+"/x", nil)
	a.call(503, "GET", records, nil)
	a.call(200, "GET", records, nil)
	assert.Assert(t, !a.emulator.RemoveFault(id), "it has ended")

	hits := func() string {
		defer a.emulator.ClearFaults()
		a.fault(emulator.Fault{Kind: emulator.Refuse, Path: "/ecc/v1/regions/*/tags", Status: 503, Chance: 0.5, Seed: 42})
		var pattern strings.Builder
		for range 40 {
			if got, err := a.try("GET", zone+"/tags", nil); err == nil && got.status == 503 {
				pattern.WriteString("x")
			} else {
				pattern.WriteString(".")
			}
		}
		return pattern.String()
	}
	first := hits()
	assert.Equal(t, first, hits())
	assert.Assert(t, first != "........................................" && first != "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
}

func TestLatency(t *testing.T) {
	a := open(t, emulator.Options{})
	a.fault(emulator.Fault{Kind: emulator.Latency, Delay: emulator.Duration(30 * time.Millisecond), Times: 1})
	started := time.Now()
	a.call(200, "GET", zone+"/tags", nil)
	assert.Assert(t, time.Since(started) >= 30*time.Millisecond)
	assert.Equal(t, a.emulator.Requests(1)[0].Fault, "latency")
}

// A plan is the same in every version of the emulator, so that a seed that was reported still shows what it showed.
func TestRandomFaultsStayTheSame(t *testing.T) {
	plans := [][]emulator.Fault{}
	for seed := range uint64(5) {
		plans = append(plans, emulator.RandomFaults(seed, 4))
	}
	text, err := json.MarshalIndent(plans, "", "  ")
	assert.NilError(t, err)
	golden.Assert(t, string(text)+"\n", "random-faults.json")
}

// askDespiteResets makes a call without a connection, where a reset is a panic.
func askDespiteResets(e *emulator.Emulator, method, path string) {
	defer func() {
		if r := recover(); r != nil && r != http.ErrAbortHandler {
			panic(r)
		}
	}()
	ask(e, method, path, `{"name": "me", "public_key": "`+publicKey+`"}`)
}

// The same calls in the same order meet the same faults.
func TestRandomFaultsHitTheSame(t *testing.T) {
	play := func(seed uint64) []string {
		a := open(t, emulator.Options{})
		for _, f := range emulator.RandomFaults(seed, 8) {
			a.fault(f)
		}
		for range 4 {
			for _, call := range [][2]string{{"POST", "/ssh-keys"}, {"GET", "/ssh-keys"}, {"GET", "/servers"}, {"GET", "/networks"}, {"DELETE", "/ssh-keys/me"}} {
				askDespiteResets(a.emulator, call[0], zone+call[1])
			}
		}
		seen := []string{}
		for _, r := range a.emulator.Requests(100) {
			seen = append(seen, fmt.Sprint(r.Method, r.Path, r.Status, r.Fault))
		}
		return seen
	}
	for seed := range uint64(20) {
		assert.DeepEqual(t, play(seed), play(seed))
	}
}

// The same seed makes the same plan, and every fault of a plan ends by itself.
func TestRandomFaults(t *testing.T) {
	for seed := range uint64(50) {
		plan := emulator.RandomFaults(seed, 6)
		assert.DeepEqual(t, plan, emulator.RandomFaults(seed, 6))
		a := open(t, emulator.Options{})
		for _, f := range plan {
			assert.Assert(t, f.Times > 0)
			a.fault(f)
		}
	}
}

func TestBadFaultsAreRefused(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, f := range []emulator.Fault{
		{Kind: "nonsense"}, {Kind: emulator.Refuse, Status: 200}, {Kind: emulator.Latency}, {Kind: emulator.SlowBuild}, {Kind: emulator.Reset, Path: "["},
	} {
		_, err := a.emulator.AddFault(f)
		assert.ErrorContains(t, err, "emulator: fault: ")
	}
}
