package alerts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/alerts"
)

const runbooks = "../../docs/runbooks"

func groups(t *testing.T) []alerts.Group {
	t.Helper()
	found, err := alerts.Groups()
	assert.NilError(t, err)
	assert.Assert(t, len(found) > 0)
	return found
}

func TestEachAlertHasSeverityOwnerWordsAndRunbook(t *testing.T) {
	seen := map[string]bool{alerts.Watchdog: true} // the one of kube-prometheus-stack's that has a runbook here
	for _, group := range groups(t) {
		for _, rule := range group.Rules {
			t.Run(rule.Alert, func(t *testing.T) {
				assert.Assert(t, !seen[rule.Alert], "there are two of this name")
				seen[rule.Alert] = true
				assert.Check(t, slices.Contains([]alerts.Severity{alerts.Page, alerts.Ticket, alerts.Info}, rule.Severity()), "severity %q", rule.Severity())
				assert.Check(t, slices.Contains([]string{"platform", "exchange"}, rule.Labels["owner"]), "owner %q", rule.Labels["owner"])
				assert.Check(t, rule.Annotations["summary"] != "")
				// With a short address of the runbook it fits into one SMS, which has 70 characters in Persian.
				persian := utf8.RuneCountInString(rule.Annotations["summary_fa"])
				assert.Check(t, persian > 0 && persian <= 30, "summary_fa has %d characters", persian)
				text, err := os.ReadFile(filepath.Join(runbooks, rule.Alert+".md"))
				assert.NilError(t, err)
				for _, part := range []string{"# " + rule.Alert + "\n", "\n## Look\n", "```sh\n", "\n## Mend\n"} {
					assert.Check(t, strings.Contains(string(text), part), "its runbook has no %q", part)
				}
			})
		}
	}
	files, err := filepath.Glob(runbooks + "/*.md")
	assert.NilError(t, err)
	for _, file := range files {
		assert.Check(t, seen[strings.TrimSuffix(filepath.Base(file), ".md")], "%s is of no alert", file)
	}
}

func TestTheRunbooksAddressIsTheStacks(t *testing.T) {
	for given, address := range map[string]string{
		"":                              "https://github.com/iransre/exchange-platform/blob/main/docs/runbooks/DatabaseAway.md",
		"https://rb.iransre.ir/{alert}": "https://rb.iransre.ir/DatabaseAway",
	} {
		made, err := alerts.Named(given, "postgres")
		assert.NilError(t, err)
		rule := made[0].(map[string]any)["rules"].([]any)[0].(map[string]any)
		assert.Equal(t, rule["annotations"].(map[string]any)["runbook_url"], address)
	}
	_, err := alerts.Named("", "weather")
	assert.ErrorContains(t, err, `no group of alerts is called "weather"`)
}

func TestGitHubsRunnerTellsTheNodeExporter(t *testing.T) {
	program, err := os.ReadFile("../../components/delivery/runner.py")
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(program), `"`+alerts.NodeMetrics+`/github_runner.prom"`))
}

// Whoever writes there, and the node exporter, which reads it, cannot know of each other.
func TestTheBackupOfEtcdTellsTheNodeExporter(t *testing.T) {
	program, err := os.ReadFile("../../components/kubespray/runner/etcd_members/etcd_backup.py")
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(program), `"`+alerts.NodeMetrics+`"`))
	playbook, err := os.ReadFile("../../components/kubespray/runner/etcd_members/etcd-backup.yml")
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(playbook), " "+alerts.NodeMetrics+"/etcd_backup.prom\n"))
}

func TestEachMetricOfOursIsInItsProgram(t *testing.T) {
	exporters, err := alerts.Exporters()
	assert.NilError(t, err)
	for _, exporter := range exporters {
		if !strings.HasPrefix(exporter.Source, "components/") && !strings.HasPrefix(exporter.Source, "charts/") {
			continue
		}
		program, err := os.ReadFile("../../" + exporter.Source)
		assert.NilError(t, err)
		for metric := range exporter.Metrics {
			assert.Check(t, strings.Contains(string(program), metric), "%s does not tell %s", exporter.Source, metric)
		}
	}
}
