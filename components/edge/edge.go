// Package edge leads users to the workers: by ArvanCloud's CDN in front of them, by plain records, or by a virtual address that one of them
// answers for.
package edge

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
)

// OriginHeader is the header by which the workers know the CDN.
const OriginHeader = "X-Cdn-Key"

// Args says which name leads where.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// Host is a name in the domain, or the domain itself.
	Host string
	// MoreHosts lead where Host does.
	MoreHosts []string
	// Pages are the names of the platform's own pages, which lead to the workers, too.
	Pages []string
	// FilesHost is the name of static and media files. It is another one than Host: what users upload must not run as the
	// exchange in the browsers of others. Static files are below StaticPath, which begins and ends with a slash; it is empty where they are elsewhere.
	FilesHost, StaticPath string
	// FilesURL is where browsers load static files, and MediaURL where they load media files. Both are elsewhere if FilesHost is empty.
	FilesURL, MediaURL string
	// Scheme is how browsers come: "https" or "http".
	Scheme string
	// Addresses are the workers' public ones; traffic is spread over them.
	Addresses pulumi.StringArray
	// LetThrough is what has to be there before the cloud lets packets for the virtual address through to the workers.
	LetThrough []pulumi.Resource
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Edge is the exchange's public names.
type Edge struct {
	pulumi.ResourceState

	// Host is the name, once it leads to the workers.
	Host pulumi.StringOutput `pulumi:"host" output:"exchange.host"`
	// URL is where users go.
	URL pulumi.StringOutput `pulumi:"url" output:"exchange.url"`
	// FilesURL is where browsers load static files, and MediaURL where they load media files.
	FilesURL pulumi.StringOutput `pulumi:"filesUrl" output:"objectStore.publicUrl"`
	MediaURL pulumi.StringOutput `pulumi:"mediaUrl" output:"objectStore.media.publicUrl"`
	// OriginKey is what OriginHeader says in every request that comes through our part of the CDN; secret. It arrives when the CDN says it.
	// Nil if the workers need not ask for it.
	OriginKey pulumi.StringInput
	// VirtualAddress arrives when there is somebody to answer for it. Nil if there is none.
	VirtualAddress pulumi.StringInput
}

// Type is the component's type in a stack's state.
const Type = "exchange:edge:Edge"

// New makes the records, and what is in front of the workers. opts must carry the provider arvancloud (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	edge := &Edge{}
	return component.New(ctx, Type, name, edge, opts, func(child pulumi.ResourceOption) error {
		if args.Config.ThroughCDN() {
			if err := edge.configure(ctx, name, args, child); err != nil {
				return err
			}
		}
		if args.Config.Mode == Virtual {
			if err := edge.announce(ctx, name, args, child); err != nil {
				return err
			}
		}
		lead := func(part, host string) (pulumi.StringOutput, error) {
			return providers.Record(ctx, name+part, &providers.RecordArgs{
				Domain: args.Config.Domain, Host: host, Addresses: leadTo(args), TTLSeconds: args.Config.TTLSeconds,
				Proxied: args.Config.ThroughCDN(), Upstream: upstream(&args.Config),
			}, child)
		}
		var err error
		if edge.Host, err = lead("-record", args.Host); err != nil {
			return err
		}
		if args.FilesHost != "" {
			if _, err = lead("-files-record", args.FilesHost); err != nil {
				return err
			}
		}
		for _, host := range slices.Concat(args.MoreHosts, args.Pages) {
			if _, err = lead(RecordOf(host), host); err != nil {
				return err
			}
		}
		edge.URL = pulumi.String(args.Scheme + "://" + args.Host).ToStringOutput()
		edge.FilesURL, edge.MediaURL = pulumi.String(args.FilesURL).ToStringOutput(), pulumi.String(args.MediaURL).ToStringOutput()
		return nil
	})
}

// RecordOf is how the record of one of MoreHosts or Pages ends its resource's name.
func RecordOf(host string) string { return "-record-" + host }

// upstream is what the CDN speaks to the workers. The ingress answers TLS in any case, with a certificate of its own making if it has no
// other, and the CDN checks none.
func upstream(config *Config) string {
	if config.Origin.HTTPS {
		return "https"
	}
	return "http"
}
