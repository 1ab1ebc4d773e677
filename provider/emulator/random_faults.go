package emulator

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// disturbed are the calls that RandomFaults chooses from: those that a stack of servers makes. A change here changes every plan.
var disturbed = []struct{ method, path string }{
	{"", ""},
	{http.MethodPost, "/ssh-keys"}, {http.MethodGet, "/ssh-keys"}, {http.MethodDelete, "/ssh-keys/*"},
	{http.MethodPost, "/subnets"}, {http.MethodGet, "/networks"}, {http.MethodDelete, "/subnets/*"}, {http.MethodPatch, "/networks/*/attach"},
	{http.MethodPost, "/securities"}, {http.MethodGet, "/securities"}, {http.MethodPost, "/securities/security-rules/*"},
	{http.MethodDelete, "/securities/*"},
	{http.MethodPost, "/servers"}, {http.MethodGet, "/servers"}, {http.MethodGet, "/servers/*"}, {http.MethodDelete, "/servers/*"},
	{http.MethodPost, "/servers/*/*"}, {http.MethodGet, "/ports"}, {http.MethodDelete, "/ports/*"}, {http.MethodPatch, "/networks/*/detach"},
	{http.MethodPost, "/domains/*/dns-records"}, {http.MethodGet, "/domains/*/dns-records"}, {http.MethodGet, "/domains/*/dns-records/*"},
	{http.MethodPut, "/domains/*/dns-records/*"}, {http.MethodDelete, "/domains/*/dns-records/*"},
}

// RandomFaults makes a plan of count faults that depends on the seed only. Each of them ends by itself after one or two hits, so
// that a client that tries again gets through; refusals that trying again does not help against (402, 403, 420) are not among them.
func RandomFaults(seed uint64, count int) []Fault {
	random := rand.New(rand.NewPCG(seed, 1))
	faults := make([]Fault, 0, count)
	for range count {
		where := disturbed[random.IntN(len(disturbed))]
		f := Fault{Method: where.method, Path: where.path, Skip: random.IntN(3), Times: 1 + random.IntN(2)}
		creates := where.method == http.MethodPost && where.path == "/servers"
		switch kind := random.IntN(11); {
		case kind == 0:
			f.Kind, f.Status, f.RetryAfter = Refuse, http.StatusTooManyRequests, "0"
		case kind == 1:
			f.Kind, f.Status = Refuse, http.StatusTooManyRequests
		case kind == 2:
			f.Kind, f.Status = Refuse, http.StatusBadGateway
		case kind == 3:
			f.Kind = Reset
		case kind == 4:
			f.Kind = ResetApplied
		case kind == 10:
			f.Kind, f.Delay = Latency, Duration(20*time.Millisecond)
		case kind == 5 && creates:
			f.Kind = BuildError
		case kind == 6 && creates:
			f.Kind, f.Reads = LateAddress, 3
		case kind == 7 && creates:
			f.Kind, f.Reads = SlowBuild, 5
		case kind >= 5 && where.method == http.MethodGet:
			f.Kind = StaleList
		default:
			f.Kind, f.Status = RefuseApplied, http.StatusInternalServerError
		}
		faults = append(faults, f)
	}
	return faults
}
