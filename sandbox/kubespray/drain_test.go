package kubespray

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"
)

// drains is a stand-in for kubectl and kubeadm that writes down what it is asked for. STATE is how the node stands; what DENIED fits is
// refused.
const drains = `#!/bin/sh
echo "$(basename "$0")" "$@" | sed 's/ --kubeconfig [^ ]*//' >> "$0.calls"
case "$*" in *"get node"*) printf '%s' 'STATE';; esac
[ -n 'STATE' ] || case "$*" in *drain*) echo 'Error from server (NotFound): nodes not found' >&2; exit 1;; esac
case "$*" in *DENIED*) echo 'Cannot evict pod as it would violate the pod'"'"'s disruption budget.' >&2; exit 1;; esac
`

// drain is what happens to one node.
type drain struct {
	role, state, denied string
	variables           map[string]any
	// wants are the commands that are given; says is what the failure says, nothing where there is none.
	wants, says string
}

// Drains are as Kubespray's: retried, then, if the user forces it, without asking; and one that fails leaves the node as it was.
func TestDrains(t *testing.T) {
	forced := map[string]any{"drain_retries": 0, "drain_fallback_enabled": true} // as the program sets it
	removed := map[string]any{"allow_ungraceful_removal": true}
	nodes := map[string]drain{
		"allowed":           {"upgrade_node", "True,", "nothing", nil, "cordon drain upgrade uncordon", ""},
		"refused":           {"upgrade_node", "True,", "drain", nil, "cordon drain drain drain drain uncordon", "Failed to drain node refused"},
		"forced":            {"upgrade_node", "True,", "360s", forced, "cordon drain drain --disable-eviction upgrade uncordon", ""},
		"refused-all-same":  {"upgrade_node", "True,", "drain", forced, "cordon drain drain --disable-eviction uncordon", "Failed to drain node refused-all-same"},
		"cordoned-before":   {"upgrade_node", "True,true", "nothing", nil, "upgrade", ""},
		"not-ready":         {"upgrade_node", "Unknown,", "nothing", nil, "upgrade", ""},
		"removed":           {"remove_node", "True,", "nothing", nil, "drain delete", ""},
		"not-removed":       {"remove_node", "True,", "drain", nil, "drain drain drain drain", "disruption budget"},
		"removed-all-same":  {"remove_node", "True,", "drain", removed, "drain delete", ""},
		"removed-not-there": {"remove_node", "", "nothing", nil, "drain delete", ""},
	}
	folder := t.TempDir()
	output := drainAll(t, folder, nodes)
	for name, node := range nodes {
		text, _ := os.ReadFile(filepath.Join(folder, name, "calls"))
		var calls []string
		for line := range strings.Lines(string(text)) {
			if call := strings.Fields(line)[1]; call != "get" {
				calls = append(calls, call)
			}
			if strings.Contains(line, "--disable-eviction") {
				calls = append(calls, "--disable-eviction")
			}
		}
		assert.Equal(t, strings.Join(calls, " "), node.wants, "%s:\n%s", name, output)
		failure := regexp.MustCompile(`(?m)^fatal: \[` + name + `( -> m1.*)?\]: FAILED! => .*` + node.says)
		assert.Equal(t, failure.MatchString(output), node.says != "", "%s:\n%s", name, output)
	}
}

// drainAll lets Ansible do to each node what it is for, with stand-ins for kubectl and kubeadm in a folder for each.
func drainAll(t *testing.T, folder string, nodes map[string]drain) (output string) {
	t.Helper()
	workers, roles := map[string]any{}, map[string][]string{}
	for name, node := range nodes {
		programs := filepath.Join(folder, name)
		assert.NilError(t, os.Mkdir(programs, 0o700))
		text := strings.NewReplacer("STATE", node.state, "DENIED", node.denied, `"$0.calls"`, programs+"/calls").Replace(drains)
		for _, program := range []string{"kubectl", "kubeadm"} {
			assert.NilError(t, os.WriteFile(filepath.Join(programs, program), []byte(text), 0o700))
		}
		variables := map[string]any{"bin_dir": programs, "drain_retry_delay_seconds": 0, "reset_nodes": false, "drain_fallback_timeout": "60s"}
		maps.Copy(variables, node.variables)
		workers[name], roles[node.role] = variables, append(roles[node.role], name)
	}
	hosts, err := yaml.Marshal(map[string]any{"all": map[string]any{
		"vars": map[string]any{"ansible_connection": "local"},
		"children": map[string]any{
			"kube_control_plane": map[string]any{"hosts": map[string]any{"m1": nil}},
			"etcd":               map[string]any{"hosts": map[string]any{"m1": nil}},
			"kube_node":          map[string]any{"hosts": workers},
		},
	}})
	assert.NilError(t, err)
	var playbook strings.Builder
	for role, names := range roles {
		fmt.Fprintf(&playbook, "- {hosts: '%s', gather_facts: false, roles: [kubespray_defaults, %s]}\n", strings.Join(names, ","), role)
	}
	file := filepath.Join(folder, "drains.yml")
	assert.NilError(t, os.WriteFile(file, []byte(playbook.String()), 0o600))
	output, err = play(t, Newest, string(hosts), file)
	assert.Assert(t, err != nil, "all of them succeed:\n%s", output)
	return output
}

// unknown are variables that the program sets and this tree has no use for, with the reason.
var unknown = map[string]string{
	"etcd_retries": "how often etcd's health is asked for; the sandbox's one etcd is the control plane's",
}

// What the program tells Kubespray's playbooks beside the inventory is known to the stand-ins, too.
func TestTheTreeKnowsTheVariablesOfThePlan(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "components", "kubespray", "plan", "plan.go"))
	assert.NilError(t, err)
	content, err := release(Newest, Machines{})
	assert.NilError(t, err)
	found := 0
	for _, match := range regexp.MustCompile(`(?:[{,]\s*|ariables\[)"([a-z]+(?:_[a-z]+)+)"(?:\]|:)`).FindAllStringSubmatch(string(source), -1) {
		found++
		var known bool
		for path, file := range content {
			known = known || strings.HasSuffix(path, ".yml") && regexp.MustCompile(`\b`+match[1]+`\b`).Match(file.data)
		}
		assert.Assert(t, known != (unknown[match[1]] != ""), "%s: is it in the tree: %t; is it said to be unknown: %t", match[1], known, unknown[match[1]] != "")
	}
	assert.Assert(t, found > 5, "only %d variables in the plan: the search itself is broken", found)
}
