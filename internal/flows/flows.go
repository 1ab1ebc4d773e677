// Package flows is what the platform's namespaces take and send, as data: flows.yaml has it, and NetworkPolicies are made of it.
package flows

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/iransre/exchange-platform/internal/yaml"
)

//go:embed flows.yaml
var table []byte

// Flow is what is let through.
type Flow struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Ports []int  `json:"ports,omitempty"`
	// Page is the one that it is for: it is let through only where that is published.
	Page string `json:"page,omitempty"`
	Why  string `json:"why"`
}

// Table is all of it.
type Table struct {
	Namespaces []string `json:"namespaces"`
	// Always have strangers' programs in them, so there not even one pod reaches another.
	Always map[string]string `json:"always"`
	Others map[string]string `json:"others"`
	Flows  []Flow            `json:"flows"`
}

// Ranges are the cluster's addresses.
type Ranges struct {
	Nodes, Pods, Services string
}

const (
	everybody = "everybody"
	outside   = "outside"
	nodes     = "nodes"
	cluster   = "cluster"

	// linkLocal are addresses that mean something on each machine alone, the cloud's metadata among them.
	linkLocal = "169.254.0.0/16"
	// nodeLocalDNS is Kubespray's cache of names on each node (nodelocaldns_ip).
	nodeLocalDNS = "169.254.25.10/32"
	dnsNamespace = "kube-system"
	dnsPort      = 53
)

// Load reads the table.
var Load = sync.OnceValues(func() (*Table, error) {
	var all Table
	if err := yaml.UnmarshalStrict(table, &all); err != nil {
		return nil, fmt.Errorf("internal/flows/flows.yaml: %w", err)
	}
	return &all, nil
})

// Policy is the specification of a namespace's NetworkPolicy where these pages are published; nil if it has none.
func (t *Table) Policy(namespace string, ranges Ranges, published []string) map[string]any {
	if !slices.Contains(t.Namespaces, namespace) {
		return nil
	}
	in, out := []any{}, []any{dns()}
	if t.Always[namespace] == "" {
		own := map[string]any{"podSelector": map[string]any{}}
		in, out = []any{map[string]any{"from": []any{own}}}, []any{map[string]any{"to": []any{own}}, dns()}
	}
	for _, flow := range t.Flows {
		if flow.Page != "" && !slices.Contains(published, flow.Page) {
			continue
		}
		if flow.To == namespace {
			in = append(in, flow.rule("from", ranges.peers(flow.From)))
		}
		if flow.From == namespace {
			out = append(out, flow.rule("to", ranges.peers(flow.To)))
		}
	}
	return map[string]any{
		"podSelector": map[string]any{}, "policyTypes": []any{"Ingress", "Egress"}, "ingress": in, "egress": out,
	}
}

// why is what a reader of the table is told.
func (f Flow) why() string {
	if f.Page == "" {
		return f.Why
	}
	return f.Why + ", where `ingress.pages." + f.Page + "` is published"
}

func (f Flow) rule(direction string, peers []any) map[string]any {
	rule := map[string]any{direction: peers}
	var ports []any
	for _, port := range f.Ports {
		ports = append(ports, map[string]any{"port": port, "protocol": "TCP"})
	}
	if len(ports) == 0 {
		ports = []any{map[string]any{"protocol": "TCP"}}
	}
	rule["ports"] = ports
	return rule
}

func dns() map[string]any {
	return map[string]any{"to": []any{of(dnsNamespace), block(nodeLocalDNS)}, "ports": []any{
		map[string]any{"port": dnsPort, "protocol": "UDP"}, map[string]any{"port": dnsPort, "protocol": "TCP"},
	}}
}

// peers are a side of a flow in the words of a policy.
func (r Ranges) peers(side string) []any {
	switch side {
	case everybody:
		return []any{block("0.0.0.0/0")}
	case outside:
		return []any{block("0.0.0.0/0", r.Nodes, r.Pods, r.Services, linkLocal)}
	case nodes:
		return []any{block(r.Nodes)}
	case cluster:
		return []any{block(r.Nodes), block(r.Pods)}
	default:
		return []any{of(side)}
	}
}

func of(namespace string) map[string]any {
	return map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}}}
}

func block(cidr string, except ...string) map[string]any {
	inner := map[string]any{"cidr": cidr}
	if len(except) > 0 {
		list := make([]any, len(except))
		for i, each := range except {
			list[i] = each
		}
		inner["except"] = list
	}
	return map[string]any{"ipBlock": inner}
}

// Markdown renders the table for docs/edge.md.
func (t *Table) Markdown() string {
	var page strings.Builder
	page.WriteString("| from | to | ports | what for |\n|---|---|---|---|\n")
	fmt.Fprintf(&page, "| all of these namespaces | `%s`, and the node's own cache | %d | names |\n", dnsNamespace, dnsPort)
	name := func(side string) string {
		if slices.Contains([]string{everybody, outside, nodes, cluster}, side) {
			return side
		}
		return "`" + side + "`"
	}
	for _, flow := range t.Flows {
		ports := strings.Trim(strings.ReplaceAll(fmt.Sprint(flow.Ports), " ", ", "), "[]")
		if ports == "" {
			ports = "all"
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", name(flow.From), name(flow.To), ports, flow.why())
	}
	return page.String()
}
