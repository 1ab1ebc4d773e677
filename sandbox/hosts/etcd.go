package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// EtcdKeys are what a machine needs to be a client, and would need to be a member, of etcd: certificates and keys in PEM.
type EtcdKeys struct {
	// Endpoint is where etcd answers.
	Endpoint string
	CA       []byte
	// Admin is for etcdctl; Member is what the machine would serve and show to other members.
	Admin, Member KeyPair
}

// KeyPair is a certificate and its key.
type KeyPair struct{ Certificate, Key []byte }

// etcdDir is where Kubespray keeps etcd's keys.
const etcdDir = "etc/ssl/etcd/ssl"

// handleEtcd gives the machine the keys of etcd, at the paths Kubespray uses. The cluster that they are for must be there
// then: kubeadm comes later, and would have made a new one.
func (m *machine) handleEtcd(handle handleFunc) {
	handle("POST "+guestapi.EtcdKeys, func(w http.ResponseWriter, r *http.Request) error {
		cluster := m.hosts.opts.Cluster
		if cluster == nil {
			return errors.New("this sandbox runs no etcd")
		}
		m.hosts.kubeadm.Lock()
		defer m.hosts.kubeadm.Unlock()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), clusterTimeout)
		defer cancel()
		if !m.hosts.hasControlPlane() {
			if err := cluster.Renew(ctx); err != nil {
				return fmt.Errorf("a new etcd: %w", err)
			}
		}
		name, state := m.hostname(), m.snapshot()
		addresses := []string{"localhost", "127.0.0.1", name, state.Machine.PublicAddress}
		for _, address := range state.Machine.PrivateAddresses {
			addresses = append(addresses, address)
		}
		keys, err := cluster.EtcdKeys(ctx, name, addresses)
		if err != nil {
			return fmt.Errorf("etcd's keys: %w", err)
		}
		for file, content := range map[string][]byte{
			"ca.pem":                 keys.CA,
			"admin-" + name + ".pem": keys.Admin.Certificate, "admin-" + name + "-key.pem": keys.Admin.Key,
			"member-" + name + ".pem": keys.Member.Certificate, "member-" + name + "-key.pem": keys.Member.Key,
		} {
			if err := m.writeNodeFile(etcdDir+"/"+file, content); err != nil {
				return err
			}
		}
		return json.NewEncoder(w).Encode(guestapi.EtcdAnswer{Endpoint: keys.Endpoint})
	})
}
