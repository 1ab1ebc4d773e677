package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// link is one resource of a dependency chain.
type link struct {
	name     string
	duration time.Duration
}

// dependencies returns, for each resource of the stack, those it needs: what its inputs come from, and its provider.
func dependencies(ctx context.Context, w *workspace.Workspace) (map[string][]string, error) {
	environ, err := w.Environ("demo")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.Binary("pulumi"), "stack", "export")
	cmd.Dir, cmd.Env = w.Root, environ
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("pulumi stack export: %w", err)
	}
	var exported struct {
		Deployment struct {
			Resources []struct {
				URN, Provider string
				Dependencies  []string
			}
		}
	}
	if err := json.Unmarshal(output, &exported); err != nil {
		return nil, fmt.Errorf("pulumi stack export: %w", err)
	}
	graph := map[string][]string{}
	for _, resource := range exported.Deployment.Resources {
		needs := resource.Dependencies
		if i := strings.LastIndex(resource.Provider, "::"); i > 0 { // URN::ID
			needs = append(needs, resource.Provider[:i])
		}
		graph[resource.URN] = needs
	}
	return graph, nil
}

// longest is the chain of resources, each needing the one before, that takes the most time.
func longest(graph map[string][]string, durations map[string]time.Duration) (chain []link, total time.Duration) {
	type path struct {
		total time.Duration
		via   string
	}
	best := map[string]path{}
	var visit func(urn string) path
	visit = func(urn string) path {
		if known, ok := best[urn]; ok {
			return known
		}
		var longest path
		for _, need := range graph[urn] {
			if before := visit(need); before.total > longest.total {
				longest = path{before.total, need}
			}
		}
		longest.total += durations[urn]
		best[urn] = longest
		return longest
	}
	var last string
	for urn := range graph {
		if path := visit(urn); path.total > total {
			total, last = path.total, urn
		}
	}
	for urn := last; urn != ""; urn = best[urn].via {
		chain = append(chain, link{urn[strings.LastIndex(urn, "::")+2:], durations[urn]})
	}
	slices.Reverse(chain)
	return chain, total
}
