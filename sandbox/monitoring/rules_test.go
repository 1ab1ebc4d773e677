package monitoring_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"gotest.tools/v3/assert"
)

// unitTest is a file in promtool's format, as far as ours use it. promtool itself reads them too, but compares annotations, which
// are left out here: the runbook's address comes to them later, and that they can be written is looked at for all.
type unitTest struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []scenario     `yaml:"tests"`
}

type scenario struct {
	Interval model.Duration `yaml:"interval"`
	Series   []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Expected []expectation `yaml:"alert_rule_test"`
}

type expectation struct {
	At     model.Duration `yaml:"eval_time"`
	Alert  string         `yaml:"alertname"`
	Alerts []struct {
		Labels map[string]string `yaml:"exp_labels"`
	} `yaml:"exp_alerts"`
}

func unitTests(t *testing.T) map[string]unitTest {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(alertsFolder, "tests", "*.yaml"))
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	found := map[string]unitTest{}
	for _, file := range files {
		var read unitTest
		decode(t, file, &read)
		for i, rule := range read.RuleFiles {
			read.RuleFiles[i] = filepath.Join(filepath.Dir(file), rule)
		}
		found[file] = read
	}
	return found
}

func TestAlertsFireWhenTheyShould(t *testing.T) {
	for file, read := range unitTests(t) {
		for i, each := range read.Tests {
			t.Run(fmt.Sprintf("%s/%d-%s", filepath.Base(file), i, each.Expected[0].Alert), func(t *testing.T) {
				each.run(t, time.Duration(read.EvaluationInterval), read.RuleFiles)
			})
		}
	}
}

// run evaluates the rules over the series with Prometheus' engine, and compares what fires at each moment that is named.
func (s scenario) run(t *testing.T, every time.Duration, files []string) {
	t.Helper()
	var load strings.Builder
	load.WriteString("load " + s.Interval.String() + "\n")
	for _, series := range s.Series {
		load.WriteString("  " + series.Series + " " + series.Values + "\n")
	}
	suite, err := promqltest.NewLazyLoader(load.String(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, suite.Close()) })
	suite.SubqueryInterval = every
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()), Appendable: suite.Storage(), Context: context.Background(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: promslog.NewNopLogger(), Parser: parser.NewParser(parser.Options{}),
	})
	groups, problems := manager.LoadGroups(every, labels.EmptyLabels(), "", nil, false, files...)
	assert.Equal(t, len(problems), 0, "%v", problems)
	last := slices.MaxFunc(s.Expected, func(a, b expectation) int { return int(a.At - b.At) }).At
	start := time.Unix(0, 0).UTC()
	for at := start; !at.After(start.Add(time.Duration(last))); at = at.Add(every) {
		suite.WithSamplesTill(at, func(err error) {
			assert.NilError(t, err)
			for _, group := range groups {
				group.Eval(suite.Context(), at)
			}
		})
		for _, expected := range s.Expected {
			if start.Add(time.Duration(expected.At)).Equal(at) {
				assert.DeepEqual(t, firing(t, groups, expected.Alert), expected.labels())
			}
		}
	}
}

// labels are those of the alerts that are expected, in order.
func (e expectation) labels() []string {
	found := []string{}
	for _, alert := range e.Alerts {
		all := maps.Clone(alert.Labels)
		all["alertname"] = e.Alert
		found = append(found, labels.FromMap(all).String())
	}
	slices.Sort(found)
	return found
}

// firing are the labels of the alerts of that name that fire. Their messages have to have been written.
func firing(t *testing.T, groups map[string]*rules.Group, name string) []string {
	t.Helper()
	found := []string{}
	for _, group := range groups {
		for _, rule := range group.AlertingRules() {
			assert.NilError(t, rule.LastError())
			if rule.Name() != name {
				continue
			}
			for _, alert := range rule.ActiveAlerts() {
				if alert.State != rules.StateFiring {
					continue
				}
				found = append(found, alert.Labels.String())
				alert.Annotations.Range(func(text labels.Label) {
					for _, wrong := range []string{"<error", "<no value>", "%!"} {
						assert.Assert(t, !strings.Contains(text.Value, wrong), "%s of %s: %s", text.Name, name, text.Value)
					}
				})
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestEachAlertIsTestedFiringAndNotFiring(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, read := range unitTests(t) {
		for _, each := range read.Tests {
			for _, expected := range each.Expected {
				if len(expected.Alerts) > 0 {
					fires[expected.Alert] = true
				} else {
					silent[expected.Alert] = true
				}
			}
		}
	}
	for _, rule := range ours(t) {
		assert.Check(t, fires[rule.Alert], "no test in internal/alerts/tests has %s fire", rule.Alert)
		assert.Check(t, silent[rule.Alert], "no test in internal/alerts/tests has %s not fire", rule.Alert)
	}
}
