// Package ingress is the cluster's way in for web traffic: a controller on the workers that serves Ingress objects of the
// class "nginx".
package ingress

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Engine is the software that serves the Ingress objects.
type Engine string

const (
	// Nginx is ingress-nginx.
	Nginx Engine = "ingress-nginx"
	// Traefik serves what is made for ingress-nginx: its class, and of its annotations most.
	Traefik Engine = "traefik"
)

// What is the same for every engine, so that a change of it leaves everything around it as it is: Ingress objects keep their class, network
// policies, alerts and the collector of logs their namespace, and the release its name, which makes the change an upgrade that Helm takes
// back if it fails.
const (
	class         = "nginx"
	namespaceName = "ingress-nginx"
	releaseName   = "ingress-nginx"
)

// Args describes the way in.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// TrustedProxies are the address ranges in front of the workers (the CDN's), and all that the firewall lets in. From them,
	// and only if there are any, the client's address and scheme are taken from the X-Forwarded headers.
	TrustedProxies []string
	// OriginKey is what those in front of the workers say in OriginHeader; who does not is refused. Nil lets in whoever the firewall does.
	OriginKey    pulumi.StringInput
	OriginHeader string
	// Certificate and its Key, in PEM, are what every host is served with that has no other; the controller makes one itself if they are empty.
	Certificate, Key string
	// CertificateSecret is, in their place, a Secret in the controller's namespace that others fill and renew. Until it is there, the
	// controller shows one of its own making.
	CertificateSecret string
	// OnlyTLS sends whoever comes by plain HTTP to HTTPS.
	OnlyTLS bool
	// VirtualAddress is one that somebody else announces for the controllers, and AllowedSources are who may come to it. If it is nil, every
	// worker's own ports lead to its controller.
	VirtualAddress pulumi.StringInput
	AllowedSources []string
	// LedTo are the nodes to whose addresses users' names lead with nothing in front that passes over one that is down; empty if there is something.
	LedTo []string
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Ingress is the installed way in.
type Ingress struct {
	pulumi.ResourceState

	// Class is what Ingress objects name. It does not wait for the controller: an Ingress may be there before it.
	Class     pulumi.StringOutput `pulumi:"class" output:"ingress.class"`
	Namespace pulumi.StringOutput `pulumi:"namespace" output:"namespaces.ingress"`
	// Ready is the controller's name; it arrives when the workers answer on ports 80 and 443.
	Ready pulumi.StringOutput `pulumi:"ready"`
}

// New installs the controller.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Ingress, error) {
	self := &Ingress{}
	return component.New(ctx, "exchange:ingress:Ingress", name, self, opts, func(child pulumi.ResourceOption) error {
		self.Class = pulumi.String(class).ToStringOutput()
		if slices.ContainsFunc(args.TrustedProxies, settings.Everybody) {
			return fmt.Errorf("trusted proxies %v: whoever is in them chooses the address he is logged with; list the proxies' own ranges", args.TrustedProxies)
		}
		switch args.Config.Engine {
		case Nginx:
			return self.install(ctx, name, args, nginxParts(ctx, args), child)
		case Traefik:
			parts, err := traefikParts(args)
			if err != nil {
				return err
			}
			return self.install(ctx, name, args, parts, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q or %q", args.Config.Engine, Nginx, Traefik)
		}
	})
}

// engineParts are an engine's release and the Secrets that it reads.
type engineParts struct {
	secrets []chart.SecretArgs
	release chart.ReleaseArgs
}

func (i *Ingress) install(ctx *pulumi.Context, name string, args *Args, parts *engineParts, child pulumi.ResourceOption) error {
	parts.release.Name, parts.release.Atomic, parts.release.CRDs = releaseName, true, args.MonitorCRDs
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		// Ports of the host are beyond "baseline". With a virtual address there are none, and it stays as it is all the same: while the
		// controllers change over, some still have theirs.
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Privileged},
		Secrets:   parts.secrets, Releases: []chart.ReleaseArgs{parts.release},
	}, child)
	if err != nil {
		return err
	}
	watched := &chart.AlertsArgs{Name: "ingress", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: []string{"ingress"}}
	if len(args.LedTo) > 0 {
		watched.Groups, watched.LedTo = append(watched.Groups, "records"), args.LedTo
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", watched, child)
	if err != nil {
		return err
	}
	i.Namespace = made.Namespace.Name
	i.Ready = made.Release("release").After("ingress-nginx-controller")
	return nil
}

const certificateSecret = "ingress-certificate"

// certificate is the Secret with what was handed in.
func certificate(args *Args) chart.SecretArgs {
	return chart.SecretArgs{
		Part: "certificate", Name: certificateSecret, Type: "kubernetes.io/tls",
		Data: pulumi.StringMap{"tls.crt": pulumi.String(args.Certificate), "tls.key": pulumi.String(args.Key)},
	}
}
