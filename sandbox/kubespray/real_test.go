package kubespray

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"sigs.k8s.io/yaml"
)

// realMachines are machines on which Kubernetes really runs.
var realMachines = Machines{Real: true}

func TestTheTreeForRealMachinesIsReadByAnsible(t *testing.T) {
	for _, playbook := range []string{"cluster.yml", "scale.yml", "remove-node.yml", "upgrade-cluster.yml", "reset.yml"} {
		t.Run(playbook, func(t *testing.T) {
			t.Parallel()
			out, err := playOn(t, realMachines, Newest, inventory, playbook, "--syntax-check", "-e", "node=w2")
			assert.NilError(t, err, out)
		})
	}
}

func TestOnlyRealMachinesDownloadSoftware(t *testing.T) {
	light, err := release(Newest, Machines{})
	assert.NilError(t, err)
	real, err := release(Newest, realMachines)
	assert.NilError(t, err)
	const download = "roles/download/tasks/main.yml"
	assert.Assert(t, light[download].data == nil)
	assert.Assert(t, strings.Contains(string(real[download].data), "{{ dl_k8s_io_url }}/release/v{{ kube_version }}/bin/linux/"))
	for path := range light {
		assert.Assert(t, real[path].data != nil, path)
	}
}

// rendered renders a template of the tree for real machines with the variables of the first control plane.
func rendered(t *testing.T, template, variables string) string {
	t.Helper()
	folder := t.TempDir()
	playbook, own := filepath.Join(folder, "playbook.yml"), filepath.Join(folder, "variables.yml")
	assert.NilError(t, os.WriteFile(own, []byte(variables), 0o600))
	assert.NilError(t, os.WriteFile(playbook, []byte(`
- hosts: m1
  connection: local
  gather_facts: false
  roles: [kubespray_defaults]
  tasks:
    - copy: {content: "{{ lookup('template', '`+template+`') }}", dest: "`+folder+`/rendered"}
`), 0o600))
	out, err := playOn(t, realMachines, Newest, inventory, playbook, "-e", "@"+own)
	assert.NilError(t, err, out)
	text, err := os.ReadFile(filepath.Join(folder, "rendered"))
	assert.NilError(t, err)
	return string(text)
}

func TestKubeadmIsToldWhatTheInventorySays(t *testing.T) {
	template, err := filepath.Abs("real/roles/control_plane/templates/kubeadm-config.yaml.j2")
	assert.NilError(t, err)
	text := rendered(t, template, `
joining: false
taints: "{{ node_taint_objects }}"
certificate_names: [localhost, 203.0.113.11]
node_taints: ["dedicated=logs:NoExecute", "plain:NoSchedule"]
node_labels: {team: a, node-role.kubernetes.io/logs: ""}
supplementary_addresses_in_ssl_keys: []
`)
	var kinds []string
	for document := range strings.SplitSeq(text, "\n---\n") {
		var object map[string]any
		assert.NilError(t, yaml.Unmarshal([]byte(document), &object), document)
		kind, _ := object["kind"].(string)
		kinds = append(kinds, kind)
		if kind == "InitConfiguration" {
			registration, _ := object["nodeRegistration"].(map[string]any)
			assert.DeepEqual(t, registration["taints"], []any{
				map[string]any{"key": "node-role.kubernetes.io/control-plane", "value": "", "effect": "NoSchedule"},
				map[string]any{"key": "dedicated", "value": "logs", "effect": "NoExecute"},
				map[string]any{"key": "plain", "value": "", "effect": "NoSchedule"},
			})
			// a kubelet may not give itself a label of Kubernetes' own
			assert.Assert(t, is.Contains(document, `{name: node-labels, value: "team=a"}`))
		}
	}
	assert.DeepEqual(t, kinds, []string{"InitConfiguration", "ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration"})
	assert.Assert(t, is.Contains(text, "controlPlaneEndpoint: 10.0.0.11:6443"))
	assert.Assert(t, is.Contains(text, "- https://10.0.0.11:2379"))
	assert.Assert(t, is.Contains(text, "clusterDNS: [10.233.0.3]"))
}
