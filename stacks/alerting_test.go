package stacks

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/alerting"
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

func TestWithoutAlertingNothingChanges(t *testing.T) {
	for _, each := range deployed(t, "demo").Resources {
		assert.Assert(t, !strings.HasPrefix(each.Name, "alerting") && each.Name != "monitoring-routing-secret", each.Name)
	}
}
