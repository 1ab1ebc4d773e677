// Command docs writes docs/configuration.md from the types of the configuration, the table of refusals in
// docs/cluster.md, the policy in docs/reviews.md, and the flows in docs/edge.md.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/refusals"
)

// root is the checkout, seen from the folder in which `go generate ./stacks` runs this.
const root = ".."

func main() { command.Do(write) }

func write(context.Context) error {
	text, err := Configuration(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(root+"/docs/configuration.md", []byte(text), 0o644); err != nil {
		return err
	}
	for path, with := range tables {
		page, err := os.ReadFile(root + path)
		if err != nil {
			return err
		}
		if text, err = with(string(page)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(root+path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tables are the pages that have a table of data in them.
var tables = map[string]func(page string) (string, error){
	"/docs/cluster.md": WithRefusals,
	"/docs/edge.md":    WithFlows,
	"/docs/reviews.md": WithPolicy,
}

// The lines around the table of refusals in docs/cluster.md.
const (
	refusalsBegin = "<!-- made from internal/refusals by `go generate ./stacks`; do not edit -->\n"
	refusalsEnd   = "<!-- end of the refusals -->\n"
)

// WithRefusals is the page with the table of refusals as it is now.
func WithRefusals(page string) (string, error) {
	table, err := refusals.All()
	if err != nil {
		return "", err
	}
	return between(page, refusalsBegin, table.Markdown(), refusalsEnd)
}

// The lines around the table of flows in docs/edge.md.
const (
	flowsBegin = "<!-- made from internal/flows by `go generate ./stacks`; do not edit -->\n"
	flowsEnd   = "<!-- end of the flows -->\n"
)

// WithFlows is the page with the flows as they are now.
func WithFlows(page string) (string, error) {
	table, err := flows.Load()
	if err != nil {
		return "", err
	}
	return between(page, flowsBegin, table.Markdown(), flowsEnd)
}

// The lines around the rules of the policy in docs/reviews.md.
const (
	policyBegin = "<!-- made from internal/policy by `go generate ./stacks`; do not edit -->\n"
	policyEnd   = "<!-- end of the policy -->\n"
)

// WithPolicy is the page with the rules as they are now.
func WithPolicy(page string) (string, error) {
	rules, err := policy.Rules()
	if err != nil {
		return "", err
	}
	return between(page, policyBegin, policy.Markdown(rules), policyEnd)
}

// between is the page with the table between its two lines.
func between(page, begin, table, end string) (string, error) {
	before, rest, begins := strings.Cut(page, begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", fmt.Errorf("the lines around the table are missing: %s", begin)
	}
	return before + begin + table + end + after, nil
}
