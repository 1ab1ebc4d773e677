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

// Nginx is ingress-nginx.
const Nginx Engine = "ingress-nginx"

// class is the name of the IngressClass, the same for every engine.
const class = "nginx"

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
	// OnlyTLS sends whoever comes by plain HTTP to HTTPS.
	OnlyTLS bool
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
			return self.installNginx(ctx, name, args, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q", args.Config.Engine, Nginx)
		}
	})
}
