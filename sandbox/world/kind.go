package world

import (
	"log/slog"
	"net"
	"strconv"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// newMachines makes the virtual machines that the cloud has. What kind they are is decided here and nowhere else.
func newMachines(w *workspace.Workspace, cluster *cluster, logger *slog.Logger) (hosts.Disturbable, error) {
	if w.Kind() == workspace.Real {
		authority, err := trust(w).Authority()
		if err != nil {
			return nil, err
		}
		options := real.Options{
			Dir: w.Path("hosts"), Base: debian.Path(w.Systems()), GuestBinary: w.Binary("guest"), Authority: authority, Services: services(w), Logger: logger,
		}
		if !w.RealNodes() {
			options.KubectlBinary, options.Cluster = w.Binary("kube"), cluster
		}
		return real.New(options)
	}
	return light.New(light.Options{
		Dir: w.Path("hosts"), GuestBinary: w.Binary("guest"), KubectlBinary: w.Binary("kube"), Cluster: cluster, Logger: logger,
	})
}

// services are what machines with a network of their own have to reach outside of it: what stands for a mirror and for storage
// elsewhere, and etcd, which is one for all.
func services(w *workspace.Workspace) []string {
	var addresses []string
	for _, port := range []int{workspace.APIPort, workspace.FilesPort, workspace.StoragePort, etcdPort} {
		addresses = append(addresses, net.JoinHostPort(w.Address(1).String(), strconv.Itoa(port)))
	}
	if w.RealNodes() {
		for _, port := range []int{workspace.RegistryPort, workspace.AdmissionPort} {
			addresses = append(addresses, net.JoinHostPort(w.Address(1).String(), strconv.Itoa(port)))
		}
	}
	return addresses
}

// etcdPort is where the control plane's etcd answers.
const etcdPort = 2379

func describeKind(kind workspace.Kind) string {
	if kind == workspace.Real {
		return "systemd-nspawn: systemd, sshd, disk and network of their own"
	}
	return "SSH servers over bubblewrap roots"
}

// sweep ends what a world that was killed may have left running.
func sweep(w *workspace.Workspace) error {
	if w.Kind() == workspace.Real {
		return real.Sweep(w.Path("hosts"))
	}
	return nil // it died with the world
}
