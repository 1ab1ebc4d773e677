package alerts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/alerts"
)

func TestEachCapabilityHasADashboardAndEachGroupAPanel(t *testing.T) {
	all, err := alerts.Dashboards()
	assert.NilError(t, err)
	seen := map[string]bool{}
	for _, dashboard := range all {
		for _, panel := range dashboard.Panels {
			seen[dashboard.Capability+"/"+panel.Group] = true
			assert.Check(t, panel.Title != "" && len(panel.Queries) > 0, "%s: %q", dashboard.Capability, panel.Title)
			assert.Check(t, panel.Kind == "" || panel.Kind == "stat", panel.Kind)
		}
	}
	assert.Assert(t, seen["overview/overview"])
	for _, group := range groups(t) {
		assert.Check(t, seen[group.File+"/"+group.Name], "no panel of the dashboard %s is of the group %s", group.File, group.Name)
	}
}

// Grafana leaves out a dashboard that it cannot read, and says so in its log only.
func TestGrafanaReadsThem(t *testing.T) {
	names := []string{alerts.Overview}
	for _, group := range groups(t) {
		names = append(names, group.Name)
	}
	files, err := alerts.Grafana(names...)
	assert.NilError(t, err)
	all, err := alerts.Dashboards()
	assert.NilError(t, err)
	assert.Equal(t, len(files), len(all))
	uids := map[string]bool{}
	for name, text := range files {
		var read struct {
			UID, Title string
			Panels     []struct {
				ID      int
				Type    string
				GridPos struct{ X, Y, W, H int }
				Targets []struct {
					RefID, Expr string
					Datasource  struct{ Type, UID string }
				}
			}
			Templating struct{ List []struct{ Name, Type string } }
		}
		assert.NilError(t, json.Unmarshal([]byte(text), &read), name)
		assert.Check(t, !uids[read.UID] && len(read.UID) <= 40 && read.Title != "", name)
		uids[read.UID] = true
		taken := map[[2]int]bool{}
		for i, panel := range read.Panels {
			assert.Equal(t, panel.ID, i+1)
			for x := range panel.GridPos.W {
				for y := range panel.GridPos.H {
					at := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
					assert.Assert(t, !taken[at] && at[0] < 24, "%s: the panel %d lies on another", name, panel.ID)
					taken[at] = true
				}
			}
			for _, target := range panel.Targets {
				assert.Check(t, target.RefID != "" && target.Expr != "" && target.Datasource.UID == "${"+read.Templating.List[0].Name+"}", name)
			}
		}
	}
}

func TestPanelsOfWhatIsNotWatchedAreLeftOut(t *testing.T) {
	files, err := alerts.Grafana("postgres-servers", "postgres-proxy")
	assert.NilError(t, err)
	assert.Equal(t, len(files), 1)
	text := files["platform-postgres.json"]
	assert.Assert(t, strings.Contains(text, "cnpg_collector_up") && strings.Contains(text, "haproxy_backend_active_servers"))
	assert.Assert(t, !strings.Contains(text, "barman") && !strings.Contains(text, "pg_up)"))
	none, err := alerts.Grafana()
	assert.NilError(t, err)
	assert.Equal(t, len(none), 0)
}
