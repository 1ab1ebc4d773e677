package kubespray

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func jwt(claims string) string {
	return "head." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".signature"
}

// granted registers the grants beside a cluster, and returns everything registered and the resolved outputs.
func granted(t *testing.T, grants ...Grant) (all map[string]*mocktest.Resource, kubeconfigs map[string]string, terms map[string]any) {
	t.Helper()
	all = register(t, demoArgs(), func(ctx *pulumi.Context, cluster *Cluster) {
		provider, err := kubernetes.NewProvider(ctx, "kubernetes", &kubernetes.ProviderArgs{})
		assert.NilError(t, err)
		made, err := NewGrants(ctx, "access", &GrantsArgs{
			Cluster: cluster, Installer: &chart.Installer{Provider: provider}, Grants: grants,
		}, pulumi.Parent(cluster))
		assert.NilError(t, err)
		assert.Assert(t, pulumi.IsSecret(made.Kubeconfigs))
		made.Kubeconfigs.ApplyT(func(texts map[string]string) int {
			kubeconfigs = texts
			return 0
		})
		said := made.Terms.ToMapOutput()
		assert.Assert(t, !pulumi.IsSecret(said))
		said.ApplyT(func(values map[string]any) int {
			terms = values
			return 0
		})
	})
	return all, kubeconfigs, terms
}

func deployer(last Term) Grant {
	return Grant{Name: "deployer", Role: "edit", Namespaces: []string{"exchange", "postgres"}, Lifetime: 48 * time.Hour, Last: last}
}

func TestAGrantIsAnAccountItsBindingsAndAKubeconfig(t *testing.T) {
	all, kubeconfigs, terms := granted(t, deployer(Term{}))

	binding := mocktest.Plain(resource.NewProperty(all["access-deployer-edit-postgres"].Inputs)).(map[string]any)
	assert.Equal(t, binding["kind"], "RoleBinding")
	assert.Equal(t, binding["metadata"].(map[string]any)["namespace"], "postgres")
	assert.DeepEqual(t, binding["roleRef"], map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"})
	assert.DeepEqual(t, binding["subjects"], []any{map[string]any{"kind": "ServiceAccount", "name": "deployer", "namespace": "platform-access"}})

	token := all["access-deployer-token"]
	assert.Equal(t, token.Inputs["stdin"].StringValue(), `{"account":"deployer","namespace":"platform-access","seconds":172800}`)
	assert.Equal(t, token.Inputs["logging"].StringValue(), "none")
	assert.Assert(t, is.Contains(token.SecretOutput, "stdout"))

	kubeconfig := kubeconfigs["deployer"]
	for _, want := range []string{"server: https://203.0.113.11:6443", "namespace: exchange", "token: " + mocktest.Token} {
		assert.Assert(t, is.Contains(kubeconfig, want))
	}
	assert.Assert(t, !strings.Contains(kubeconfig, "client-key-data"), "nothing of the administrator's")
	assert.DeepEqual(t, terms["deployer"], map[string]any{
		"issued": "1970-01-02T00:00:00Z", "expires": "1970-01-04T00:00:00Z", "renewals": 0,
	})
}

func TestAReaderReadsEverywhere(t *testing.T) {
	all, _, _ := granted(t, Grant{Name: "reader", Role: "view", Lifetime: time.Hour})
	assert.Equal(t, all["access-reader-view"].Type, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")
}

func TestWithoutGrantsNothingIsMade(t *testing.T) {
	all, kubeconfigs, _ := granted(t)
	assert.Equal(t, len(kubeconfigs), 0)
	_, there := all["access-namespace"]
	assert.Assert(t, !there)
}

func TestATokenIsRenewedInTheSecondHalfOfItsLife(t *testing.T) {
	defer func() { now = time.Now }()
	renewals := func(hour int, last Term) int {
		now = func() time.Time { return time.Unix(int64(hour)*3600, 0) }
		return deployer(last).renewals()
	}
	last := Term{Issued: "1970-01-02T00:00:00Z", Expires: "1970-01-04T00:00:00Z", Renewals: 3}
	for hour, want := range map[int]int{24: 3, 47: 3, 48: 4, 71: 4, 1000: 4} {
		assert.Equal(t, renewals(hour, last), want, "at hour %d", hour)
	}
	assert.Equal(t, renewals(1000, Term{}), 0, "the first one is no renewal")
}

// The number of renewals is a trigger of the command that makes the token; so is the account behind it.
func TestOnlyARenewalMakesAnotherToken(t *testing.T) {
	triggers := func(last Term) string {
		all, _, _ := granted(t, deployer(last))
		return fmt.Sprint(mocktest.Plain(all["access-deployer-token"].Inputs["triggers"]))
	}
	future := Term{Issued: "2000-01-01T00:00:00Z", Expires: "9000-01-01T00:00:00Z"}
	past := Term{Issued: "2000-01-01T00:00:00Z", Expires: "2001-01-01T00:00:00Z"}
	assert.Equal(t, triggers(Term{}), triggers(future))
	assert.Assert(t, triggers(past) != triggers(future))
	assert.Assert(t, is.Contains(triggers(Term{}), "uid-of-access-deployer"))
}

func TestATokenThatDoesNotExpireIsNoneToGiveOut(t *testing.T) {
	for _, token := range []string{"", "secret-word", jwt(`{"iat": 86400}`), "a.!.c"} {
		_, _, err := lifetime(token)
		assert.ErrorContains(t, err, "none that expires")
		assert.Assert(t, token == "" || !strings.Contains(err.Error(), token), "the error quotes the token")
	}
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
