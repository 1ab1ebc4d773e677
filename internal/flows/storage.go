package flows

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// Storage is a rule for what goes to an S3-compatible storage outside the cluster, by its endpoint's address and port. A policy knows no
// names: where the endpoint has one, every address but those of except and link-local ones is meant.
func Storage(endpoint string, except ...string) (map[string]any, error) {
	at, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the storage's endpoint: %w", err)
	}
	port := map[string]int{"http": 80, "https": 443}[at.Scheme]
	if at.Port() != "" {
		if port, err = strconv.Atoi(at.Port()); err != nil {
			return nil, fmt.Errorf("the storage's endpoint: %w", err)
		}
	}
	peer := block("0.0.0.0/0", append(slices.Clip(except), linkLocal)...)
	if address, err := netip.ParseAddr(at.Hostname()); err == nil && address.Is4() {
		peer = block(address.String() + "/32")
	}
	return map[string]any{"to": []any{peer}, "ports": []any{map[string]any{"port": port, "protocol": "TCP"}}}, nil
}

// ToStorages is the specification of a policy for some pods of a namespace: of all the world outside of that they reach names and these
// storages, and nobody outside of it reaches them.
func (r Ranges) ToStorages(labels map[string]any, endpoints ...string) (map[string]any, error) {
	own := map[string]any{"podSelector": map[string]any{}}
	out := []any{map[string]any{"to": []any{own}}, dns()}
	for _, endpoint := range endpoints {
		rule, err := Storage(endpoint, r.Nodes, r.Pods, r.Services)
		if err != nil {
			return nil, err
		}
		out = append(out, rule)
	}
	return map[string]any{
		"podSelector": map[string]any{"matchLabels": labels}, "policyTypes": []any{"Ingress", "Egress"},
		"ingress": []any{map[string]any{"from": []any{own}}}, "egress": out,
	}, nil
}
