// Command docs writes docs/monitoring.md, the table of what is watched, from the table of alerts. It is run by `go generate` in
// internal/alerts.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/alerts"
	"github.com/iransre/exchange-platform/internal/command"
)

// page is where the table goes, seen from internal/alerts.
const page = "../../docs/monitoring.md"

// capabilities are what the files of rules are about, in the order of the page.
var capabilities = []struct{ file, name string }{
	{"exchange", "Exchange: web and Django-Q"},
	{"delivery", "Delivery"},
	{"ingress", "Ingress"},
	{"virtual-address", "The virtual address"},
	{"postgres", "PostgreSQL"},
	{"objectstore", "Object store"},
	{"search", "Logs: Elasticsearch and Fluent Bit"},
	{"network", "Pods' network and names"},
	{"nodes", "Nodes"},
	{"etcd", "etcd and its backup"},
	{"certificates", "Certificates"},
	{"drift", "Drift: what was changed by hand"},
	{"alerting", "Monitoring itself"},
}

func main() { command.Do(write) }

func write(context.Context) error {
	text, err := render()
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(text), 0o644)
}

const head = `<!-- Generated from internal/alerts by "go generate ./internal/alerts". Do not edit. -->
# Monitoring

What is watched, by which metrics, and what somebody is told. A *page* wakes somebody, a *ticket* is looked at by day. Each alert has an
owner (the team of the platform, or that of the exchange) and a runbook: what it means, how to look, how to mend.

The rules stand in ` + "`internal/alerts/rules`" + `, what exports the metrics in ` + "`internal/alerts/exporters.yaml`" + `. A rule on a metric
that nothing exports is refused by a test; each rule is tested firing and not firing, by Prometheus' own engine (` + "`sandbox/monitoring`" + `).
Each capability has a dashboard in Grafana (` + "`internal/alerts/dashboards.yaml`" + `, whose queries are held against the same exporters), with the panels of what the
environment has; *Is the exchange well?* is the one page before all. The rules of kube-prometheus-stack itself come on top: its *critical* is a page, its *warning* a ticket.

`

// render makes the page.
func render() (string, error) {
	groups, err := alerts.Groups()
	if err != nil {
		return "", err
	}
	exporters, err := alerts.Exporters()
	if err != nil {
		return "", err
	}
	dashboards, err := alerts.Dashboards()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("| capability | alert | who is told | metrics | exported by | dashboard |\n|---|---|---|---|---|---|\n")
	for _, capability := range capabilities {
		for _, group := range groups {
			if group.File != capability.file {
				continue
			}
			for _, rule := range group.Rules {
				metrics := rule.Metrics(exporters)
				fmt.Fprintf(&b, "| %s | [%s](runbooks/%s.md) | %s, %s | %s | %s | %s |\n", capability.name, rule.Alert, rule.Alert,
					rule.Severity(), rule.Labels["owner"], "`"+strings.Join(metrics, "` `")+"`", strings.Join(of(metrics, exporters), ", "), title(dashboards, capability.file))
			}
		}
	}
	return b.String(), nil
}

// title is that of a capability's dashboard.
func title(dashboards []alerts.Dashboard, capability string) string {
	for _, dashboard := range dashboards {
		if dashboard.Capability == capability {
			return dashboard.Title
		}
	}
	return ""
}

// of are the exporters of the metrics.
func of(metrics []string, exporters []alerts.Exporter) []string {
	var names []string
	for _, exporter := range exporters {
		if slices.ContainsFunc(metrics, func(metric string) bool { return exporter.Metrics[metric] != "" }) {
			names = append(names, exporter.Name)
		}
	}
	return names
}
