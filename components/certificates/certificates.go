// Package certificates orders the certificates that the workers show, and renews them.
package certificates

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// SecretName is where the certificate of the exchange's names is, in the ingress controller's namespace. It is there once it is issued.
const SecretName = "exchange-certificate"

// Args says for which names, and where.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// Hosts are the names that the certificate is for.
	Hosts []string
	// Domain is the zone that they are in.
	Domain string
	// Namespace is that of the ingress controller.
	Namespace pulumi.StringInput
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Certificates is what orders and renews them.
type Certificates struct {
	pulumi.ResourceState

	// Namespace is that of cert-manager.
	Namespace pulumi.StringOutput `output:"namespaces.certificates"`
}

// New makes cert-manager, who signs, and what is signed. It waits for no certificate: an authority that does not answer must not stop
// an update, and is noticed by the alerts.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Certificates, error) {
	self := &Certificates{}
	return component.New(ctx, "exchange:certificates:Certificates", name, self, opts, func(child pulumi.ResourceOption) error {
		authority, err := args.Installer.Authority(ctx, name+"-authority", authorityName+" "+ctx.Stack(), child)
		if err != nil {
			return err
		}
		made, err := args.Installer.Install(ctx, name, args.parts(authority), child)
		if err != nil {
			return err
		}
		self.Namespace = made.Namespace.Name
		signer, err := args.issuer(ctx, name, Internal, internalIssuer(), made.Release("release"), child)
		if err != nil || args.Config.Issuer == None {
			return err
		}
		if args.Config.Issuer == ByACME {
			if signer, err = args.issuer(ctx, name, ByACME, args.acmeIssuer(), made.Release(webhookPart), child); err != nil {
				return err
			}
		}
		_, err = args.Installer.Object(ctx, name+"-exchange", &chart.ObjectArgs{
			APIVersion: apiVersion, Kind: "Certificate", Name: "exchange", Namespace: args.Namespace,
			Fields: pulumi.Map{"spec": pulumi.ToMap(args.certificate())},
		}, child, pulumi.DependsOn([]pulumi.Resource{signer}))
		return err
	})
}
