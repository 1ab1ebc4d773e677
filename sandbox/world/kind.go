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
		authority, err := Trust(w).Authority()
		if err != nil {
			return nil, err
		}
		return real.New(real.Options{
			Dir: w.Path("hosts"), Base: debian.Path(w.Systems()), Additions: w.Additions(), Authority: authority, Services: services(w), Logger: logger,
		})
	}
	return light.New(light.Options{
		Dir: w.Path("hosts"), GuestBinary: w.Binary("guest"), KubectlBinary: w.Binary("kube"), Cluster: cluster, Logger: logger,
	})
}

// services are what machines with a network of their own have to reach outside of it: what stands for mirrors, storage and
// who is told elsewhere, and who says which pods are simulated.
func services(w *workspace.Workspace) []string {
	var addresses []string
	for _, port := range []int{
		workspace.APIPort, workspace.FilesPort, workspace.StoragePort, workspace.RegistryPort, workspace.MessagesPort, workspace.GitPort, workspace.AdmissionPort,
	} {
		addresses = append(addresses, net.JoinHostPort(w.Address(1).String(), strconv.Itoa(port)))
	}
	return addresses
}

func describeKind(kind workspace.Kind) string {
	if kind == workspace.Real {
		return "systemd-nspawn: systemd, sshd, kubelet, containers, disk and network of their own"
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
