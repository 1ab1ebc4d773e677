package kubeadm

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

// APIPort is where an API server is reached on a control plane's public address.
const APIPort = 6443

// ReportKubelet tells the cluster whether the machine's kubelet can be heard.
func (k *Kubeadm) ReportKubelet(ctx context.Context, m Machine) error {
	node, _ := m.Node()
	if k.cluster == nil || node == nil {
		return nil
	}
	if m.Connected() {
		return k.cluster.NodeBack(ctx, node.Name)
	}
	return k.cluster.NodeLost(ctx, node.Name)
}

// API returns who answers on a control plane's APIPort, or nil for other machines. It joins connections with the real API server.
func (k *Kubeadm) API(m Machine, log *slog.Logger) network.Handler {
	if k.cluster == nil || !isControlPlane(m) {
		return nil
	}
	return func(conn net.Conn) {
		defer conn.Close()
		server, err := net.DialTimeout("tcp", k.cluster.Address(), 5*time.Second)
		if err != nil {
			log.Warn("API server not reached", "error", err)
			return
		}
		network.Splice(conn, server)
	}
}
