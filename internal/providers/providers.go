// Package providers registers what the program wants of its providers by their tokens: their Go SDKs are dozens of packages and
// types, and each user's machine would compile them for a resource or two. What is registered is what the SDKs would register; for
// Pulumi's own providers a test holds the one to the other, ArvanCloud's are generated from the same schema as its SDK. How commands reach
// machines is here too (Machine): each package that names the SDK costs whoever compiles the program a second.
package providers

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// The providers' versions. A test holds them to the SDKs in go.mod, by which Pulumi finds what plugins a program needs.
const (
	RandomVersion     = "4.21.1"
	CommandVersion    = "1.2.1"
	KubernetesVersion = "4.33.0"
)

// Provider is one of them: hand it to resources with pulumi.Provider.
type Provider struct {
	pulumi.ProviderResourceState
}

// NewRandom registers the provider of random values, which stay as they are once made.
func NewRandom(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*Provider, error) {
	return register(ctx, "random", name, RandomVersion, pulumi.Map{}, opts)
}

// NewCommand registers the provider of commands.
func NewCommand(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*Provider, error) {
	return register(ctx, "command", name, CommandVersion, pulumi.Map{}, opts)
}

// Kubernetes is the configuration of a provider of Kubernetes objects and Helm releases. Unlike the SDK it takes nothing
// from the environment: whoever runs an update, it has the same result.
type Kubernetes struct {
	Kubeconfig pulumi.StringInput
	// ClusterIdentifier says whether another kubeconfig means another cluster, in which everything would be made anew. Empty,
	// it is the kubeconfig's server.
	ClusterIdentifier string
	// DeleteUnreachable takes objects of a cluster that does not answer for deleted. False leaves it to whoever calls Pulumi: the
	// plugin asks for PULUMI_K8S_DELETE_UNREACHABLE only where nothing is set, be it false.
	DeleteUnreachable bool
	// MutableSecrets and MutableConfigMaps update those objects in place; else another content is another object.
	MutableSecrets, MutableConfigMaps bool
	// UpsertObjects changes an object that is there already where one is to be made.
	UpsertObjects bool
}

// NewKubernetes registers a provider for one cluster, which applies objects on the server's side.
func NewKubernetes(ctx *pulumi.Context, name string, config Kubernetes, opts ...pulumi.ResourceOption) (*Provider, error) {
	inputs := pulumi.Map{
		"enableConfigMapMutable": pulumi.Bool(config.MutableConfigMaps),
		"enableSecretMutable":    pulumi.Bool(config.MutableSecrets),
		"enableServerSideApply":  pulumi.Bool(true),
	}
	if config.Kubeconfig != nil {
		inputs["kubeconfig"] = config.Kubeconfig
	}
	if config.ClusterIdentifier != "" {
		inputs["clusterIdentifier"] = pulumi.String(config.ClusterIdentifier)
	}
	if config.DeleteUnreachable {
		inputs["deleteUnreachable"] = pulumi.Bool(true)
	}
	if config.UpsertObjects {
		inputs["upsertExistingObjects"] = pulumi.Bool(true)
	}
	return register(ctx, "kubernetes", name, KubernetesVersion, inputs, opts)
}

func register(
	ctx *pulumi.Context, provider, name, version string, inputs pulumi.Map, opts []pulumi.ResourceOption,
) (*Provider, error) {
	made := &Provider{}
	return made, ctx.RegisterResource("pulumi:providers:"+provider, name, inputs, made, append(opts, pulumi.Version(version))...)
}
