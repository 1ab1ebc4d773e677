package kubeadm

import (
	"context"
	"errors"
	"fmt"
)

// upgrade is `kubeadm upgrade apply VERSION`, which takes the cluster to a version, and `kubeadm upgrade node`, which takes
// another node to the cluster's. It refuses what kubeadm refuses. The API server itself stays what it is: the sandbox has one.
func (k *Kubeadm) upgrade(ctx context.Context, m Machine, action, version string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	current, sans := m.Node()
	if current == nil {
		return errors.New("this machine is no node of a cluster: kubeadm init or join comes first")
	}
	if err := k.reachableAPI(); err != nil {
		return err
	}
	cluster, err := k.clusterVersion()
	if err != nil {
		return err
	}
	switch action {
	case "apply":
		if !current.ControlPlane {
			return errors.New("upgrade apply runs on a control plane: on a worker, run upgrade node")
		}
		if err := canUpgrade(cluster, version); err != nil {
			return err
		}
	case "node":
		if version == "" {
			version = cluster.String()
		}
		if wanted, err := parseVersion(version); err != nil {
			return err
		} else if cluster.less(wanted) {
			return fmt.Errorf("the cluster is at %s: a node may not be at %s before upgrade apply took the cluster there", cluster, version)
		}
		own, err := parseVersion(current.Version)
		if err != nil {
			return err
		}
		if wanted, _ := parseVersion(version); wanted.less(own) { // it was parsed above
			return fmt.Errorf("node %s is at %s: kubeadm does not go back to %s", current.Name, own, version)
		}
	default:
		return fmt.Errorf("unknown action upgrade %s", action)
	}
	if err := k.cluster.Upgrade(ctx, current.Name, version); err != nil {
		return err
	}
	upgraded := *current
	upgraded.Version = version
	return m.SetNode(&upgraded, sans)
}

// clusterVersion is the highest version of a control plane.
func (k *Kubeadm) clusterVersion() (version, error) {
	var highest version
	for _, m := range k.machines() {
		node, _ := m.Node()
		if node == nil || !node.ControlPlane {
			continue
		}
		own, err := parseVersion(node.Version)
		if err != nil {
			return version{}, fmt.Errorf("node %s: %w", node.Name, err)
		}
		if highest.less(own) {
			highest = own
		}
	}
	return highest, nil
}

func canUpgrade(from version, text string) error {
	to, err := parseVersion(text)
	switch {
	case err != nil:
		return err
	case to.less(from):
		return fmt.Errorf("the cluster is at %s: kubeadm does not go back to %s", from, to)
	case to.major != from.major || to.minor > from.minor+1:
		return fmt.Errorf("the cluster is at %s: %s is too high, kubeadm upgrades one minor version at a time", from, to)
	default:
		return nil
	}
}
