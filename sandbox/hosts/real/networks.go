package real

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/netns"
)

// networks are what the machines' interfaces are plugged into: a bridge for each private network and one for the public side, each in
// a namespace of its own, so that two may have the same addresses and none is seen outside.
type networks struct {
	mu   sync.Mutex
	byID map[string]*segment
}

// public is the ID of the network on the public side.
const public = ""

// The public side. A public address is a loopback one of the machine that we run on; who connects there is led to the machine through
// this network, where its address is another: no machine can be reached from elsewhere by a loopback address.
var (
	publicSide    = netip.MustParsePrefix("198.18.0.0/15")
	publicGateway = netip.MustParseAddr("198.19.255.254")
)

// ownAddress is by what a private network sees us, as it sees a cloud's metadata service.
var ownAddress = netip.MustParseAddr("169.254.169.254")

// translate is the address on the public side that stands for a public address.
func translate(address string) (netip.Addr, error) {
	parsed, err := netip.ParseAddr(address)
	if err != nil || !parsed.Is4() {
		return netip.Addr{}, fmt.Errorf("public address %q: %w", address, err)
	}
	bytes := parsed.As4()
	return netip.AddrFrom4([4]byte{198, 18, bytes[2], bytes[3]}), nil
}

// OnPublicSide is the address by which machines reach what this machine reaches by a loopback one.
func OnPublicSide(address netip.Addr) (netip.Addr, error) { return translate(address.String()) }

// segment is one network.
type segment struct {
	*netns.Namespace
	public bool
}

// segment returns a network, made if nobody was on it yet.
func (n *networks) segment(id string) (*segment, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.byID[id]; s != nil {
		return s, nil
	}
	namespace, err := netns.New()
	if err != nil {
		return nil, err
	}
	s := &segment{Namespace: namespace, public: id == public}
	commands := []string{"link add bridge type bridge", "link set bridge up"}
	if s.public {
		commands = append(commands, fmt.Sprintf("addr add %s/%d dev bridge", publicGateway, publicSide.Bits()), "route add unreachable default")
	} else {
		commands = append(commands, fmt.Sprintf("addr add %s/32 dev bridge", ownAddress))
	}
	err = s.Configure(commands...)
	if err == nil && s.public {
		err = s.Sysctl("ipv4/ip_forward", "1") // it tells machines at once that the world is out of reach
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if n.byID == nil {
		n.byID = map[string]*segment{}
	}
	n.byID[id] = s
	return s, nil
}

func (n *networks) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.byID {
		_ = s.Close()
	}
	n.byID = nil
}

// nic is an interface of a machine.
type nic struct {
	network string
	address netip.Prefix
	segment *segment
	machine *netns.Namespace
	name    string // in the machine
	port    string // on the bridge
}

// plug gives the machine in this namespace an interface of this name and address.
func (n *networks) plug(id string, machine *netns.Namespace, name, network string, address netip.Prefix) (*nic, error) {
	s, err := n.segment(network)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(id + " " + network))
	port := fmt.Sprintf("p%x", sum[:6])
	// always the same one: its neighbours would go on asking for the old one after a reboot
	hardware := net.HardwareAddr(append([]byte{0x02}, sum[:5]...))
	made := &nic{network: network, address: address, segment: s, machine: machine, name: name, port: port}
	commands := []string{
		fmt.Sprintf("link add %s type veth peer name %s address %s netns %s", port, name, hardware, machine.Path()),
		fmt.Sprintf("link set %s master bridge up", port),
	}
	if !s.public {
		commands = append(commands, fmt.Sprintf("route replace %s dev bridge src %s", address.Masked(), ownAddress))
	}
	if err := s.Configure(commands...); err != nil {
		return nil, err
	}
	inside := []string{fmt.Sprintf("addr add %s dev %s", address, name), fmt.Sprintf("link set %s up", name)}
	if s.public {
		inside = append(inside, fmt.Sprintf("route add default via %s", publicGateway))
	} else {
		inside = append(inside, fmt.Sprintf("route add %s dev %s", ownAddress, name))
	}
	if err := machine.Configure(inside...); err != nil {
		return nil, errors.Join(err, made.unplug())
	}
	return made, nil
}

func (n *nic) unplug() error { return n.segment.Configure("link del " + n.port) }

// dial connects to a port of the machine.
func (n *nic) dial(ctx context.Context, port int) (net.Conn, error) {
	return n.segment.Dial(ctx, netip.AddrPortFrom(n.address.Addr(), uint16(port)).String())
}

// cut pulls the cable, or plugs it in again.
func (n *nic) cut(off bool) error {
	state := "up"
	if off {
		state = "down"
	}
	return n.segment.Configure(fmt.Sprintf("link set %s %s", n.port, state))
}

// slow makes the interface slow both ways; nil makes it fast again. How late packets arrive is for the kernel's netem to do, which not
// every kernel has: then it is only the connections from outside that are late.
func (n *nic) slow(pace *hosts.Slowness) error {
	for _, end := range []struct {
		namespace *netns.Namespace
		device    string
	}{{n.segment.Namespace, n.port}, {n.machine, n.name}} {
		_ = end.namespace.Shape("qdisc del dev " + end.device + " root") // there is none to begin with
		if pace == nil {
			continue
		}
		netem := fmt.Sprintf("qdisc add dev %s root netem delay %dus", end.device, pace.Delay.Microseconds())
		if pace.BytesPerSecond > 0 {
			netem += fmt.Sprintf(" rate %dbps", pace.BytesPerSecond)
		}
		if end.namespace.Shape(netem) == nil || pace.BytesPerSecond == 0 {
			continue
		}
		bucket := fmt.Sprintf("qdisc add dev %s root tbf rate %dbps burst 16kb latency 1s", end.device, pace.BytesPerSecond)
		if err := end.namespace.Shape(bucket); err != nil {
			return err
		}
	}
	return nil
}
