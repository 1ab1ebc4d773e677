// Package emulator serves ArvanCloud's v1 IaaS API (/ecc/v1) and CDN 4.0 API (/cdn/4.0) from memory, with the states that
// take time, the oddities and the failures of the real thing. It is a test double: the provider's tests run it in-process,
// the sandbox runs servers "in" it through Machines.
package emulator

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Options configure an Emulator. The zero value serves from memory, accepts any key and moves states forward per read.
type Options struct {
	// APIKey is the key that calls must carry as "Authorization: Apikey <key>"; empty accepts every non-empty key.
	APIKey string
	// StateFile is where the state is kept over a restart; empty keeps it in memory only.
	StateFile string
	// PublicAddresses is the pool of public addresses, given out in order; empty means a range reserved for benchmarks.
	PublicAddresses []netip.Addr
	// Pace says how long states take.
	Pace Pace
	// Machines is told when a server has to run and when it is gone; nil means nobody.
	Machines Machines
	// Variants chooses between behaviours on which the descriptions of the API disagree.
	Variants Variants
	// Quota limits what one zone may hold; the zero value is generous.
	Quota Quota
	// Ranges are what the list of the CDN's addresses says; empty for the real one's of 2026.
	Ranges []string
	// Logger receives one debug line per call and a warning per failed boot; nil discards them.
	Logger *slog.Logger
}

// Machines is where servers really run. Calls are made once per change, never two at a time for one server, and not under
// the emulator's lock.
type Machines interface {
	// Boot makes the machine run as described. It is called again with the same ID when its description changed (another
	// network, another public address) and after a restart, and must then be idempotent.
	Boot(ctx context.Context, machine Machine) error
	// Remove ends the machine and forgets everything of it.
	Remove(ctx context.Context, id string)
}

// Stopper is what Machines may also implement, to be told about servers that are switched off but kept.
type Stopper interface {
	Stop(ctx context.Context, id string) error
}

// VolumeRemover is what Machines may also implement, to be told about volumes that are gone with what is on them.
type VolumeRemover interface {
	RemoveVolume(ctx context.Context, id string)
}

// Volume is a disk that is attached to a machine and outlives it.
type Volume struct {
	ID     string
	GiB    int
	Device string // what it is called there: "/dev/vdb"
}

// Machine describes a running server.
type Machine struct {
	ID       string
	Name     string
	Zone     string
	Image    string // distribution and version, for example "debian/12"
	UserData string // what the create call sent as init_script
	// PublicAddress is the first public IPv4 address; empty without one.
	PublicAddress string
	// PrivateAddresses are the addresses on private networks, by network id.
	PrivateAddresses map[string]string
	// Subnets are those networks' ranges in CIDR notation, by network id.
	Subnets map[string]string
	// AuthorizedKeys are the public keys that may log in.
	AuthorizedKeys []string
	// DiskGiB is the size of the machine's own disk. It grows while the machine is off.
	DiskGiB int
	// Volumes are the disks besides the machine's own.
	Volumes []Volume
}

// Emulator is the API as an http.Handler.
type Emulator struct {
	options Options
	logger  *slog.Logger
	admin   *http.ServeMux
	pool    addressPool
	now     func() time.Time

	ctx    context.Context
	cancel context.CancelFunc
	boots  sync.WaitGroup

	mu       sync.Mutex // guards all below
	world    *world
	machines map[string]*machineState
	faults   faultSet
	requests requestLog
	dirty    bool

	saving sync.Mutex // held while the state file is written; taken before mu
}

// New makes an emulator. With a state file that exists it continues from there: servers that were running are booted again
// before New returns.
func New(options Options) (*Emulator, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	options.Pace = options.Pace.withDefaults()
	options.Quota = options.Quota.withDefaults()
	options.Variants = options.Variants.withDefaults()
	pool, err := newAddressPool(options.PublicAddresses)
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		options:  options,
		logger:   options.Logger,
		pool:     pool,
		now:      time.Now,
		machines: map[string]*machineState{},
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if err := e.load(); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	e.admin = e.adminRoutes()
	e.resumeMachines()
	return e, nil
}

// Close waits for running boots to notice that they are cancelled and writes the state file a last time. The machines
// themselves keep running: they belong to whoever made them.
func (e *Emulator) Close() error {
	e.cancel()
	e.boots.Wait()
	e.mu.Lock()
	e.dirty = true
	e.mu.Unlock()
	return e.save()
}

func apiRoutes() *router {
	r := &router{}
	accountRoutes(r)
	zone := r.under("/ecc/v1/regions/{zone}")
	for _, family := range []func(*router){
		sshKeyRoutes, quotaRoutes, sizeRoutes, imageRoutes, networkRoutes, subnetRoutes, portRoutes, securityRoutes,
		serverRoutes, serverActionRoutes, serverConsoleRoutes, rootVolumeRoutes, serverGroupRoutes, floatingIPRoutes, volumeRoutes,
		snapshotRoutes, tagRoutes, ptrRoutes, reportRoutes,
	} {
		family(zone)
	}
	cdn := r.under("/cdn/4.0")
	for _, family := range []func(*router){
		domainRoutes, domainPlanRoutes, nameServerRoutes, dnsRecordRoutes, dnssecRoutes, settingsRoutes, collectionRoutes,
		certificateRoutes, purgeRoutes,
	} {
		family(cdn)
	}
	return r
}
