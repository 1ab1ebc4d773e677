package kubespray

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

// The loss of one control plane, the first included, cuts nobody off from what the others know.
func TestRunnerAsksAControlPlaneThatAnswers(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(func(args *Args) {
		controls := func(n *Node) { n.ControlPlane, n.Etcd = true, true }
		args.Nodes = append(args.Nodes, node("arvan-k8s-m2", 21, controls), node("arvan-k8s-m3", 22, controls))
	}))
	assert.Assert(t, ok, out)

	h.set("lost", "10.10.0.11")
	out, ok = h.run("kubeconfig")
	assert.Assert(t, ok, out)
	assert.Equal(t, out, "kind: Config\n")
}

func TestRunnerSaysWhichControlPlaneDoesNotAnswer(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)

	h.set("lost", "10.10.0.11")
	out, ok = h.run("kubeconfig")
	assert.Assert(t, !ok)
	assert.Equal(t, out, "kubespray runner: sudo -n cat /etc/kubernetes/admin.conf on arvan-k8s-m1: no route to host\n")
}

func TestRunnerMakesTokens(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	command := h.command("grant")
	command.Stdin = strings.NewReader(`{"account": "deployer", "namespace": "platform-access", "seconds": 172800}`)
	token, err := command.CombinedOutput()
	assert.NilError(t, err, string(token))
	assert.Equal(t, string(token), "the-token")
	asked, err := os.ReadFile(filepath.Join(h.stub, "asked"))
	assert.NilError(t, err)
	assert.Assert(t, is.Contains(string(asked), "create token deployer --namespace platform-access --duration 172800s"))
}
