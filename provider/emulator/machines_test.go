package emulator_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// hosts are machines that remember what they were told.
type hosts struct {
	mu      sync.Mutex
	running map[string]emulator.Machine
	events  []string
	fail    error
	hold    chan struct{} // boots wait for it when it is set
}

func (h *hosts) Boot(ctx context.Context, m emulator.Machine) error {
	if h.hold != nil {
		select {
		case <-h.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		h.running = map[string]emulator.Machine{}
	}
	h.events = append(h.events, "boot "+m.Name)
	h.running[m.ID] = m
	return h.fail
}

func (h *hosts) Stop(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, "stop "+h.running[id].Name)
	return nil
}

func (h *hosts) Remove(_ context.Context, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, "remove "+h.running[id].Name)
	delete(h.running, id)
}

func (h *hosts) machine(id string) emulator.Machine {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running[id]
}

func (h *hosts) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

var pool = []netip.Addr{netip.MustParseAddr("127.83.12.10"), netip.MustParseAddr("127.83.12.11")}

// A machine is booted with everything it needs, told about changes, and removed with its server.
func TestMachineFollowsServer(t *testing.T) {
	h := &hosts{}
	a := open(t, emulator.Options{Machines: h, PublicAddresses: pool})
	network, _ := a.network("cluster", "10.70.0.0/24")
	a.call(201, "POST", zone+"/ssh-keys", keyBody)
	id := a.create(map[string]any{"key_name": "me", "ssh_key": true, "init_script": "#cloud-config\n"})
	assert.Equal(t, a.awaitPublic(id), "127.83.12.10")
	m := h.machine(id)
	assert.DeepEqual(t, m, emulator.Machine{
		ID: id, Name: "web", Zone: "ir-thr-fr1", Image: "debian/12", UserData: "#cloud-config\n", PublicAddress: "127.83.12.10",
		PrivateAddresses: map[string]string{}, Subnets: map[string]string{}, AuthorizedKeys: []string{publicKey}, DiskGiB: 25,
	})

	a.call(200, "PATCH", zone+"/networks/"+network+"/attach", map[string]any{"server_id": id})
	for h.machine(id).PrivateAddresses[network] != "10.70.0.2" {
		a.await(id, "ACTIVE")
	}
	assert.Equal(t, h.machine(id).Subnets[network], "10.70.0.0/24")
	a.call(200, "POST", zone+"/servers/"+id+"/power-off", nil)
	a.await(id, "SHUTOFF")
	a.call(200, "POST", zone+"/servers/"+id+"/power-on", nil)
	a.await(id, "ACTIVE")
	a.call(202, "POST", zone+"/servers/"+id+"/rebuild", map[string]any{"image_id": a.imageID("debian", "12")})
	a.await(id, "ACTIVE")
	a.call(202, "DELETE", zone+"/servers/"+id, nil)
	for len(a.call(200, "GET", zone+"/servers", nil).list()) > 0 {
		continue
	}
	assert.DeepEqual(t, h.seen(), []string{"boot web", "boot web", "stop web", "boot web", "remove web", "boot web", "remove web"})
}

// A server is not ACTIVE before its machine runs, however often it is read; its address is taken meanwhile.
func TestServerWaitsForItsMachine(t *testing.T) {
	h := &hosts{hold: make(chan struct{})}
	a := open(t, emulator.Options{Machines: h, PublicAddresses: pool[:1]})
	id := a.create(nil)
	for range 10 {
		assert.Equal(t, a.call(200, "GET", zone+"/servers/"+id, nil).object()["status"], "BUILD")
	}
	a.call(409, "POST", zone+"/servers", a.orderOf(map[string]any{"name": "second"}))
	close(h.hold)
	a.await(id, "ACTIVE")
}

func TestMachineThatDoesNotBoot(t *testing.T) {
	a := open(t, emulator.Options{Machines: &hosts{fail: errors.New("no room for it")}})
	id := a.create(nil)
	server := map[string]any{"status": "BUILD"}
	for server["status"] == "BUILD" {
		server = a.call(200, "GET", zone+"/servers/"+id, nil).object()
	}
	assert.Equal(t, server["status"], "ERROR")
	assert.Equal(t, server["error"], "no room for it")
}

// Everything survives a restart: objects, half-done changes, and machines, which are booted again before New returns.
func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	h := &hosts{}
	first, err := emulator.New(emulator.Options{APIKey: key, StateFile: file, Machines: h, PublicAddresses: pool})
	assert.NilError(t, err)
	a := open(t, emulator.Options{})
	a.server.Config.Handler = first
	a.network("cluster", "10.80.0.0/24")
	a.call(201, "POST", zone+"/ssh-keys", keyBody)
	a.call(201, "POST", records, map[string]any{"type": "ns", "name": "x", "value": map[string]any{"host": "ns.example.com"}})
	running := a.create(nil)
	a.awaitPublic(running)
	h.hold = make(chan struct{}) // the next boot does not end before the restart
	building := a.create(map[string]any{"name": "second"})
	before := first.Contents()
	assert.NilError(t, first.Close())

	h.hold, h.events = nil, nil
	second, err := emulator.New(emulator.Options{APIKey: key, StateFile: file, Machines: h, PublicAddresses: pool})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, second.Close()) })
	assert.Assert(t, slices.Contains(h.seen(), "boot web"))
	assert.DeepEqual(t, second.Contents(), before)
	a.server.Config.Handler = second
	assert.Equal(t, a.awaitPublic(running), "127.83.12.10")
	assert.Equal(t, a.awaitPublic(building), "127.83.12.11")
}

// A machine that does not come up after a restart is off, and can be switched on.
func TestMachineLostOverRestart(t *testing.T) {
	h := &hosts{}
	options := emulator.Options{StateFile: filepath.Join(t.TempDir(), "state.json"), Machines: h}
	a := open(t, options)
	id := a.create(nil)
	a.await(id, "ACTIVE")
	assert.NilError(t, a.emulator.Close())
	h.fail = errors.New("the port is taken")
	a = open(t, options)
	h.fail = nil
	a.await(id, "SHUTOFF")
	a.call(200, "POST", zone+"/servers/"+id+"/power-on", nil)
	a.await(id, "ACTIVE")
}

func TestDamagedStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	a := open(t, emulator.Options{StateFile: file})
	a.call(201, "POST", zone+"/ssh-keys", keyBody)
	truncate(t, file)
	_, err := emulator.New(emulator.Options{StateFile: file})
	assert.ErrorContains(t, err, "is damaged")
	assert.ErrorContains(t, err, "move it away")
}

// RemoveVolume remembers it.
func (h *hosts) RemoveVolume(_ context.Context, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, "remove volume")
}

// A machine is told which volumes it has, and its maker when one is gone for good.
func TestMachineHasTheVolumesOfItsServer(t *testing.T) {
	h := &hosts{}
	a := open(t, emulator.Options{Machines: h})
	id := a.create(nil)
	a.await(id, "ACTIVE")
	made := a.call(201, "POST", zone+"/volumes", map[string]any{"name": "data", "size": 50}).object()["id"].(string)
	status := func() any { return a.call(200, "GET", zone+"/volumes", nil).list()[0]["status"] }
	for status() != "available" {
		continue
	}
	pair := map[string]any{"server_id": id, "volume_id": made}
	a.call(200, "PATCH", zone+"/volumes/attach", pair)
	for len(h.machine(id).Volumes) == 0 {
		status()
	}
	assert.DeepEqual(t, h.machine(id).Volumes, []emulator.Volume{{ID: made, GiB: 50, Device: "/dev/vdb"}})
	for status() != "in-use" {
		continue
	}
	a.call(200, "PATCH", zone+"/volumes/detach", pair)
	for len(h.machine(id).Volumes) > 0 || status() != "available" {
		continue
	}
	a.call(202, "DELETE", zone+"/volumes/"+made, nil)
	for !slices.Contains(h.seen(), "remove volume") {
		continue
	}
}
