// Package real is the real kind of virtual machine: each is a container of systemd-nspawn with a system, a disk and a network of its
// own. Its systemd, sshd and cloud-init are Debian's, its addresses are on its own interfaces, and what it says of itself is so. If it
// is a Kubernetes node, kubeadm made it one and a kubelet runs on it.
//
// Nothing of it has a name on the machine that it runs on, apart from control groups: mounts, processes and networks are in namespaces
// that end with this program, however that ends.
package real

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
)

// Options are what a set of machines needs.
type Options struct {
	// Dir keeps the machines; a later New with the same Dir brings them back.
	Dir string
	// Base is the system that they lie over: see package debian.
	Base string
	// Additions lie over it on every machine: the absolute path of a folder, or of nothing.
	Additions string
	// Authority is a certificate authority that the machines trust as those that Debian knows, in PEM; none if it is empty.
	Authority []byte
	// Services are loopback addresses, with ports, at which the machines reach what listens there on the machine that we run on. Their
	// pods reach it at the same ports of OnPublicSide.
	Services []string
	// Logger hears of machines that start and stop; nil means nobody does.
	Logger *slog.Logger
}

// Hosts is the set of machines.
type Hosts struct {
	opts     Options
	log      *slog.Logger
	groups   groups
	networks networks
	machines roster.Roster[*machine]

	ctx context.Context // ends with Close
	end context.CancelFunc
}

var (
	_ hosts.Disturbable      = (*Hosts)(nil)
	_ emulator.VolumeRemover = (*Hosts)(nil)
)

// New brings back the machines that Options.Dir knows and that were running. Check tells beforehand whether machines can run here.
func New(opts Options) (*Hosts, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	for _, path := range []*string{&opts.Dir, &opts.Base} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return nil, err
		}
		*path = abs
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	if err := Sweep(opts.Dir); err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	groups, err := findGroups(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	h := &Hosts{opts: opts, log: opts.Logger, groups: groups}
	h.ctx, h.end = context.WithCancel(context.Background())
	if err := h.restore(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// restore loads the machines on disk and starts those that ran, all at the same time.
func (h *Hosts) restore() error {
	entries, err := os.ReadDir(h.opts.Dir)
	if err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() && validID.MatchString(entry.Name()) {
			if _, err := h.machine(emulator.Machine{ID: entry.Name()}); err != nil {
				return err
			}
		}
	}
	var group sync.WaitGroup
	machines := h.machines.All()
	errs := make([]error, len(machines))
	for i, m := range machines {
		group.Go(func() {
			if m.state.Get().Running {
				errs[i] = m.start()
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// validID keeps IDs usable as directory names.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (h *Hosts) machine(spec emulator.Machine) (*machine, error) {
	return h.machines.Ensure(spec.ID, func() (*machine, error) { return newMachine(h, spec) })
}

// Boot makes the machine run as described. It returns once its SSH server answers; the user data runs on meanwhile. Another call with
// the same ID updates addresses and starts a machine that was stopped.
func (h *Hosts) Boot(ctx context.Context, spec emulator.Machine) error {
	if !validID.MatchString(spec.ID) {
		return fmt.Errorf("hosts: machine id %q is not usable as a name", spec.ID)
	}
	m, err := h.machine(spec)
	if err != nil {
		return err
	}
	return m.boot(spec)
}

// Remove ends the machine and forgets everything of it.
func (h *Hosts) Remove(_ context.Context, id string) {
	m, known := h.machines.Take(id)
	if !known {
		return
	}
	if err := m.remove(); err != nil {
		h.log.Error("machine not removed cleanly", "machine", m.Name(), "error", err)
	}
}

// Close shuts every machine down. The machines stay on disk and come back with the next New.
func (h *Hosts) Close() error {
	h.machines.Close()
	var group sync.WaitGroup
	for _, m := range h.machines.All() {
		group.Go(m.halt)
	}
	group.Wait()
	h.end()
	h.networks.close()
	return h.groups.remove()
}
