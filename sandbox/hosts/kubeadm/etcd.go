package kubeadm

import (
	"context"
	"errors"
	"fmt"
)

// etcdDir is where Kubespray keeps etcd's keys.
const etcdDir = "etc/ssl/etcd/ssl"

// writeEtcdKeys gives the machine the keys of etcd, at the paths Kubespray uses. The cluster that they are for must be there
// then: kubeadm comes later, and would have made a new one.
func (k *Kubeadm) writeEtcdKeys(ctx context.Context, m Machine) (endpoint string, err error) {
	if k.cluster == nil {
		return "", errors.New("this sandbox runs no etcd")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Timeout)
	defer cancel()
	if !k.hasControlPlane() {
		if err := k.cluster.Renew(ctx); err != nil {
			return "", fmt.Errorf("a new etcd: %w", err)
		}
	}
	identity := m.Identity()
	name := identity.Hostname
	addresses := []string{"localhost", "127.0.0.1", name, identity.PublicAddress}
	for _, address := range identity.PrivateAddresses {
		addresses = append(addresses, address)
	}
	keys, err := k.cluster.EtcdKeys(ctx, name, addresses)
	if err != nil {
		return "", fmt.Errorf("etcd's keys: %w", err)
	}
	for file, content := range map[string][]byte{
		"ca.pem":                 keys.CA,
		"admin-" + name + ".pem": keys.Admin.Certificate, "admin-" + name + "-key.pem": keys.Admin.Key,
		"member-" + name + ".pem": keys.Member.Certificate, "member-" + name + "-key.pem": keys.Member.Key,
	} {
		if err := m.WriteFile(etcdDir+"/"+file, content); err != nil {
			return "", err
		}
	}
	return keys.Endpoint, nil
}
