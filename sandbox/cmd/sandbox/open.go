package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// openCommand says how what a stack made is looked at in a browser.
func openCommand() *cobra.Command {
	return &cobra.Command{
		Use: "open [STACK]", Short: "The addresses at which the platform's pages are looked at", Args: cobra.MaximumNArgs(1),
		Long: `The addresses at which the platform's pages are looked at: those that the stack's outputs name, and the emulated cloud's.

On real machines the exchange's page is served through the CDN's stand-in and the ingress, and what is reached from within the
cluster by kubectl port-forward. On light machines no container runs, so nothing of it is served, and that is said.`,
		RunE: func(cmd *cobra.Command, given []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			stack := "demo"
			if len(given) == 1 {
				stack = given[0]
			}
			status, err := world.Ask(cmd.Context(), w)
			if errors.Is(err, world.ErrNotRunning) {
				return fmt.Errorf("%w; start it with: ./scripts/sandbox up %s", err, stack)
			}
			if err != nil {
				return err
			}
			shown, err := pulumiProcess(cmd.Context(), w, stack, "stack", "output", "--json")
			if err != nil {
				return err
			}
			shown.Stderr = os.Stderr
			text, err := shown.Output()
			if err != nil {
				return fmt.Errorf("the outputs of %s: %w; bring it up first: ./scripts/sandbox up %s", stack, err, stack)
			}
			var outputs map[string]any
			if err := json.Unmarshal(text, &outputs); err != nil {
				return fmt.Errorf("the outputs of %s: %w", stack, err)
			}
			simulated := func(namespace, service string) bool { return allSimulated(cmd.Context(), w, stack, namespace, service) }
			for _, page := range pages(outputs, status.Edge, w.Path("secrets", world.EdgeAuthorityFile), simulated) {
				fmt.Fprintf(cmd.OutOrStdout(), "%-14s %s\n", page.name, page.address)
				for _, line := range page.how {
					fmt.Fprintf(cmd.OutOrStdout(), "%-14s   %s\n", "", line)
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%-14s %s/\n", "ArvanCloud", w.APIURL())
			return nil
		},
	}
}

// page is something to look at.
type page struct {
	name, address string
	how           []string
}

// allSimulated tells whether nothing real answers behind a Service. One that cannot be asked about is taken for real.
func allSimulated(ctx context.Context, w *workspace.Workspace, stack, namespace, service string) bool {
	environ, err := w.Environ(stack)
	if err != nil {
		return false
	}
	cmd := exec.CommandContext(ctx, w.Binary("kubectl"), "--request-timeout=5s", "get", "endpointslices", "--namespace", namespace,
		"--selector", "kubernetes.io/service-name="+service, "--output", "jsonpath={.items[*].endpoints[*].addresses[*]}")
	cmd.Env = environ
	addresses, err := cmd.Output()
	if err != nil || len(bytes.TrimSpace(addresses)) == 0 {
		return false
	}
	prefix := netip.MustParsePrefix(controlplane.BesidePodCIDR)
	for text := range strings.FieldsSeq(string(addresses)) {
		if address, err := netip.ParseAddr(text); err != nil || !prefix.Contains(address) {
			return false
		}
	}
	return true
}

// pages are the outputs that have a URL, in the order of their names.
func pages(outputs map[string]any, edge *world.Edge, authority string, simulated func(namespace, service string) bool) []page {
	var found []page
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		fields, _ := outputs[name].(map[string]any)
		text, _ := fields["url"].(string)
		if public, _ := fields["publicUrl"].(string); text != "" && public != "" { // that of the object store has files, and no page
			text = public
		}
		address, err := url.Parse(text)
		if err != nil || address.Host == "" {
			continue
		}
		made := page{name: name, address: text}
		service, rest, inside := strings.Cut(address.Hostname(), ".")
		namespace, _, _ := strings.Cut(rest, ".")
		switch {
		case edge == nil:
			made.address += "   not served: no container runs on light machines; take --machines real"
		case inside && strings.Contains(address.Hostname()+".", ".svc.") && simulated(namespace, service):
			made.address += "   not served: its pods are simulated"
		case inside && strings.Contains(address.Hostname()+".", ".svc."):
			made.address = fmt.Sprintf("%s://127.0.0.1:%s", address.Scheme, port(address))
			made.how = []string{fmt.Sprintf("while this runs: kubectl --namespace %s port-forward service/%s %s", namespace, service, port(address))}
		case slices.Contains(edge.Names, address.Hostname()):
			made.how = throughEdge(address, edge, authority)
		default:
			made.address += "   not through the CDN: no proxied record has this name"
		}
		found = append(found, made)
	}
	return found
}

// throughEdge says how a name is reached that no DNS knows.
func throughEdge(address *url.URL, edge *world.Edge, authority string) []string {
	listens, trust := edge.HTTP, ""
	if address.Scheme == "https" {
		listens, trust = edge.HTTPS, "--cacert "+authority+" "
	}
	host := address.Hostname()
	curl := fmt.Sprintf("curl %s--connect-to %s:%s:%s %s", trust, host, port(address), listens, address)
	browser := fmt.Sprintf(`chromium --host-resolver-rules="MAP %s %s" --ignore-certificate-errors %s`, host, listens, address)
	lines := []string{curl, browser}
	if ip, listened, err := net.SplitHostPort(listens); err == nil && listened == port(address) {
		lines = append(lines, fmt.Sprintf("or in any browser that trusts %s, with this line in /etc/hosts: %s %s", authority, ip, host))
	}
	return lines
}

func port(address *url.URL) string {
	if given := address.Port(); given != "" {
		return given
	}
	if address.Scheme == "https" {
		return "443"
	}
	return "80"
}
