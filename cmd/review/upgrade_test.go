package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/upgrade"
)

// ready is what a cluster answers that is ready, by path; Prometheus' values by a part of the query.
var (
	ready = map[string]string{
		"/api/v1/nodes": `{"items": [{"metadata": {"name": "m1"}, "status": {"nodeInfo": {"kubeletVersion": "v1.35.4"},
			"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]}}]}`,
		"/api/v1/secrets":                      `{"items": []}`,
		"/apis/policy/v1/poddisruptionbudgets": `{"items": [{"metadata": {"name": "web", "namespace": "exchange"}, "status": {"disruptionsAllowed": 1, "expectedPods": 2}}]}`,
		"/metrics":                             "apiserver_request_total{code=\"200\"} 7\n",
		"/version":                             `{}`,
	}
	values = map[string]string{
		"etcd_backup": "1800", "barman_cloud": "36000", "node_filesystem": "0.61", "nginx_ingress": "5000000", "ALERTS": "0",
	}
)

// cluster answers, with what a test has otherwise; an empty answer is none. The state leads to it.
func cluster(t *testing.T, otherwise map[string]string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := func(key, usual string) string {
			if changed, is := otherwise[key]; is {
				return changed
			}
			return usual
		}
		answer := of(r.URL.Path, ready[r.URL.Path])
		if r.URL.Path == upgrade.Prometheus {
			for part, usual := range values {
				if !strings.Contains(r.URL.Query().Get("query"), part) {
					continue
				}
				answer = `{"data": {"result": []}}`
				if value := of(part, usual); value != "" {
					answer = fmt.Sprintf(`{"data": {"result": [{"value": [1.5, %q]}]}}`, value)
				}
			}
		}
		if answer == "" {
			w.WriteHeader(http.StatusForbidden)
			answer = `{"message": "it is forbidden"}`
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	kubeconfig, err := json.Marshal(fmt.Sprintf(`{"current-context": "it", "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
		"clusters": [{"name": "it", "cluster": {"server": %q, "certificate-authority-data": %q}}],
		"users": [{"name": "admin", "user": {"token": "hunter2"}}]}`, server.URL, authority))
	assert.NilError(t, err)
	withEngine(t, map[string]string{
		"state.json": someState, "preview.json": `{"changeSummary": {"same": 3}}`,
		"secrets.json": `{"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "outputs": {"kubeconfig": ` + string(kubeconfig) + `}}]}}`,
	})
}

func TestAnEnvironmentThatIsReady(t *testing.T) {
	cluster(t, nil)
	said, code, err := runReview(t, "--upgrade", "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 0, said)
	assert.Check(t, strings.HasPrefix(said, review.Mark("prod")+"\n### `prod` is ready for another version\n"), said)
	for _, part := range []string{
		"- nodes, good: all 1 are ready, with v1.35.4", "- backup of etcd, good: the last backup of etcd is 30m0s old",
		"- disks, good: the fullest disk of a node has 61 % of itself left", "- certificates of the cluster, good: the first ", "- changes, good: nothing restarts",
	} {
		assert.Check(t, is.Contains(said, part))
	}
	assert.Equal(t, strings.Count(said, review.Mark("prod")), 1)
}

// What the review says of budgets is what an upgrade itself goes by (components/kubespray/runner/tests/test_guard.py).
func TestWhoIsInTheWayOfAnUpgrade(t *testing.T) {
	text, err := os.ReadFile("../../components/kubespray/testdata/budgets/examples.json")
	assert.NilError(t, err)
	var examples []struct {
		Of     string
		Budget json.RawMessage
		Stops  bool
	}
	assert.NilError(t, json.Unmarshal(text, &examples))
	assert.Assert(t, len(examples) > 0)
	for _, example := range examples {
		cluster(t, map[string]string{"/apis/policy/v1/poddisruptionbudgets": `{"items": [` + string(example.Budget) + `]}`})
		said, _, err := runReview(t, "--upgrade", "prod")
		assert.NilError(t, err)
		assert.Check(t, is.Contains(said, map[bool]string{true: "- budgets, **not good**: ", false: "- budgets, good: "}[example.Stops]), example.Of)
	}
}

func TestWhatIsNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		otherwise map[string]string
		says      string
	}{
		"a node": {map[string]string{"/api/v1/nodes": `{"items": [{"metadata": {"name": "w1"}, "spec": {"unschedulable": true}, "status": {"conditions": []}}]}`},
			"- nodes, **not good**: w1 is not ready; w1 is cordoned"},
		"half an upgrade": {map[string]string{"/api/v1/nodes": strings.Replace(ready["/api/v1/nodes"], "]}", `]}}, {"metadata": {"name": "m2"}, "status": {"nodeInfo": {"kubeletVersion": "v1.34.6"},
			"conditions": [{"type": "Ready", "status": "True"}]}`, 1)}, "an earlier upgrade has not ended: v1.34.6, v1.35.4"},
		"a release": {map[string]string{"/api/v1/secrets": `{"items": [{"metadata": {"name": "s", "namespace": "web", "labels": {"name": "shop", "version": "3", "status": "pending-upgrade"}}}]}`},
			"- releases, **not good**: web/shop is pending-upgrade"},
		"a budget": {map[string]string{"/apis/policy/v1/poddisruptionbudgets": `{"items": [{"metadata": {"name": "web", "namespace": "exchange"},
			"status": {"disruptionsAllowed": 0, "expectedPods": 2, "currentHealthy": 1}}]}`}, "- budgets, **not good**: exchange/web lets no pod go (1 of 2 are healthy)"},
		"an API that goes": {map[string]string{"/metrics": ready["/metrics"] +
			`apiserver_requested_deprecated_apis{group="policy",removed_release="1.36",resource="budgets",subresource="",version="v1beta1"} 1` + "\n"},
			"budgets of policy/v1beta1 goes with Kubernetes 1.36, and is used"},
		"an old backup":            {map[string]string{"etcd_backup": "90000"}, "- backup of etcd, **not good**: the last backup of etcd is 25h0m0s old"},
		"a full disk":              {map[string]string{"node_filesystem": "0.07"}, "has 7 % of itself left"},
		"a certificate":            {map[string]string{"nginx_ingress": "86400"}, "the first certificate of the site ends in 24h0m0s"},
		"a page":                   {map[string]string{"ALERTS": "2"}, "2 pages fire"},
		"nobody knows of backups":  {map[string]string{"barman_cloud": ""}, "- backup of the database, **not good**: not known: Prometheus has no data of it"},
		"not a number":             {map[string]string{"etcd_backup": "NaN"}, "not known: Prometheus has no number of it"},
		"metrics without requests": {map[string]string{"/metrics": "nothing"}, "- removed APIs, **not good**: not known: "},
		"it is not allowed":        {map[string]string{"/apis/policy/v1/poddisruptionbudgets": ""}, "- budgets, **not good**: not known: the cluster answered 403: it is forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster(t, test.otherwise)
			said, code, err := runReview(t, "--upgrade", "prod")
			assert.NilError(t, err)
			assert.Equal(t, code, review.NotReady, said)
			assert.Check(t, is.Contains(said, "### `prod` is **not ready** for another version"))
			assert.Check(t, is.Contains(said, test.says))
		})
	}
}

// What cannot be asked is not good, all of it at once as well; and what is let be is said.
func TestNothingCanBeAsked(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "preview.json": removal, "secrets.json": someState})
	said, code, err := runReview(t, "--upgrade", "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, review.NotReady)
	assert.Check(t, is.Contains(said, "- cluster, **not good**: not known: the state has no kubeconfig"))
	assert.Check(t, is.Contains(said, "- changes, **not good**: data is deleted or replaced; 0 made, 0 changed, 1 deleted"))

	cluster(t, map[string]string{"barman_cloud": ""})
	said, code, err = runReview(t, "--upgrade", "--accept", "backup of the database", "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 0)
	assert.Check(t, is.Contains(said, "- backup of the database, not good, accepted: not known"))
	_, code, err = runReview(t, "--upgrade", "--accept", "backups", "prod")
	assert.Equal(t, code, 1)
	assert.ErrorContains(t, err, `nothing is called "backups": changes, nodes, releases, budgets, removed APIs`)
}
