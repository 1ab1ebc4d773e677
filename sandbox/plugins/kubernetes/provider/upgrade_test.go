package provider

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/internal/upgrade"
)

// beforeAnUpgrade asks a real API server: what it answers is read as it stands, and what it cannot answer is not good.
func beforeAnUpgrade(t *testing.T, w *world) {
	answers := func() []upgrade.Answer { return upgrade.Ask(t.Context(), w.kubeconfig, time.Now()) }
	answer := func(all []upgrade.Answer, name string) upgrade.Answer {
		t.Helper()
		i := slices.IndexFunc(all, func(a upgrade.Answer) bool { return a.Name == name })
		assert.Assert(t, i >= 0, "%v", all)
		return all[i]
	}
	asked := answers()
	for _, name := range []string{"nodes", "removed APIs", "certificates of the cluster"} {
		made := answer(asked, name)
		assert.Check(t, made.Good, "%s: %s", name, made.Says)
	}
	backup := answer(asked, "backup of etcd")
	assert.Check(t, !backup.Good && strings.HasPrefix(backup.Says, "not known: ask Prometheus: "), backup.Says)
	assert.Check(t, !upgrade.Ready(asked))

	labels := object{"app": "guarded"}
	w.object(t, "guarded", object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": "guarded", "namespace": "web"}, "spec": object{
		"replicas": int64(1), "selector": object{"matchLabels": labels},
		"template": object{"metadata": object{"labels": labels}, "spec": object{"containers": []any{object{"name": "c", "image": "image"}}}},
	}})
	w.object(t, "budget", object{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": object{"name": "guarded", "namespace": "web"}, "spec": object{
		"minAvailable": int64(1), "selector": object{"matchLabels": labels},
	}})
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		made := answer(answers(), "budgets")
		if made.Good || !strings.Contains(made.Says, "web/guarded lets no pod go (1 of 1 are healthy)") {
			return poll.Continue("%s", made.Says)
		}
		return poll.Success()
	}, poll.WithTimeout(30*time.Second))
}
