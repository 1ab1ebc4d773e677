package failover

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/assert"
)

const said = `ack haproxy 1 100.000
ack direct 1 100.005
ack haproxy 2 100.010
fail haproxy 3 101.000 server closed the connection unexpectedly
ack direct 2 103.900
ack haproxy 4 104.510
ack haproxy 5 104.520
ack direct 3 105.000
ack haproxy 6 105.100
ack direct 4 105.900
ack haproxy 7 106.000
`

func TestAPauseIsTheLongestAfterTheFault(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Equal(t, w.by[proxied].times.pause(time.Unix(100, 0)), 4500*time.Millisecond)
	assert.Equal(t, w.by[proxied].times.pause(time.Unix(105, 0)), 900*time.Millisecond)
	assert.Equal(t, w.by[proxied].times.pause(time.Unix(200, 0)), time.Duration(0))
	assert.Equal(t, w.by[direct].times.pause(time.Unix(100, 0)), 3895*time.Millisecond)
	assert.Assert(t, strings.Contains(w.failed, "server closed"), w.failed)
}

func TestWritesAreSteadyWithoutAPauseByAnyWay(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Assert(t, w.by[proxied].times.steady(time.Unix(106, 0), time.Second))
	assert.Assert(t, !w.by[proxied].times.steady(time.Unix(106, 0), 3*time.Second), "there was a pause")
	assert.Assert(t, !w.by[proxied].times.steady(time.Unix(110, 0), time.Second), "nothing came since")
	assert.Assert(t, w.steady(time.Unix(106, 0), 900*time.Millisecond))
	assert.Assert(t, !w.steady(time.Unix(106, 0), 1200*time.Millisecond), "by one of the ways there was a pause")
	none, err := parseWrites("ack haproxy 1 105.900\n")
	assert.NilError(t, err)
	assert.Assert(t, !none.steady(time.Unix(106, 0), time.Millisecond), "by one of the ways there was none")
}

func TestARowThatIsNotThereWasLost(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Equal(t, w.acknowledged(), 10)
	there := map[row]bool{}
	for way, by := range w.by {
		for _, number := range by.numbers {
			there[row{way, number}] = true
		}
	}
	assert.Equal(t, len(w.missing(there)), 0)
	delete(there, row{proxied, 4})
	delete(there, row{direct, 2})
	assert.DeepEqual(t, w.missing(there), []row{{direct, 2}, {proxied, 4}}, cmp.AllowUnexported(row{}))
}

func TestWorseThanPromisedIsAProblem(t *testing.T) {
	of := fault{name: "a switchover", within: 10 * time.Second}
	for said, result := range map[string]result{
		"<nil>": {pause: 9 * time.Second, directly: 8 * time.Second, acknowledged: 5},
		"a switchover: 1 of 5 acknowledged writes are not there":                                                    {pause: 9 * time.Second, directly: 9 * time.Second, acknowledged: 5, lost: 1},
		"a switchover: nothing was written for 11.0 s, and 10 are promised":                                         {pause: 11 * time.Second, directly: 11 * time.Second},
		"a switchover: through HAProxy nothing was written for 9.0 s, directly for 7.0: 1 more is promised at most": {pause: 9 * time.Second, directly: 7 * time.Second},
	} {
		assert.Equal(t, fmt.Sprint(errors.Join(result.problems(of)...)), said)
	}
}

func TestWhatIsNoLogIsRefused(t *testing.T) {
	_, err := parseWrites("ack haproxy one\n")
	assert.ErrorContains(t, err, `"ack haproxy one"`)
	_, err = parseWrites("ack pgbouncer 1 100.000\n")
	assert.ErrorContains(t, err, "no way of that name")
}

func TestAServerThatDoesNotFollowIsAStray(t *testing.T) {
	c := &cluster{}
	c.Status.CurrentPrimary, c.Status.InstanceNames = "postgres-2", []string{"postgres-1", "postgres-2", "postgres-3"}
	assert.Equal(t, c.strays([]string{"postgres-3", "postgres-1"}), "")
	assert.Assert(t, strings.HasPrefix(c.strays([]string{"postgres-1"}), "postgres-3 does not follow the primary, postgres-2"))
	assert.DeepEqual(t, c.Status.InstanceNames, []string{"postgres-1", "postgres-2", "postgres-3"})
}
