package failover

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

const said = `ack 1 100.000
ack 2 100.010
fail 3 101.000 server closed the connection unexpectedly
ack 4 104.510
ack 5 104.520
ack 6 105.100
ack 7 106.000
`

func TestAPauseIsTheLongestAfterTheFault(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Equal(t, w.times.pause(time.Unix(100, 0)), 4500*time.Millisecond)
	assert.Equal(t, w.times.pause(time.Unix(105, 0)), 900*time.Millisecond)
	assert.Equal(t, w.times.pause(time.Unix(200, 0)), time.Duration(0))
	assert.Assert(t, strings.Contains(w.failed, "server closed"), w.failed)
}

func TestWritesAreSteadyWithoutAPause(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Assert(t, w.times.steady(time.Unix(106, 0), time.Second))
	assert.Assert(t, !w.times.steady(time.Unix(106, 0), 3*time.Second), "there was a pause")
	assert.Assert(t, !w.times.steady(time.Unix(110, 0), time.Second), "nothing came since")
	none, err := parseWrites("")
	assert.NilError(t, err)
	assert.Assert(t, !none.times.steady(time.Unix(106, 0), time.Second))
}

func TestARowThatIsNotThereWasLost(t *testing.T) {
	w, err := parseWrites(said)
	assert.NilError(t, err)
	assert.Equal(t, len(w.missing(map[int64]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true})), 0)
	assert.DeepEqual(t, w.missing(map[int64]bool{1: true, 2: true, 5: true, 6: true, 7: true}), []int64{4})
}

func TestWhatIsNoLogIsRefused(t *testing.T) {
	_, err := parseWrites("ack one\n")
	assert.ErrorContains(t, err, `"ack one"`)
}

func TestAServerThatDoesNotFollowIsAStray(t *testing.T) {
	c := &cluster{}
	c.Status.CurrentPrimary, c.Status.InstanceNames = "postgres-2", []string{"postgres-1", "postgres-2", "postgres-3"}
	assert.Equal(t, c.strays([]string{"postgres-3", "postgres-1"}), "")
	assert.Assert(t, strings.HasPrefix(c.strays([]string{"postgres-1"}), "postgres-3 does not follow the primary, postgres-2"))
	assert.DeepEqual(t, c.Status.InstanceNames, []string{"postgres-1", "postgres-2", "postgres-3"})
}
