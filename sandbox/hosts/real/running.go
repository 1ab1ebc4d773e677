package real

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/netns"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

// running is what exists only while a machine is on.
type running struct {
	process *process
	network *netns.Namespace
	outside network.Listeners // on addresses of the machine that we run on
	inside  network.Listeners // in the machine's own network

	mu      sync.Mutex
	nics    map[string]*nic    // by network
	volumes map[string]*volume // by ID
}

// answers waits until the machine's SSH server says that it is one.
func (m *machine) answers(ctx context.Context, run *running) error {
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		if run.banner(ctx) {
			return nil
		}
		select {
		case <-run.process.done:
			return fmt.Errorf("it ended while it started: see %s", m.consoleFile())
		case <-ctx.Done():
			return fmt.Errorf("its SSH server does not answer after %s: see %s", startLimit, m.consoleFile())
		case <-poll.C:
		}
	}
}

func (run *running) banner(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := run.dial(ctx, sshPorts...)
	if err != nil {
		return false
	}
	defer conn.Close()
	start := make([]byte, 4)
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = conn.Read(start)
	return err == nil && string(start) == "SSH-"
}

// wire gives a running machine the interfaces and addresses that its state asks for.
func (m *machine) wire(run *running) error {
	wanted, err := m.addresses()
	if err != nil {
		return err
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.nics == nil {
		return errors.New("it is off")
	}
	for id, plugged := range run.nics {
		if plugged.address != wanted[id] {
			if err := plugged.unplug(); err != nil {
				return err
			}
			delete(run.nics, id)
		}
	}
	faults := m.state.Get().Faults
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if run.nics[id] != nil {
			continue
		}
		made, err := m.hosts.networks.plug(m.id, run.network, run.freeName(), id, wanted[id])
		if err != nil {
			return err
		}
		run.nics[id] = made
		if err := errors.Join(made.cut(faults.Cut), made.slow(faults.Slow)); err != nil {
			return err
		}
	}
	return m.listen(run)
}

// freeName is the first name that no interface has: eth0 is on the public side where there is one.
func (run *running) freeName() string {
	for i := 0; ; i++ {
		name := "eth" + strconv.Itoa(i)
		taken := false
		for _, each := range run.nics {
			taken = taken || each.name == name
		}
		if !taken {
			return name
		}
	}
}

// addresses are those that the machine should have, by network.
func (m *machine) addresses() (map[string]netip.Prefix, error) {
	spec := m.state.Get().Machine
	wanted := map[string]netip.Prefix{}
	if spec.PublicAddress != "" {
		address, err := translate(spec.PublicAddress)
		if err != nil {
			return nil, err
		}
		wanted[public] = netip.PrefixFrom(address, publicSide.Bits())
	}
	for id, text := range spec.PrivateAddresses {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		subnet, err := netip.ParsePrefix(spec.Subnets[id])
		if err != nil {
			return nil, fmt.Errorf("the range of network %s: %w", id, err)
		}
		wanted[id] = netip.PrefixFrom(address, subnet.Bits())
	}
	if len(wanted) == 0 {
		return nil, errors.New("it has no address")
	}
	return wanted, nil
}

// sshPort is where each machine's SSH server is reached on its public address.
const sshPort = 2222

// sshPorts are where it listens: on an image's port until the user data moves it.
var sshPorts = []int{sshPort, 22}

// dial connects to the first of these ports that answers.
func (run *running) dial(ctx context.Context, ports ...int) (conn net.Conn, err error) {
	run.mu.Lock()
	var way *nic
	for _, id := range slices.Sorted(maps.Keys(run.nics)) {
		way = run.nics[id]
		break
	}
	run.mu.Unlock()
	if way == nil {
		return nil, errors.New("it is off")
	}
	for _, port := range ports {
		if conn, err = way.dial(ctx, port); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
