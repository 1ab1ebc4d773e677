package world

import (
	"context"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// TestDisturb: what `sandbox host` asks for over the control socket is done to the machine, and told.
func TestDisturb(t *testing.T) {
	w := &workspace.Workspace{Dir: t.TempDir()}
	_, err := Machines(t.Context(), w)
	assert.ErrorIs(t, err, ErrNotRunning)

	guest, err := hoststest.BuildGuest(t.TempDir())
	assert.NilError(t, err)
	key, err := hoststest.NewKey()
	assert.NilError(t, err)
	machines, err := light.New(light.Options{Dir: w.Path("hosts"), GuestBinary: guest})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, machines.Close()) })
	assert.NilError(t, machines.Boot(t.Context(), hoststest.Machine(loopback.Prefix(t), 1, "m1", key)))
	listener, err := net.Listen("unix", socket(w))
	assert.NilError(t, err)
	server := httptest.NewUnstartedServer(controlHandler(func() Status { return Status{Machines: machines.List()} }, machines, nil, &told{}))
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)

	slowness := hosts.Slowness{Delay: 5 * time.Millisecond, BytesPerSecond: 1 << 20}
	for _, step := range []struct {
		action  Action
		running bool
		faults  hosts.Faults
	}{
		{Kill, false, hosts.Faults{Killed: true}},
		{Start, true, hosts.Faults{}},
		{Drop, true, hosts.Faults{}},
		{Cut, true, hosts.Faults{Cut: true}},
		{Slow, true, hosts.Faults{Cut: true, Slow: &slowness}},
		{Restore, true, hosts.Faults{}},
		{Fill, true, hosts.Faults{Full: true}},
		{Reboot, true, hosts.Faults{Full: true}},
		{Free, true, hosts.Faults{}},
	} {
		assert.NilError(t, Disturb(t.Context(), w, "m1", step.action, slowness), step.action)
		listed, err := Machines(t.Context(), w)
		assert.NilError(t, err)
		assert.Equal(t, listed[0].Running, step.running, step.action)
		assert.DeepEqual(t, listed[0].Faults, step.faults)
	}
	assert.Error(t, Disturb(t.Context(), w, "m2", Kill, hosts.Slowness{}), `kill m2: no virtual machine is called "m2"; there are: m1`)
	assert.Error(t, Disturb(t.Context(), w, "m1", Slow, hosts.Slowness{}), "slow m1: slow by how much? give a delay or a rate above zero")
	assert.Error(t, Disturb(t.Context(), w, "m1", "burn", hosts.Slowness{}), "burn m1: unknown action burn")
	status, err := Ask(t.Context(), w)
	assert.NilError(t, err)
	assert.Equal(t, status.Machines[0].Name, "m1")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, Disturb(gone, w, "m1", Kill, hosts.Slowness{}), context.Canceled)
}
