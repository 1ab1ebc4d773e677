package kubespray

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// TestInventoryAsAnsibleReadsIt gives the golden inventories to the real ansible-inventory.
func TestInventoryAsAnsibleReadsIt(t *testing.T) {
	if _, err := exec.LookPath("ansible-inventory"); err != nil {
		t.Skip("ansible-inventory is not installed: ./scripts/setup installs it")
	}
	for name, want := range map[string]struct {
		groups map[string][]string
		types  map[string]string
	}{
		"demo": {
			groups: map[string][]string{
				"kube_control_plane": {"arvan-k8s-m1"}, "etcd": {"arvan-k8s-m1"}, "kube_node": {"arvan-k8s-w1"},
			},
			types: map[string]string{
				"ansible_port": "float64", "calico_mtu": "float64", "kube_version": "string", "kubeconfig_localhost": "bool",
				"local_path_provisioner_enabled": "bool", "local_path_provisioner_is_default_storageclass": "string",
				"supplementary_addresses_in_ssl_keys": "[]interface {}", "ubuntu_stop_unattended_upgrades": "bool",
			},
		},
		"prod": {
			groups: map[string][]string{
				"kube_control_plane": {"arvan-k8s-m1", "arvan-k8s-m2", "arvan-k8s-m3"},
				"etcd":               {"arvan-k8s-m1", "arvan-k8s-m2", "arvan-k8s-m3"},
				"kube_node":          {"arvan-k8s-w1", "arvan-k8s-w2", "arvan-k8s-w3", "arvan-k8s-w4"},
			},
			types: map[string]string{
				"node_labels": "map[string]interface {}", "containerd_registries_mirrors": "[]interface {}", "dl_k8s_io_url": "string",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hosts := filepath.Join("testdata", name, "inventory", "hosts.yaml")
			out, err := exec.Command("ansible-inventory", "-i", hosts, "--list").Output()
			assert.NilError(t, err)
			var listing map[string]struct {
				Hosts    []string
				Children []string
				HostVars map[string]map[string]any
			}
			assert.NilError(t, json.Unmarshal(out, &listing))
			for group, members := range want.groups {
				assert.DeepEqual(t, listing[group].Hosts, members)
			}
			assert.DeepEqual(t, listing["k8s_cluster"].Children, []string{"kube_control_plane", "kube_node"})
			worker := listing["_meta"].HostVars["arvan-k8s-w1"]
			for variable, kind := range want.types {
				assert.Equal(t, fmt.Sprintf("%T", worker[variable]), kind, variable)
			}
		})
	}
}
