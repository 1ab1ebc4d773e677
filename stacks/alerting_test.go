package stacks

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/alerting"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func TestMessagesGoWhereTheStackFileSays(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Alerting.Telegram = alerting.Telegram{Chat: -100, Token: "hush"}
	cfg.Alerting.SMS = alerting.SMS{Provider: alerting.Kavenegar, Receivers: []string{"09121234567"}, Key: "hush"}
	cfg.Alerting.Runbooks = "https://rb.iransre.ir/{alert}"
	recording := deployedWith(t, cfg)
	recording.Get(t, "alerting-adapter")
	values := mocktest.Plain(recording.Get(t, "monitoring-release").Inputs["values"]).(map[string]any)
	spec := values["alertmanager"].(map[string]any)["alertmanagerSpec"].(map[string]any)
	assert.Equal(t, spec["configSecret"], "alertmanager-routing")
	rules := recording.Get(t, "postgres-alerts").Inputs["spec"].String()
	assert.Assert(t, strings.Contains(rules, "https://rb.iransre.ir/DatabaseAway"))
}

// The stack in which the sandbox breaks things has all ways by which people are told; the keys are set by the sandbox.
func TestTheSandboxsWatchedStackTellsSomebody(t *testing.T) {
	raw := stackFile(t, "../sandbox/stacks/Pulumi.watched.yaml")
	raw[project+":alerting"] = strings.NewReplacer(`"chat":`, `"token": "hush", "chat":`, `"provider":`, `"key": "hush", "provider":`).Replace(raw[project+":alerting"])
	cfg, err := Load(project, "watched", raw)
	assert.NilError(t, err)
	recording := deployedWith(t, cfg)
	for _, each := range []string{"monitoring-routing-secret", "alerting-adapter", "alerting-switch"} {
		recording.Get(t, each)
	}
}

// Where there is no machine outside the cluster nothing notices that it is gone, and that is said.
func TestTheBastionNoticesSilence(t *testing.T) {
	for stack, watched := range map[string]bool{"demo": false, "prod": true} {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		cfg.Alerting.SMS = alerting.SMS{Provider: alerting.Kavenegar, Receivers: []string{"09121234567"}, Key: "hush"}
		recording := deployedWith(t, cfg)
		installed := slices.Contains(recording.Names(), "alerting-switch")
		assert.Equal(t, installed, watched, stack)
		unwatched := slices.ContainsFunc(warningsOf(t, cfg), func(said string) bool { return strings.Contains(said, "no machine outside watches them") })
		assert.Equal(t, unwatched, !watched, stack)
		_, has := recording.SecretData(t, "monitoring-routing-secret")["switch-token"]
		assert.Equal(t, has, watched, stack)
		if !watched {
			continue
		}
		with := recording.Get(t, recording.Get(t, "alerting-switch").DeletedWith)
		assert.Equal(t, with.Type, arvan.MachinesType)
	}
}

func TestWithoutAlertingNothingChanges(t *testing.T) {
	for _, each := range deployed(t, "demo").Resources {
		assert.Assert(t, !strings.HasPrefix(each.Name, "alerting") && each.Name != "monitoring-routing-secret", each.Name)
	}
}

// Grafana's sidecar puts the dashboards of all namespaces into one folder: of two files of one name one would be lost.
func TestEachDashboardIsThereOnce(t *testing.T) {
	for _, stack := range theStacks {
		from := map[resource.PropertyKey]string{}
		for _, each := range deployed(t, stack).Resources {
			if each.Type != "kubernetes:core/v1:ConfigMap" || !strings.HasSuffix(each.Name, "-dashboards") {
				continue
			}
			labels := mocktest.Plain(each.Inputs["metadata"]).(map[string]any)["labels"].(map[string]any)
			assert.Equal(t, labels["grafana_dashboard"], "1", each.Name)
			for file := range each.Inputs["data"].ObjectValue() {
				assert.Equal(t, from[file], "", "%s: %s is %s's too", stack, file, each.Name)
				from[file] = each.Name
			}
		}
		assert.Equal(t, from["platform-overview.json"], "monitoring-dashboards")
		assert.Equal(t, from["platform-exchange.json"], "exchange-dashboards")
	}
}
