package kubespray

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

func TestGrant(t *testing.T) {
	var kubeconfig string
	var secret bool
	all := register(t, demoArgs(), func(ctx *pulumi.Context, cluster *Cluster) {
		grant, err := NewGrant(ctx, "deployer", cluster, &GrantArgs{Account: "deployer", Role: "edit", Namespaces: []string{"exchange"}}, pulumi.Parent(cluster))
		assert.NilError(t, err)
		secret = pulumi.IsSecret(grant.Kubeconfig)
		grant.Kubeconfig.ApplyT(func(text string) int {
			kubeconfig = text
			return 0
		})
	})
	assert.Assert(t, secret)
	assert.Assert(t, is.Contains(kubeconfig, "server: https://203.0.113.11:6443"))
	assert.Assert(t, is.Contains(kubeconfig, "namespace: exchange"))
	assert.Assert(t, !strings.Contains(kubeconfig, "admin-token"), "nothing of the administrator's")
	token := all["deployer-token"]
	assert.Equal(t, token.Inputs["stdin"].StringValue(), `{"account":"deployer","hours":720,"namespaces":["exchange"],"role":"edit"}`)
	assert.Assert(t, is.Contains(token.RegisterRPC.GetAdditionalSecretOutputs(), "stdout"))
}

func TestATokenIsRenewedAfterHalfItsLife(t *testing.T) {
	defer func() { now = time.Now }()
	args := GrantArgs{Hours: 10}
	at := func(hour int) string {
		now = func() time.Time { return time.Unix(int64(hour)*3600, 0) }
		return args.term()
	}
	assert.Equal(t, at(0), at(4))
	assert.Assert(t, at(4) != at(5))
}

func TestGrantsThatAreRefused(t *testing.T) {
	for want, args := range map[string]GrantArgs{
		`account: "A b" is no name`:          {Account: "A b", Role: "view", Hours: 1},
		`role: "cluster-admin" is none of`:   {Account: "a", Role: "cluster-admin", Hours: 1},
		`namespaces: "edit" in all of them`:  {Account: "a", Role: "edit", Hours: 1},
		`namespaces: "x; rm -rf" is no name`: {Account: "a", Role: "edit", Namespaces: []string{"x; rm -rf"}, Hours: 1},
		`hours: -1 is less than one`:         {Account: "a", Role: "view", Hours: -1},
	} {
		assert.ErrorContains(t, args.check(), want)
	}
}

func TestRunnerGrants(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	command := h.command("grant")
	command.Stdin = strings.NewReader(`{"account": "deployer", "role": "edit", "namespaces": ["exchange", "postgres"], "hours": 48}`)
	token, err := command.CombinedOutput()
	assert.NilError(t, err, string(token))
	assert.Equal(t, string(token), "the-token")
	applied, err := os.ReadFile(filepath.Join(h.stub, "applied"))
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(string(applied), `"RoleBinding"`), 2)
	assert.Assert(t, !strings.Contains(string(applied), "ClusterRoleBinding"))
	asked, err := os.ReadFile(filepath.Join(h.stub, "asked"))
	assert.NilError(t, err)
	assert.Assert(t, is.Contains(string(asked), "create token deployer --namespace platform-access --duration 48h"))
}
