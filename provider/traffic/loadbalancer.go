package traffic

import (
	"cmp"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// LoadBalancerArgs are the inputs of a LoadBalancer.
type LoadBalancerArgs struct {
	Domain      string             `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Name        string             `pulumi:"name" wire:"name" doc:"Name of the load balancer: letters, digits and dashes."`
	Description string             `pulumi:"description,optional" wire:"description" doc:"What the load balancer is for."`
	Enabled     *bool              `pulumi:"enabled,optional" wire:"status" doc:"Whether it is used. Default true."`
	Method      string             `pulumi:"method,optional" wire:"method" allow:"failover|cluster_rr|cluster_chash" doc:"failover (default: the first pool that works), cluster_rr (in turn) or cluster_chash (by visitor)."`
	Pools       []LoadBalancerPool `pulumi:"pools" doc:"The pools, the first one first."`
}

// LoadBalancerPool is a group of origins.
type LoadBalancerPool struct {
	Name            string               `pulumi:"name" wire:"name" doc:"Name of the pool, unique in the load balancer. A pool of another name is another pool."`
	Enabled         *bool                `pulumi:"enabled,optional" wire:"status" doc:"Whether the pool is used. Default true."`
	Method          string               `pulumi:"method,optional" wire:"method" allow:"cluster_rr|cluster_chash" doc:"cluster_rr (default) or cluster_chash."`
	Keepalive       *bool                `pulumi:"keepalive,optional" wire:"keepalive,onoff" doc:"Whether connections to origins are kept. Default true."`
	NextUpstreamTCP *bool                `pulumi:"nextUpstreamTcp,optional" wire:"next_upstream_tcp,onoff" doc:"Whether another origin is tried when one does not answer. Default true."`
	Regions         []string             `pulumi:"regions,optional" wire:"regions" doc:"Three-letter codes of the regions whose visitors use the pool. Default: all."`
	Origins         []LoadBalancerOrigin `pulumi:"origins" wire:"origins" doc:"The servers that answer."`
}

// LoadBalancerOrigin is a server that answers.
type LoadBalancerOrigin struct {
	Name       string `pulumi:"name,optional" wire:"name" doc:"Name of the origin."`
	Address    string `pulumi:"address" wire:"address" doc:"Address or host name of the origin."`
	Port       int    `pulumi:"port,optional" wire:"port" allow:"-1..65535" doc:"Port of the origin. Default -1: that of the request."`
	Weight     int    `pulumi:"weight,optional" wire:"weight" allow:"1..1000" doc:"Share of the requests. Default 1."`
	Protocol   string `pulumi:"protocol,optional" wire:"protocol" allow:"auto|http|https" doc:"auto (default), http or https."`
	HostHeader string `pulumi:"hostHeader,optional" wire:"host_header" doc:"Host header that the origin gets. Default: that of the request."`
	Enabled    *bool  `pulumi:"enabled,optional" wire:"status" doc:"Whether the origin is used. Default true."`
}

// LoadBalancerState is what is known of a LoadBalancer.
type LoadBalancerState struct {
	LoadBalancerArgs
	LoadBalancerID string `pulumi:"loadBalancerId" doc:"Id of the load balancer, as DNS and page rules take it."`
}

// Annotate describes the type in the schema.
func (s *LoadBalancerPool) Annotate(a infer.Annotator) {
	resource.Nested(a, "traffic:LoadBalancerPool", s)
}

// Annotate describes the type in the schema.
func (s *LoadBalancerOrigin) Annotate(a infer.Annotator) {
	resource.Nested(a, "traffic:LoadBalancerOrigin", s)
}

// LoadBalancer is the resource arvancloud:traffic:LoadBalancer: a load balancer of the CDN with its pools and their origins.
var LoadBalancer = &resource.Kind[LoadBalancerArgs, LoadBalancerState, balancer]{
	Type:       "traffic:LoadBalancer",
	Name:       "load balancer",
	IDs:        "<domain>/<load balancer id>",
	KeepsZeros: true,
	About:      "A load balancer of the CDN, with its pools and their origins. It needs the plan growth.",
	Example: `
		domain: iransre.ir
		name: web
		pools:
		  - name: workers
		    origins: [{address: 192.0.2.1, port: 443, protocol: https}, {address: 192.0.2.2, port: 443, protocol: https}]`,

	Completes: true,
	Place:     func(args LoadBalancerArgs) string { return args.Domain },
	List:      balancers,
	ID:        func(b balancer) string { return b.settings.Text("id") },
	Check:     checkLoadBalancer,
	Same:      leftOf,
	InTheWay:  func(args LoadBalancerArgs, b balancer) bool { return b.settings.Text("name") == args.Name },
	Describe:  func(b balancer) string { return b.settings.Text("name") },
	Make:      makeBalancer,
	State: func(args LoadBalancerArgs, b balancer, before LoadBalancerState) LoadBalancerState {
		return LoadBalancerState{args, cmp.Or(b.settings.Text("id"), before.LoadBalancerID)}
	},
	Observe: observeBalancer,
	Change:  changeBalancer,
	Remove:  removeBalancer,
}
