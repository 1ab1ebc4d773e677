package kubespray

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-command/sdk/go/command"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// register makes the cluster against mocks, whose runner knows what the last update left, and returns what was registered, by
// name; outputs are given to check, if any.
func register(t *testing.T, args *Args, check func(ctx *pulumi.Context, cluster *Cluster)) map[string]*mocktest.Resource {
	t.Helper()
	recording := mocktest.World{Known: args.LastState}.Run(t, func(ctx *pulumi.Context) error {
		provider, err := command.NewProvider(ctx, "command", &command.ProviderArgs{})
		if err != nil {
			return err
		}
		cluster, err := New(ctx, "cluster", args, pulumi.Providers(provider))
		if err == nil && check != nil {
			check(ctx, cluster)
		}
		return err
	})
	all := map[string]*mocktest.Resource{}
	for _, each := range recording.Resources {
		all[each.Name] = each
	}
	return all
}

func TestGraph(t *testing.T) {
	for name, args := range map[string]*Args{"demo": demoArgs(), "prod": prodArgs()} {
		t.Run(name, func(t *testing.T) {
			all := register(t, args, nil)
			var lines []string
			for name, made := range all {
				lines = append(lines, fmt.Sprintf("%s %s\n    parent: %s\n    after: %s\n    ignores: %s\n    replaced for: %s\n", made.Type, name,
					made.Parent, strings.Join(made.DependsOn, " "), strings.Join(made.IgnoreChanges, " "), strings.Join(made.ReplaceOnChanges, " ")))
				if made.Custom && !strings.HasPrefix(made.Type, "pulumi:providers") {
					assert.Check(t, made.Provider != "", "%s has no provider: default providers are disabled", name)
				}
			}
			slices.Sort(lines)
			golden.Assert(t, strings.Join(lines, ""), name+"/graph")
		})
	}
}

func TestNoSecretInTheClear(t *testing.T) {
	for name, args := range register(t, demoArgs(), nil) {
		text := fmt.Sprint(mocktest.Plain(resource.NewProperty(args.Inputs)))
		assert.Check(t, !strings.Contains(text, "the-key-itself"), "%s: %s", name, text)
	}
	all := register(t, demoArgs(), nil)
	assert.Check(t, all["cluster-bundle"].Inputs["stdin"].IsSecret())
	assert.Check(t, is.Contains(all["cluster-kubeconfig"].SecretOutput, "stdout"))
	for _, name := range []string{"cluster-bundle", "cluster-kubeconfig"} {
		assert.Check(t, is.Equal(all[name].Inputs["logging"].StringValue(), "none"))
	}
}

func TestConnectionIsPinnedAndPatient(t *testing.T) {
	args := prodArgs()
	args.SSH.PrivateKey = pulumi.ToSecret(pulumi.String(testKey)).(pulumi.StringOutput)
	all := register(t, args, nil)
	connection := all["cluster-ready-arvan-k8s-w2"].Inputs["connection"].SecretValue().Element.ObjectValue()
	assert.Equal(t, connection["host"].StringValue(), "203.0.113.22")
	assert.Equal(t, connection["port"].NumberValue(), 2222.0)
	assert.Equal(t, connection["hostKey"].StringValue(), "ssh-ed25519 AAAAhostkey22 root@arvan-k8s-w2")
	assert.Assert(t, connection["dialErrorLimit"].NumberValue() >= 100)

	run := all["cluster-run"].Inputs["connection"].SecretValue().Element.ObjectValue()
	assert.Equal(t, run["host"].StringValue(), "203.0.113.5", "the bastion")
}

func TestOutputs(t *testing.T) {
	var outputs []any
	var secret bool
	register(t, demoArgs(), func(ctx *pulumi.Context, cluster *Cluster) {
		pulumi.All(cluster.Kubeconfig, cluster.Endpoint, cluster.Version).ApplyT(func(values []any) int {
			outputs = values
			return 0
		})
		secret = pulumi.IsSecret(cluster.Kubeconfig)
	})
	assert.Equal(t, len(outputs), 3)
	assert.Assert(t, is.Contains(outputs[0], "server: https://203.0.113.11:6443"))
	assert.Assert(t, is.Contains(outputs[0], "client-key-data: "+mocktest.Generated))
	assert.Equal(t, outputs[1], "https://203.0.113.11:6443")
	assert.Equal(t, outputs[2], "v1.35.4")
	assert.Assert(t, secret)
}

// Tokens are asked for where the runner's program is, once the cluster stands.
func TestTokensAreAskedOfTheRunner(t *testing.T) {
	all := register(t, prodArgs(), func(ctx *pulumi.Context, cluster *Cluster) {
		_, err := cluster.Tokens.Ask(ctx, "token", "who", nil, cluster.Allowed, pulumi.Parent(cluster))
		assert.NilError(t, err)
	})
	token := all["token"]
	assert.Equal(t, token.Inputs["create"].StringValue(), "sudo -n python3 /var/lib/exchange-platform/kubespray/prod/bundle/runner grant")
	assert.Equal(t, token.Inputs["stdin"].StringValue(), "who")
	connection := token.Inputs["connection"].SecretValue().Element.ObjectValue()
	assert.Equal(t, connection["host"].StringValue(), "203.0.113.5", "the bastion")
	assert.Assert(t, is.Contains(token.DependsOn, "cluster-run"))
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	recording, err := mocktest.Try(func(ctx *pulumi.Context) error {
		args := demoArgs()
		args.Runner = "nobody"
		_, err := New(ctx, "cluster", args)
		return err
	})
	assert.ErrorContains(t, err, `exchange:kubespray:Cluster "cluster": runner: "nobody" is none of the nodes`)
	assert.Equal(t, len(recording.Resources), 1, "only the component itself")
}
