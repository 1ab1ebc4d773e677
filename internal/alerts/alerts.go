// Package alerts is every alert of the platform, as data: rules that Prometheus reads as they are, what exports the metrics they
// name, and the tests of their behaviour, in promtool's format, which the sandbox runs with Prometheus' own engine. It is one table
// and not each capability's own, so that nobody's alert has no owner, no runbook or no data behind it.
package alerts

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:generate go run ./docs

//go:embed rules/*.yaml exporters.yaml dashboards.yaml
var files embed.FS

// Runbooks is where the runbooks are read, if the stack file names no other place: an address with AlertsName in it.
const Runbooks = "https://github.com/iransre/exchange-platform/blob/main/docs/runbooks/" + AlertsName + ".md"

// AlertsName stands for an alert's name in the address of its runbook.
const AlertsName = "{alert}"

// Watchdog is the alert of kube-prometheus-stack that always fires: who hears it no longer knows that alerts do not arrive.
const Watchdog = "Watchdog"

// NodeMetrics is where programs on a machine leave what the node exporter tells for them, in files NAME.prom.
const NodeMetrics = "/var/lib/exchange-platform/metrics"

// Severity says who hears of an alert, and when.
type Severity string

// The severities.
const (
	Page   Severity = "page"   // somebody is woken: users notice, or soon will
	Ticket Severity = "ticket" // somebody looks at it at work
	Info   Severity = "info"   // nobody is told at night
)

// Group is what is watched together: a capability, or a part of one that may be absent.
type Group struct {
	Name  string `yaml:"name"`
	Rules []Rule `yaml:"rules"`
	// File is the capability: the file's name without its ending.
	File string `yaml:"-"`
}

// Rule is one alert.
type Rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// Severity is who hears of it.
func (r Rule) Severity() Severity { return Severity(r.Labels["severity"]) }

// name is whatever could be a metric's in an expression.
var name = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)

// Metrics are the known ones that the rule names. Those that are not known are found by the tests, with Prometheus' own parser.
func (r Rule) Metrics(exporters []Exporter) []string {
	var found []string
	for _, word := range name.FindAllString(r.Expr, -1) {
		for _, exporter := range exporters {
			if _, exported := exporter.Metrics[word]; exported && !slices.Contains(found, word) {
				found = append(found, word)
			}
		}
	}
	return found
}

// Exporter is what tells metrics.
type Exporter struct {
	Name    string            `yaml:"name"`
	By      string            `yaml:"by"`      // the catalogue's entry, or "platform"
	Image   string            `yaml:"image"`   // without its tag
	Version string            `yaml:"version"` // in the image's tag
	Source  string            `yaml:"source"`
	Metrics map[string]string `yaml:"metrics"` // where in the source each is made
}

// Groups are all groups, by file and in their order there. Each update asks for them a dozen times: they are read once, and nobody's to change.
var Groups = sync.OnceValues(func() ([]Group, error) {
	names, err := fs.Glob(files, "rules/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Group
	for _, file := range names {
		var read struct{ Groups []Group }
		if err := decode(file, &read); err != nil {
			return nil, err
		}
		for _, group := range read.Groups {
			group.File = strings.TrimSuffix(path.Base(file), ".yaml")
			all = append(all, group)
		}
	}
	return all, nil
})

// Exporters is all that exports metrics to which alerts look.
func Exporters() ([]Exporter, error) {
	var read struct{ Exporters []Exporter }
	err := decode("exporters.yaml", &read)
	return read.Exporters, err
}

// Named are the groups of these names, in this order, as objects of the Prometheus operator have them. Each rule gets the address
// of its runbook; an empty one stands for Runbooks.
func Named(runbooks string, names ...string) ([]any, error) {
	all, err := Groups()
	if err != nil {
		return nil, err
	}
	if runbooks == "" {
		runbooks = Runbooks
	}
	var found []any
	for _, wanted := range names {
		at := slices.IndexFunc(all, func(group Group) bool { return group.Name == wanted })
		if at < 0 {
			return nil, fmt.Errorf("no group of alerts is called %q: internal/alerts/rules has none", wanted)
		}
		var rules []any
		for _, rule := range all[at].Rules {
			rules = append(rules, rule.object(runbooks))
		}
		found = append(found, map[string]any{"name": wanted, "rules": rules})
	}
	return found, nil
}

func (r Rule) object(runbooks string) map[string]any {
	annotations := map[string]any{"runbook_url": strings.ReplaceAll(runbooks, AlertsName, r.Alert)}
	for key, text := range r.Annotations {
		annotations[key] = text
	}
	labels := map[string]any{}
	for key, value := range r.Labels {
		labels[key] = value
	}
	object := map[string]any{"alert": r.Alert, "expr": r.Expr, "labels": labels, "annotations": annotations}
	if r.For != "" {
		object["for"] = r.For
	}
	return object
}

func decode(file string, into any) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
