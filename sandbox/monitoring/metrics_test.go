package monitoring_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/assert"
)

// alertsFolder is the platform's table of alerts. It is read as files: the sandbox imports nothing of the program.
const alertsFolder = "../../internal/alerts"

type rule struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	assert.NilError(t, err)
	assert.NilError(t, yaml.Unmarshal(text, into), file)
}

func ours(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(alertsFolder, "rules", "*.yaml"))
	assert.NilError(t, err)
	var all []rule
	for _, file := range files {
		var read struct{ Groups []struct{ Rules []rule } }
		decode(t, file, &read)
		for _, group := range read.Groups {
			all = append(all, group.Rules...)
		}
	}
	assert.Assert(t, len(all) > 0)
	return all
}

type exporter struct {
	Name, By, Image, Version, Source string
	Metrics                          map[string]string
}

func exporters(t *testing.T) []exporter {
	t.Helper()
	var read struct{ Exporters []exporter }
	decode(t, filepath.Join(alertsFolder, "exporters.yaml"), &read)
	return read.Exporters
}

// panels are the queries of the dashboards, by the title of their panel. What Grafana fills in is filled in.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	var read struct {
		Dashboards []struct {
			Capability string
			Panels     []struct {
				Title   string
				Queries []string
			}
		}
	}
	decode(t, filepath.Join(alertsFolder, "dashboards.yaml"), &read)
	found := map[string][]string{}
	for _, dashboard := range read.Dashboards {
		for _, panel := range dashboard.Panels {
			name := "the panel " + dashboard.Capability + ": " + panel.Title
			for _, query := range panel.Queries {
				found[name] = append(found[name], strings.ReplaceAll(query, "$__rate_interval", "5m"))
			}
		}
	}
	assert.Assert(t, len(found) > 0)
	return found
}

// An alert on a metric that nobody exports never fires, and looks like peace; a panel of one is empty.
func TestEveryMetricOfAnAlertAndAPanelIsExported(t *testing.T) {
	exported, used := map[string]bool{}, map[string]bool{}
	for _, each := range exporters(t) {
		for metric := range each.Metrics {
			exported[metric] = true
		}
	}
	look := func(who, query string) {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		assert.NilError(t, err, who)
		count := 0
		for _, selector := range parser.ExtractSelectors(expr) {
			for _, matcher := range selector {
				if matcher.Name == labels.MetricName {
					count++
					used[matcher.Value] = true
					assert.Check(t, exported[matcher.Value], "%s looks at %s, which no exporter in internal/alerts/exporters.yaml has", who, matcher.Value)
				}
			}
		}
		assert.Check(t, count > 0, "%s names no metric", who)
	}
	for _, rule := range ours(t) {
		look(rule.Alert, rule.Expr)
	}
	for panel, queries := range panels(t) {
		for _, query := range queries {
			look(panel, query)
		}
	}
	for metric := range exported {
		assert.Check(t, used[metric], "internal/alerts/exporters.yaml has %s, at which no alert looks, nor a panel", metric)
	}
}

// A new version of an exporter may have dropped what an alert looks at.
func TestTheVersionsOfTheExportersAreTheCatalogues(t *testing.T) {
	text, err := os.ReadFile("../../components/chart/catalogue.yaml")
	assert.NilError(t, err)
	for _, each := range exporters(t) {
		if each.By == "platform" {
			continue
		}
		assert.Check(t, regexp.MustCompile(`(?m)^  `+regexp.QuoteMeta(each.By)+`:$`).Match(text), "the catalogue has no %s", each.By)
		image := each.Image + ":"
		found := regexp.MustCompile(regexp.QuoteMeta(image)+`[^"@\s]+`).FindAllString(string(text), -1)
		assert.Check(t, len(found) > 0, "the catalogue has no image %s", each.Image)
		for _, tagged := range found {
			assert.Check(t, strings.HasPrefix(strings.TrimPrefix(tagged, image), each.Version),
				"%s: %s is another version than %s: look whether it still has the metrics of internal/alerts/exporters.yaml", each.Name, tagged, each.Version)
		}
	}
}
