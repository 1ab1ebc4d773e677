package hosts

import (
	"context"
	"errors"
	"fmt"
)

// upgrade is `kubeadm upgrade apply VERSION`, which takes the cluster to a version, and `kubeadm upgrade node`, which takes
// another node to the cluster's. It refuses what kubeadm refuses. The API server itself stays what it is: the sandbox has one.
func (m *machine) upgrade(ctx context.Context, action, version string) error {
	m.hosts.kubeadm.Lock()
	defer m.hosts.kubeadm.Unlock()
	current := m.snapshot().Node
	if current == nil {
		return errors.New("this machine is no node of a cluster: kubeadm init or join comes first")
	}
	if err := m.hosts.reachableAPI(); err != nil {
		return err
	}
	cluster, err := m.hosts.clusterVersion()
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
	if err := m.hosts.opts.Cluster.Upgrade(ctx, current.Name, version); err != nil {
		return err
	}
	upgraded := *current
	upgraded.Version = version
	return m.update(func(s *state) { s.Node = &upgraded })
}

// clusterVersion is the highest version of a control plane.
func (h *Hosts) clusterVersion() (version, error) {
	var highest version
	for _, m := range h.all() {
		node := m.snapshot().Node
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

// version is one of Kubernetes.
type version struct{ major, minor, patch int }

func parseVersion(text string) (version, error) {
	var v version
	if _, err := fmt.Sscanf(text, "v%d.%d.%d", &v.major, &v.minor, &v.patch); err != nil || v.String() != text {
		return version{}, fmt.Errorf("%q is not a version like v1.35.4", text)
	}
	return v, nil
}

// String writes the version as Kubernetes does.
func (v version) String() string { return fmt.Sprintf("v%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) less(other version) bool {
	if v.major != other.major {
		return v.major < other.major
	}
	if v.minor != other.minor {
		return v.minor < other.minor
	}
	return v.patch < other.patch
}
