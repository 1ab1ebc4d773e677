// Package kubespray makes a Kubernetes cluster out of machines that answer SSH, with Kubespray. It renders the inventory
// and the variables, uploads them to the machine Ansible runs on, has them applied there by a run that outlives the SSH
// connection, and gives out the cluster's kubeconfig.
package kubespray

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
)

// Args says which cluster is wanted. Plain fields decide its shape; inputs may be outputs of the machines.
type Args struct {
	// Cluster names the cluster for ever: it keys everything kept on the runner.
	Cluster string
	// Nodes are the machines in the order they join. Append to it; the first control plane stays the first.
	Nodes []Node
	// Runner names the node Ansible runs on. A node with no role at all may be the runner (a bastion).
	Runner string
	// SSH is how every machine is reached, from here and from the runner.
	SSH SSH

	// After is what must be there before anything joins the cluster.
	After []pulumi.Resource

	// Config is what the stack file says of the cluster.
	Config

	// PodCIDR and ServiceCIDR are the cluster's own ranges.
	PodCIDR, ServiceCIDR string
	// MTU is that of the private network; the pods' is derived from it. Zero lets Calico find out.
	MTU int
	// CertificateNames are further host names and addresses the API server's certificate must cover. The public addresses
	// of the control planes and the endpoint are always among them.
	CertificateNames pulumi.StringArrayInput
	// Endpoint is the host the API is reached at from outside; nil means the first control plane's public address.
	Endpoint pulumi.StringInput

	// LastState is Cluster.State as the stack's last update exported it, "{}" if there was none. With it a preview shows the
	// plan, and Check refuses before anything is made; empty, the plan is shown only when it is carried out.
	LastState string

	// RegistryMirrors are tried before the registries they stand for.
	RegistryMirrors []RegistryMirror
	// RegistryLogins are those of mirrors that ask who pulls.
	RegistryLogins RegistryLogins
	// DownloadMirror is an address under which the hosts of Kubernetes' binaries appear as folders
	// ("https://mirror.example" serves https://mirror.example/dl.k8s.io/...). Empty means the hosts themselves.
	DownloadMirror string

	// MemoryMappings is how many a process may have on each machine; zero leaves it as the system has it.
	MemoryMappings int
	// StrictARP has machines answer ARP for the addresses of the interface that is asked only. kube-proxy has every Service's address on an
	// interface of its own, and all machines would answer for a virtual one.
	StrictARP bool
}

// Node is a machine of the cluster.
type Node struct {
	Name string
	// ControlPlane, Etcd and Worker are the node's roles. A control plane that is no worker takes no workloads.
	ControlPlane, Etcd, Worker bool
	// PrivateAddress is what the nodes talk to each other on; PublicAddress is where this program reaches it. Nil, if it has
	// none: it is then reached through SSH.Bastion.
	PrivateAddress, PublicAddress pulumi.StringInput
	// HostKey is the public SSH host key ("ssh-ed25519 AAAA..."), pinned on every connection.
	HostKey pulumi.StringInput
	// Machine identifies the machine behind the name (a server id), so that one rebuilt under the same name and address
	// is not taken for the old one. Optional.
	Machine pulumi.StringInput
	// Image is what the machine was made from, and WantedImage, if it is set, what it is to be made from: where they differ,
	// this update puts another machine behind the name. Both are optional.
	Image       pulumi.StringInput
	WantedImage string
	// System is the operating system that the machine has, or that this update gives it, as "ubuntu 24.04". Only Check looks at it.
	System string
	Labels map[string]string
	// Taints are written key=value:Effect.
	Taints []string
}

// SSH is how machines are reached.
type SSH struct {
	User string
	// Port defaults to 22.
	Port       int
	PrivateKey pulumi.StringInput
	// Bastion names the node through which machines without a public address are reached. Ansible needs no such way: the
	// runner is in the private network.
	Bastion string
}

// ClusterType is the component's type in a stack's state.
const ClusterType = "exchange:kubespray:Cluster"

// Cluster is a running Kubernetes cluster.
type Cluster struct {
	pulumi.ResourceState

	// Kubeconfig of the cluster's administrator, secret. Its server is Endpoint.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig" output:"kubeconfig"`
	// Endpoint is the URL of the API server as seen from outside.
	Endpoint pulumi.StringOutput `pulumi:"endpoint" output:"kubernetes.endpoint"`
	// Version of Kubernetes, with the leading "v".
	Version pulumi.StringOutput `pulumi:"version" output:"kubernetes.version"`
	// State is what the runner knows of the cluster, as JSON without secrets: export it, and give it back as LastState.
	State pulumi.StringOutput `pulumi:"state"`

	// Allowed is there once the runner has not refused the change, before it is made. What goes along with a change of the
	// nodes, like records of their addresses, must wait for it.
	Allowed pulumi.Resource

	// Tokens makes tokens of ServiceAccounts; what is asked is JSON: account, namespace, seconds.
	Tokens *providers.Question
}

// New makes the cluster: every machine ready, the bundle uploaded, the way from what the runner knows to what is wanted
// planned and carried out, the kubeconfig read.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Cluster, error) {
	cluster := &Cluster{}
	return component.New(ctx, ClusterType, name, cluster, opts, func(child pulumi.ResourceOption) error {
		args, err := args.complete()
		if err != nil {
			return err
		}
		if err := args.check(); err != nil {
			return err
		}
		bundle := args.bundle()
		if ctx.DryRun() && args.LastState != "" {
			args.preview(ctx, bundle)
		}
		steps := &steps{ctx: ctx, name: name, args: args, child: child}

		last, err := readKnown(args.LastState)
		if err != nil {
			return err
		}
		ready, err := steps.ready()
		if err != nil {
			return err
		}
		known, err := steps.readState("known", pulumi.Sprintf("wanted %s", bundle.wanted), ready[args.Runner])
		if err != nil {
			return err
		}
		planned := args.plan(bundle, known.Stdout)
		upload, err := steps.upload(bundle, planned, ready[args.Runner])
		if err != nil {
			return err
		}
		check, err := steps.check(bundle, planned, upload)
		if err != nil {
			return err
		}
		run, err := steps.run(bundle, planned, check, ready)
		if err != nil {
			return err
		}
		reached, err := steps.readState("state", afterPlan(planned), run)
		if err != nil {
			return err
		}
		config, err := steps.kubeconfig(last, run)
		if err != nil {
			return err
		}

		cluster.Endpoint = args.endpoint()
		cluster.Kubeconfig = publicKubeconfig(config.Stdout, args.Cluster, cluster.Endpoint)
		cluster.Tokens = steps.tokens(run)
		cluster.Allowed = check
		cluster.State = reached.Stdout
		cluster.Version = pulumi.String("v" + args.Version).ToStringOutput()
		return nil
	})
}
