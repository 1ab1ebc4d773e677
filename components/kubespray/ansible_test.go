package kubespray

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"gotest.tools/v3/assert"
)

// What every node is told, as JSON types: a boolean in quotes would count as true, a number in quotes is left out of Calico's
// settings.
var (
	hostTypes = map[string]string{
		"ansible_host": "string", "ansible_port": "number", "ansible_user": "string", "ip": "string", "access_ip": "string",
	}
	everyTypes = map[string]string{
		"etcd_deployment_type": "string", "etcd_metrics_port": "number",
		"ubuntu_stop_unattended_upgrades": "boolean", "ubuntu_kernel_unattended_upgrades_disabled": "boolean",

		"kube_version": "string", "container_manager": "string", "kube_network_plugin": "string",
		"kube_service_addresses": "string", "kube_pods_subnet": "string", "supplementary_addresses_in_ssl_keys": "list",
		"local_path_provisioner_enabled": "boolean", "local_path_provisioner_storage_class": "string",
		"local_path_provisioner_is_default_storageclass": "string",
	}
	calicoTypes = map[string]string{"calico_network_backend": "string", "calico_mtu": "number"}
	ciliumTypes = map[string]string{"cilium_mtu": "string", "cilium_tunnel_mode": "string"}
	prodTypes   = map[string]string{
		"loadbalancer_apiserver": "map", "apiserver_loadbalancer_domain_name": "string", "kube_owner": "string",
		"containerd_registries_mirrors": "list",
		"github_url":                    "string", "dl_k8s_io_url": "string", "storage_googleapis_url": "string", "get_helm_url": "string",
		"local_path_provisioner_claim_root": "string", "additional_sysctl": "list",
		"kube_controller_node_monitor_grace_period": "string",

		"kube_encrypt_secret_data": "boolean", "kubernetes_audit": "boolean",
		"audit_log_maxage": "number", "audit_log_maxbackups": "number", "audit_log_maxsize": "number",
		"kube_profiling": "boolean", "tls_min_version": "string", "tls_cipher_suites": "list",
		"kubelet_protect_kernel_defaults": "boolean", "kubelet_seccomp_default": "boolean",
		"kubelet_rotate_certificates": "boolean", "auto_renew_certificates": "boolean",

		"kube_reserved": "boolean", "kube_cpu_reserved": "string", "kube_memory_reserved": "string",
		"system_reserved": "boolean", "system_cpu_reserved": "string", "system_memory_reserved": "string",
	}
)

// TestInventoryAsAnsibleReadsIt gives inventories and variables to the real ansible-inventory: it has to find the hosts in
// their order, the groups, and every variable with the type and value that was meant, and no other.
func TestInventoryAsAnsibleReadsIt(t *testing.T) {
	if _, err := exec.LookPath("ansible-inventory"); err != nil {
		t.Skip("ansible-inventory is not installed: ./scripts/setup installs it")
	}
	names := func(kind string, count int) []string {
		var names []string
		for number := range count {
			names = append(names, fmt.Sprintf("arvan-k8s-%s%d", kind, number+1))
		}
		return names
	}
	cilium := prodArgs()
	cilium.Network = Cilium
	for name, test := range map[string]struct {
		bundle                 *rendered
		controlPlanes, workers int
		types                  []map[string]string
	}{
		"demo":   {demoRendered(t), 1, 1, []map[string]string{everyTypes, calicoTypes}},
		"prod":   {prodRendered(t), 3, 4, []map[string]string{everyTypes, calicoTypes, prodTypes}},
		"cilium": {renderedFor(t, cilium, nil, "api.exchange.example"), 3, 4, []map[string]string{everyTypes, ciliumTypes, prodTypes}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			groups, variables := ansibleReads(t, test.bundle)
			controlPlanes, workers := names("m", test.controlPlanes), names("w", test.workers)
			assert.DeepEqual(t, groups, map[string][]string{
				"all":                {"etcd", "k8s_cluster", "kube_control_plane", "kube_node", "ungrouped"},
				"k8s_cluster":        {"kube_control_plane", "kube_node"},
				"kube_control_plane": controlPlanes, "etcd": controlPlanes, "kube_node": workers,
			})
			assert.DeepEqual(t, slices.Sorted(maps.Keys(variables)), append(controlPlanes, workers...))
			written := writtenVariables(t, test.bundle)
			for host, values := range variables {
				assert.DeepEqual(t, values, written[host])
				want := map[string]string{}
				for _, types := range append(test.types, hostTypes) {
					maps.Copy(want, types)
				}
				if strings.HasPrefix(host, "arvan-k8s-m") {
					want["etcd_member_name"] = "string"
				} else if test.workers > 1 {
					want["node_labels"] = "map"
				}
				if host == "arvan-k8s-w4" {
					want["node_taints"] = "list"
				}
				assert.DeepEqual(t, typesOf(values), want)
			}
		})
	}
}

// ansibleReads returns the members of each group and the variables of each host.
func ansibleReads(t *testing.T, bundle *rendered) (groups map[string][]string, variables map[string]map[string]any) {
	t.Helper()
	folder := t.TempDir()
	for _, f := range bundle.files {
		if strings.HasPrefix(f.path, "inventory/") {
			path := filepath.Join(folder, f.path)
			assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			assert.NilError(t, os.WriteFile(path, f.data, 0o600))
		}
	}
	out, err := exec.Command("ansible-inventory", "-i", filepath.Join(folder, "inventory", "hosts.yaml"), "--list").Output()
	assert.NilError(t, err)
	var listing map[string]struct {
		Hosts, Children []string
		HostVars        map[string]map[string]any
	}
	assert.NilError(t, json.Unmarshal(out, &listing))
	variables = listing["_meta"].HostVars
	delete(listing, "_meta")
	groups = map[string][]string{}
	for name, group := range listing {
		// Ansible says of the group of all which children it has in an order of its own.
		slices.Sort(group.Children)
		groups[name] = append(group.Hosts, group.Children...)
	}
	return groups, variables
}

// writtenVariables are those the bundle has for each host, by way of another YAML parser.
func writtenVariables(t *testing.T, bundle *rendered) map[string]map[string]any {
	t.Helper()
	read := func(path string, into any) {
		for _, f := range bundle.files {
			if f.path == path {
				assert.NilError(t, yaml.Unmarshal(f.data, into))
			}
		}
	}
	var inventory struct {
		All struct{ Hosts map[string]map[string]any }
	}
	read("inventory/hosts.yaml", &inventory)
	for _, variables := range inventory.All.Hosts {
		read("inventory/group_vars/all/all.yml", &variables)
		read("inventory/group_vars/k8s_cluster/k8s-cluster.yml", &variables)
	}
	data, err := json.Marshal(inventory.All.Hosts)
	assert.NilError(t, err)
	var hosts map[string]map[string]any
	assert.NilError(t, json.Unmarshal(data, &hosts))
	return hosts
}

func typesOf(values map[string]any) map[string]string {
	types := map[string]string{}
	for name, value := range values {
		switch value.(type) {
		case string:
			types[name] = "string"
		case float64:
			types[name] = "number"
		case bool:
			types[name] = "boolean"
		case []any:
			types[name] = "list"
		default:
			types[name] = "map"
		}
	}
	return types
}
