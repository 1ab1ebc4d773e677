// Package light is the light kind of virtual machine: each is a directory, an SSH server on the machine's public address, and
// commands that run in a root of the machine's own. What a real machine's system services would do (units, first boot, kubeadm)
// is done out here, by the packages beside this one, asked for by the stand-ins of sandbox/cmd/guest inside the machine.
package light

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
	"github.com/iransre/exchange-platform/sandbox/hosts/disks"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
)

// Options are what a set of machines needs.
type Options struct {
	// Dir keeps the machines; a later New with the same Dir brings them back.
	Dir string
	// Port is where each machine's SSH server listens on its public address; inside the machines it is also reached
	// as port 22. Zero means 2222.
	Port int
	// GuestBinary is the built sandbox/cmd/guest.
	GuestBinary string
	// KubectlBinary is bound into the machines as kubectl, etcdctl and etcdutl, in /usr/local/bin, when given.
	KubectlBinary string
	// Cluster is what kubeadm talks to; nil means that kubeadm refuses.
	Cluster kubeadm.Cluster
	// Logger hears of machines that start and stop; nil means nobody does.
	Logger *slog.Logger
}

// Hosts is the set of machines.
type Hosts struct {
	opts  Options
	bwrap string
	disks *disks.Disks // nil where this machine's users may not mount anything
	log   *slog.Logger
	ctx   context.Context // ends with Close
	end   context.CancelFunc

	machines roster.Roster[*machine]
	reports  kubeadm.Reports
	kubeadm  *kubeadm.Kubeadm
}

var (
	_ hosts.Disturbable      = (*Hosts)(nil)
	_ emulator.VolumeRemover = (*Hosts)(nil)
)

// New checks that machines can run here and brings back those that Options.Dir knows and that were running.
func New(opts Options) (*Hosts, error) {
	if opts.Port == 0 {
		opts.Port = 2222
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	for _, path := range []*string{&opts.Dir, &opts.GuestBinary, &opts.KubectlBinary} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return nil, err
		}
		*path = abs
	}
	if _, err := os.Stat(opts.GuestBinary); err != nil {
		return nil, fmt.Errorf("hosts: the machines' stand-in binary is missing: %w", err)
	}
	bwrap, err := jail.FindBubblewrap()
	if err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	if err := jail.AdoptOrphans(); err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	h := &Hosts{opts: opts, bwrap: bwrap, log: opts.Logger}
	h.kubeadm = kubeadm.New(opts.Cluster, func() []kubeadm.Machine { return roster.Each[kubeadm.Machine](&h.machines) })
	h.ctx, h.end = context.WithCancel(context.Background())
	if h.disks, err = disks.New(opts.Dir); err != nil {
		h.log.Warn("disks of machines cannot be filled here", "error", err)
	}
	if err := h.restore(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// restore loads the machines on disk and starts those that ran.
func (h *Hosts) restore() error {
	entries, err := os.ReadDir(h.opts.Dir)
	if err != nil {
		return fmt.Errorf("hosts: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || !validID.MatchString(entry.Name()) {
			continue
		}
		if _, err := h.machine(emulator.Machine{ID: entry.Name()}); err != nil {
			return err
		}
	}
	var errs []error
	for _, m := range h.machines.All() {
		if m.state.Get().Running {
			errs = append(errs, m.start())
		}
		h.reportSoon(m) // what changed since it was told last, if the daemon was killed in between
	}
	return errors.Join(errs...)
}

// validID keeps IDs usable as directory names.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (h *Hosts) machine(spec emulator.Machine) (*machine, error) {
	return h.machines.Ensure(spec.ID, func() (*machine, error) { return newMachine(h, spec) })
}

// Boot makes the machine run as described. It returns once the SSH server answers; the user data runs afterwards, as on
// a real machine. Another call with the same ID updates addresses and starts a machine that was stopped.
func (h *Hosts) Boot(_ context.Context, spec emulator.Machine) error {
	if !validID.MatchString(spec.ID) {
		return fmt.Errorf("hosts: machine id %q is not usable as a name", spec.ID)
	}
	m, err := h.machine(spec)
	if err != nil {
		return err
	}
	return m.boot(spec)
}

// Remove ends the machine and forgets everything of it, its Node object included: nothing would ever report for it again.
func (h *Hosts) Remove(ctx context.Context, id string) {
	m, known := h.machines.Take(id)
	if !known {
		return
	}
	if err := m.remove(ctx); err != nil {
		h.log.Error("machine not removed cleanly", "machine", m.Name(), "error", err)
	}
}

// Close ends every machine's processes and listeners. The machines stay on disk and come back with the next New.
func (h *Hosts) Close() error {
	h.machines.Close()
	var group sync.WaitGroup
	for _, m := range h.machines.All() {
		group.Go(m.halt)
	}
	group.Wait()
	h.end()
	h.reports.Wait()
	h.disks.Close()
	return nil
}
