package access

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-command/sdk/go/command"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

const adminKubeconfig = `{"clusters": [{"name": "c", "cluster": {"server": "https://203.0.113.11:6443"}}], "users": [{"user": {"token": "admin-token"}}]}`

// granted makes the grants, and returns everything registered and the resolved outputs.
func granted(t *testing.T, last Term, grants ...Grant) (recording *mocktest.Recording, kubeconfigs map[string]string, terms map[string]any) {
	t.Helper()
	recording = mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, err := kubernetes.NewProvider(ctx, "kubernetes", &kubernetes.ProviderArgs{})
		assert.NilError(t, err)
		commands, err := command.NewProvider(ctx, "command", &command.ProviderArgs{})
		assert.NilError(t, err)
		made, err := New(ctx, "access", &Args{
			Installer: &chart.Installer{Provider: cluster}, Kubeconfig: pulumi.String(adminKubeconfig),
			Config: grants, Last: map[string]Term{"deployer": last},
			Tokens: &providers.Question{
				Machine: &providers.Machine{
					Login: providers.Login{User: "ubuntu", Port: 22, PrivateKey: pulumi.String("the-key")},
					Host:  pulumi.String("203.0.113.11"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
				},
				Text: pulumi.String("runner grant"),
			},
		}, pulumi.Providers(commands))
		if err != nil {
			return err
		}
		assert.Assert(t, pulumi.IsSecret(made.Texts))
		made.Texts.ApplyT(func(texts map[string]string) int {
			kubeconfigs = texts
			return 0
		})
		said := made.Terms.ToMapOutput()
		assert.Assert(t, !pulumi.IsSecret(said))
		said.ApplyT(func(values map[string]any) int {
			terms = values
			return 0
		})
		return nil
	})
	return recording, kubeconfigs, terms
}

var deployer = Grant{Name: "deployer", Role: "edit", Namespaces: []string{"exchange", "postgres"}, Lifetime: "48h"}

func TestAGrantIsAnAccountItsBindingsAndAKubeconfig(t *testing.T) {
	all, kubeconfigs, terms := granted(t, Term{}, deployer)

	binding := mocktest.Plain(resource.NewProperty(all.Get(t, "access-deployer-edit-postgres").Inputs)).(map[string]any)
	assert.Equal(t, binding["kind"], "RoleBinding")
	assert.Equal(t, binding["metadata"].(map[string]any)["namespace"], "postgres")
	assert.DeepEqual(t, binding["roleRef"], map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"})
	assert.DeepEqual(t, binding["subjects"], []any{map[string]any{"kind": "ServiceAccount", "name": "deployer", "namespace": "platform-access"}})

	token := all.Get(t, "access-deployer-token")
	assert.Equal(t, token.Inputs["create"].StringValue(), "runner grant")
	assert.Equal(t, token.Inputs["stdin"].StringValue(), `{"account":"deployer","namespace":"platform-access","seconds":172800}`)
	assert.Equal(t, token.Inputs["logging"].StringValue(), "none")
	assert.Assert(t, is.Contains(token.SecretOutput, "stdout"))
	assert.Assert(t, is.Contains(token.DependsOn, "access-deployer"))

	kubeconfig := kubeconfigs["deployer"]
	for _, want := range []string{"server: https://203.0.113.11:6443", "namespace: exchange", "token: " + mocktest.Token} {
		assert.Assert(t, is.Contains(kubeconfig, want))
	}
	assert.Assert(t, !strings.Contains(kubeconfig, "admin-token"), "nothing of the administrator's")
	assert.DeepEqual(t, terms["deployer"], map[string]any{
		"issued": "1970-01-02T00:00:00Z", "expires": "1970-01-04T00:00:00Z", "renewals": 0,
	})
}

func TestAReaderReadsEverywhere(t *testing.T) {
	all, _, _ := granted(t, Term{}, Grant{Name: "reader", Role: "view"})
	assert.Equal(t, all.Get(t, "access-reader-view").Type, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")
}

func TestWithoutGrantsNothingIsMade(t *testing.T) {
	all, kubeconfigs, _ := granted(t, Term{})
	assert.Equal(t, len(kubeconfigs), 0)
	assert.Assert(t, !slices.Contains(all.Names(), "access-namespace"))
}

// Stacks of earlier versions have it under another type; its parts follow it.
func TestItGoesOnFromItsFormerType(t *testing.T) {
	all, _, _ := granted(t, Term{})
	assert.DeepEqual(t, all.Get(t, "access").AliasTypes, []string{"exchange:kubespray:Grants"})
}

func TestATokenIsRenewedInTheSecondHalfOfItsLife(t *testing.T) {
	defer func() { now = time.Now }()
	renewals := func(hour int, last Term) int {
		now = func() time.Time { return time.Unix(int64(hour)*3600, 0) }
		return last.renewals()
	}
	last := Term{Issued: "1970-01-02T00:00:00Z", Expires: "1970-01-04T00:00:00Z", Renewals: 3}
	for hour, want := range map[int]int{24: 3, 47: 3, 48: 4, 71: 4, 1000: 4} {
		assert.Equal(t, renewals(hour, last), want, "at hour %d", hour)
	}
	assert.Equal(t, renewals(1000, Term{}), 0, "the first one is no renewal")
}

// What a token is replaced for is what earlier versions gave: none is made anew because of an update of this program.
func TestOnlyARenewalMakesAnotherToken(t *testing.T) {
	triggers := func(last Term) string {
		all, _, _ := granted(t, last, deployer)
		return fmt.Sprint(mocktest.Plain(all.Get(t, "access-deployer-token").Inputs["triggers"]))
	}
	future := Term{Issued: "2000-01-01T00:00:00Z", Expires: "9000-01-01T00:00:00Z"}
	past := Term{Issued: "2000-01-01T00:00:00Z", Expires: "2001-01-01T00:00:00Z"}
	assert.Equal(t, triggers(Term{}), triggers(future))
	assert.Assert(t, triggers(past) != triggers(future))
	assert.Equal(t, triggers(Term{}), `[203.0.113.11 ssh-ed25519 AAAA runner grant `+
		`{"account":"deployer","namespace":"platform-access","seconds":172800} renewal 0 uid-of-access-deployer]`)
}

func TestATokenThatDoesNotExpireIsNoneToGiveOut(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iat": 86400}`))
	for _, token := range []string{"", "secret-word", "head." + claims + ".signature", "a.!.c"} {
		_, _, err := lifetime(token)
		assert.ErrorContains(t, err, "none that expires")
		assert.Assert(t, token == "" || !strings.Contains(err.Error(), token), "the error quotes the token")
	}
}
