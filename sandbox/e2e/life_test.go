//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/kubespray"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// life is a sandbox whose stack file is edited step by step.
type life struct {
	*sandbox
	path string
	file map[string]any
	// key logs in to the machines, once it was admitted.
	key string
}

func newLife(t *testing.T, s *sandbox) *life {
	t.Helper()
	text, err := os.ReadFile(s.StackFile(s.stack))
	assert.NilError(t, err)
	l := &life{sandbox: s, path: filepath.Join(t.TempDir(), filepath.Base(s.StackFile(s.stack)))}
	assert.NilError(t, yaml.Unmarshal(text, &l.file))
	return l
}

// admit lets the test log in to the machines, from the next up on.
func (l *life) admit(t *testing.T) {
	t.Helper()
	l.key = filepath.Join(t.TempDir(), "key")
	output, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", l.key).CombinedOutput()
	assert.NilError(t, err, string(output))
	public, err := os.ReadFile(l.key + ".pub")
	assert.NilError(t, err)
	l.section("cloud").(map[string]any)["adminSshKeys"] = []any{strings.TrimSpace(string(public))}
}

// on runs a command on a machine as an administrator, and returns what it printed.
func (l *life) on(t *testing.T, name, command string) string {
	t.Helper()
	output, err := l.tryOn(t, name, command)
	assert.NilError(t, err, "%s: %s", command, output)
	return output
}

// tryOn is on for a machine that may not let an administrator in yet.
func (l *life) tryOn(t *testing.T, name, command string) (string, error) {
	t.Helper()
	machines, err := world.Machines(t.Context(), l.Workspace)
	assert.NilError(t, err)
	i := slices.IndexFunc(machines, func(m hosts.Status) bool { return m.Name == name })
	if i < 0 {
		return "", fmt.Errorf("there is no machine %s", name)
	}
	host, port, err := net.SplitHostPort(machines[i].SSH)
	assert.NilError(t, err)
	output, err := l.execute(t, exec.Command("ssh", "-i", l.key, "-p", port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10", "ubuntu@"+host, command))
	return strings.TrimSpace(output), err
}

// section is one of the stack's sections.
func (l *life) section(name string) any {
	return l.file["config"].(map[string]any)["exchange-platform:"+name]
}

// versions chooses the Kubespray release, with where the sandbox serves it, and the Kubernetes it is to install.
func (l *life) versions(t *testing.T, tag, kubernetes string) {
	t.Helper()
	sum, err := kubespray.ArchiveSum(tag, kubespray.Machines{})
	assert.NilError(t, err)
	section := l.section("kubernetes").(map[string]any)
	section["version"] = kubernetes
	installer := section["kubespray"].(map[string]any)
	installer["version"], installer["archive"], installer["sha256"] = tag, l.FilesURL()+"/files/"+kubespray.ArchiveName(tag), sum
}

// node is a node's entry.
func (l *life) node(name string) map[string]any {
	for _, each := range l.section("nodes").([]any) {
		if node := each.(map[string]any); node["name"] == name {
			return node
		}
	}
	return nil
}

func (l *life) setNodes(nodes []any) {
	l.file["config"].(map[string]any)["exchange-platform:nodes"] = nodes
}

func (l *life) save(t *testing.T) {
	t.Helper()
	text, err := yaml.Marshal(l.file)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(l.path, text, 0o600))
}

// up brings the stack to what its file says, and returns what was printed.
func (l *life) up(t *testing.T) string {
	t.Helper()
	l.save(t)
	return l.must(t, "up", l.stack, "--config-file", l.path)
}

// again is an up that must find nothing to do.
func (l *life) again(t *testing.T) {
	t.Helper()
	l.must(t, "up", l.stack, "--config-file", l.path, "--expect-no-changes")
}

// refused is an up that must not be carried out, and have said why.
func (l *life) refused(t *testing.T, why string) {
	t.Helper()
	l.save(t)
	output, err := l.run(t, "up", l.stack, "--config-file", l.path)
	assert.Assert(t, err != nil, "carried out:\n%s", output)
	assert.Assert(t, len(lines(output, "refused, nothing was touched")) > 0 && len(lines(output, why)) > 0, "it does not say %q:\n%s", why, output)
	assert.DeepEqual(t, changes(output), []string(nil))
}

// done is a resource as pulumi says that it is through with it.
var done = regexp.MustCompile(`(?m)^(?:@ updating\.*)? *(?:\+|-|~|\+-) +([a-z]\S+:\S+) (\S+) (created|updated|deleted|replaced)\b`)

// changes are the changes that pulumi says it made, "updated command:remote:Command prod-cluster-run", sorted. Components
// are left out: they are no things.
func changes(output string) []string {
	var found []string
	for _, match := range done.FindAllStringSubmatch(output, -1) {
		if !strings.HasPrefix(match[1], "exchange:") {
			found = append(found, fmt.Sprintf("%s %s %s", match[3], match[1], match[2]))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// clusterRun is what a change of the cluster updates, the commands that plan it and carry it out, and what else there is.
func clusterRun(stack string, and ...string) []string {
	for _, part := range []string{"bundle", "check", "known", "run", "state"} {
		and = append(and, fmt.Sprintf("updated command:remote:Command %s-cluster-%s", stack, part))
	}
	slices.Sort(and)
	return and
}

// settled waits until exactly these nodes are there and ready with that version, and every pod is ready.
func (l *life) settled(t *testing.T, version string, names ...string) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if waiting := l.unsettled(t, version, names); waiting != "" {
			return poll.Continue("%s", waiting)
		}
		return poll.Success()
	}, poll.WithTimeout(2*time.Minute), poll.WithDelay(200*time.Millisecond))
}

// unsettled says what is not as it should be; empty if all is.
func (l *life) unsettled(t *testing.T, version string, names []string) string {
	t.Helper()
	found := l.cluster(t)
	var wanted []node
	for _, name := range names {
		wanted = append(wanted, node{name, version})
	}
	switch {
	case len(found.unready) > 0:
		return strings.Join(found.unready, ", ") + " not ready"
	case !slices.Equal(found.nodes, wanted):
		return fmt.Sprintf("the nodes are %v", found.nodes)
	}
	return ""
}

// labels are a node's labels and taints in the cluster.
func (l *life) labels(t *testing.T, node string) map[string]string {
	t.Helper()
	var found struct {
		Metadata struct{ Labels map[string]string }
	}
	l.query(t, &found, "kubectl", "get", "node", node, "--output", "json")
	return found.Metadata.Labels
}

// machine is the id of the cloud's server of a name, and the operating system it was made from.
func (l *life) machine(t *testing.T, name string) (id, system string) {
	t.Helper()
	key, err := l.Secret("api-key")
	assert.NilError(t, err)
	request, err := http.NewRequest(http.MethodGet, l.APIURL()+"/ecc/v1/regions/ir-thr-fr1/servers", nil)
	assert.NilError(t, err)
	request.Header.Set("Authorization", "Apikey "+key)
	response, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	defer response.Body.Close()
	var list struct {
		Data []struct {
			ID, Name string
			Image    struct {
				OS      string
				Version string `json:"os_version"`
			}
		}
	}
	assert.NilError(t, json.NewDecoder(response.Body).Decode(&list))
	for _, server := range list.Data {
		if server.Name == name {
			return server.ID, server.Image.OS + " " + server.Image.Version
		}
	}
	t.Fatalf("the cloud has no server %s", name)
	return "", ""
}

// etcdMembers are the members of etcd, name=URL, as the first control plane lists them.
func (l *life) etcdMembers(t *testing.T) []string {
	t.Helper()
	lists, err := filepath.Glob(l.Path("hosts", "*", "root", "etc", "etcd.members"))
	assert.NilError(t, err)
	assert.Equal(t, len(lists), 1, "only the first control plane has a list of etcd's members")
	text, err := os.ReadFile(lists[0])
	assert.NilError(t, err)
	return strings.Fields(string(text))
}

// wantedMembers are what etcdMembers has to be: the control planes at the addresses they have now.
func (l *life) wantedMembers(t *testing.T) []string {
	t.Helper()
	var nodes []struct{ Name, Role, PrivateIP string }
	l.query(t, &nodes, "pulumi", "stack", "output", "nodes", "--json")
	var members []string
	for _, node := range nodes {
		if node.Role == "control-plane" {
			members = append(members, fmt.Sprintf("%s=https://%s:2380", node.Name, node.PrivateIP))
		}
	}
	return members
}

// inOrder asserts that text holds the parts one after the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		assert.Assert(t, found, "%q is missing, or comes too early, in:\n%s", part, text)
		rest = after
	}
}
