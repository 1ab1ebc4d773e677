package providers_test

import (
	"testing"

	"github.com/pulumi/pulumi-command/sdk/go/command"
	"github.com/pulumi/pulumi-command/sdk/go/command/remote"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// What is registered must be what the SDKs of the versions in go.mod would register: the states of running environments have
// it.
func TestPasswordsAreAsTheSDKMakesThem(t *testing.T) {
	same(t, func(ctx *pulumi.Context) error {
		provider, err := providers.NewRandom(ctx, "random")
		if err != nil {
			return err
		}
		_, err = providers.NewPassword(ctx, "password", 32, pulumi.Provider(provider))
		return err
	}, func(ctx *pulumi.Context) error {
		provider, err := random.NewProvider(ctx, "random", &random.ProviderArgs{})
		if err != nil {
			return err
		}
		_, err = random.NewRandomPassword(ctx, "password", &random.RandomPasswordArgs{
			Length: pulumi.Int(32), Special: pulumi.Bool(false),
		}, pulumi.Provider(provider))
		return err
	})
}

func TestCommandsAreAsTheSDKMakesThem(t *testing.T) {
	opts := pulumi.AdditionalSecretOutputs([]string{"stdout"})
	same(t, func(ctx *pulumi.Context) error {
		provider, err := providers.NewCommand(ctx, "command")
		if err != nil {
			return err
		}
		bastion := providers.Connection{
			User: "ubuntu", Port: 22, Host: pulumi.String("192.0.2.1"), PrivateKey: pulumi.String("key"),
			HostKey: pulumi.String("ssh-ed25519 AAAA"), DialAttempts: 3, DialSeconds: 15,
		}
		machine := bastion
		machine.Host, machine.Proxy = pulumi.String("10.0.0.2"), &bastion
		if _, err = providers.NewRemoteCommand(ctx, "loud", &providers.RemoteCommandArgs{
			Connection: bastion, Create: pulumi.String("true"),
		}, pulumi.Provider(provider)); err != nil {
			return err
		}
		_, err = providers.NewRemoteCommand(ctx, "quiet", &providers.RemoteCommandArgs{
			Connection: machine, Create: pulumi.String("cat"), Stdin: pulumi.String("text"), Quiet: true, Delete: pulumi.String("true"),
			Triggers: pulumi.Array{pulumi.String("one"), pulumi.Int(2)},
		}, pulumi.Provider(provider), opts)
		return err
	}, func(ctx *pulumi.Context) error {
		provider, err := command.NewProvider(ctx, "command", &command.ProviderArgs{})
		if err != nil {
			return err
		}
		if _, err = remote.NewCommand(ctx, "loud", &remote.CommandArgs{
			AddPreviousOutputInEnv: pulumi.Bool(false), Create: pulumi.String("true"), Logging: remote.LoggingStdoutAndStderr,
			Connection: &remote.ConnectionArgs{
				User: pulumi.String("ubuntu"), Port: pulumi.Float64(22), Host: pulumi.String("192.0.2.1"),
				PrivateKey: pulumi.String("key"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
				DialErrorLimit: pulumi.Int(3), PerDialTimeout: pulumi.Int(15),
			},
		}, pulumi.Provider(provider)); err != nil {
			return err
		}
		_, err = remote.NewCommand(ctx, "quiet", &remote.CommandArgs{
			AddPreviousOutputInEnv: pulumi.Bool(false), Create: pulumi.String("cat"), Logging: remote.LoggingNone,
			Stdin: pulumi.String("text"), Triggers: pulumi.Array{pulumi.String("one"), pulumi.Int(2)}, Delete: pulumi.String("true"),
			Connection: &remote.ConnectionArgs{
				User: pulumi.String("ubuntu"), Port: pulumi.Float64(22), Host: pulumi.String("10.0.0.2"),
				PrivateKey: pulumi.String("key"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
				DialErrorLimit: pulumi.Int(3), PerDialTimeout: pulumi.Int(15),
				Proxy: &remote.ProxyConnectionArgs{
					User: pulumi.String("ubuntu"), Port: pulumi.Float64(22), Host: pulumi.String("192.0.2.1"),
					PrivateKey: pulumi.String("key"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
					DialErrorLimit: pulumi.Int(3), PerDialTimeout: pulumi.Int(15),
				},
			},
		}, pulumi.Provider(provider), opts)
		return err
	})
}

func TestTheProviderOfKubernetesIsAsTheSDKMakesIt(t *testing.T) {
	same(t, func(ctx *pulumi.Context) error {
		_, err := providers.NewKubernetes(ctx, "kubernetes", providers.Kubernetes{
			Kubeconfig: pulumi.String("apiVersion: v1"), ClusterIdentifier: "demo", DeleteUnreachable: true, MutableSecrets: true,
			UpsertObjects: true,
		})
		return err
	}, func(ctx *pulumi.Context) error {
		_, err := kubernetes.NewProvider(ctx, "kubernetes", &kubernetes.ProviderArgs{
			Kubeconfig: pulumi.String("apiVersion: v1"), ClusterIdentifier: pulumi.String("demo"),
			DeleteUnreachable: pulumi.Bool(true), EnableServerSideApply: pulumi.Bool(true),
			EnableSecretMutable: pulumi.Bool(true), EnableConfigMapMutable: pulumi.Bool(false),
			UpsertExistingObjects: pulumi.Bool(true),
		})
		return err
	})
}

func same(t *testing.T, ours, theirs pulumi.RunFunc) {
	t.Helper()
	assert.DeepEqual(t, mocktest.Run(t, ours), mocktest.Run(t, theirs))
}
