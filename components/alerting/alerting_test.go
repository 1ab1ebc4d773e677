package alerting_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/components/alerting"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

const token, key = mocktest.Generated + "-token", mocktest.Generated + "-key"

func config(change func(*alerting.Config)) alerting.Config {
	var c alerting.Config
	c.SetDefaults(settings.Prod)
	c.Telegram = alerting.Telegram{Chat: -1001234567890, Token: token, APIURL: "https://telegram.example.com/", Proxy: "socks5://10.10.0.5:1080"}
	c.SMS = alerting.SMS{Provider: alerting.Kavenegar, Receivers: []string{"09121234567", "09351234567"}, Sender: "10004346", Key: key}
	if change != nil {
		change(&c)
	}
	return c
}

// The files are read by the sandbox too, which has Alertmanager's own code look at them.
func TestTheRouting(t *testing.T) {
	for name, change := range map[string]func(*alerting.Config){
		"both":     nil,
		"persian":  func(c *alerting.Config) { c.Language, c.Telegram.Proxy, c.Telegram.APIURL = alerting.Persian, "", "" },
		"telegram": func(c *alerting.Config) { c.SMS, c.QuietHours = alerting.SMS{}, alerting.QuietHours{} },
		"sms":      func(c *alerting.Config) { c.Telegram, c.QuietHours.To = alerting.Telegram{}, "00:00" },
	} {
		t.Run(name, func(t *testing.T) {
			c := config(change)
			assert.Equal(t, len(c.Validate(settings.Prod, field.NewPath("alerting"))), 0)
			var deadMans *alerting.Switch
			if name == "both" {
				deadMans = &alerting.Switch{}
			}
			data, err := c.Routing(deadMans)
			assert.NilError(t, err)
			file := string(data["alertmanager.yaml"].(pulumi.String))
			golden.Assert(t, file, name+".alertmanager.yaml")
			assert.Assert(t, !strings.Contains(file, token))
			if c.Telegram.Chat != 0 {
				assert.Equal(t, string(data["telegram-token"].(pulumi.String)), c.Telegram.Token)
			}
			_, has := data["switch-token"]
			assert.Equal(t, has, deadMans != nil)
		})
	}
}

func TestNobodyIsToldUnlessItIsSaid(t *testing.T) {
	c := alerting.Config{}
	c.SetDefaults(settings.Prod)
	data, err := c.Routing(nil)
	assert.NilError(t, err)
	assert.Equal(t, len(data), 0)
	assert.Equal(t, len(c.Warnings(settings.Prod)), 1)
	assert.Equal(t, len(c.Warnings(settings.Demo)), 0)
}

func program(ctx *pulumi.Context) error {
	cluster, _, err := mocktest.Providers(ctx)
	if err != nil {
		return err
	}
	_, err = alerting.New(ctx, "alerting", &alerting.Args{
		Installer: &chart.Installer{Provider: cluster}, Config: config(nil), Alertmanagers: "monitoring",
	})
	return err
}

func TestAlerting(t *testing.T) { mocktest.Run(t, program).CheckComponent(t) }

func TestNumbersAndKeyAreInTheSecretOnly(t *testing.T) {
	r := mocktest.Run(t, program)
	data := r.Get(t, "alerting-secret").Inputs["stringData"]
	assert.Assert(t, data.IsSecret())
	for _, each := range r.Resources {
		for name, value := range each.Inputs {
			if each.Name == "alerting-secret" && name == "stringData" {
				continue
			}
			text := value.String()
			assert.Check(t, !strings.Contains(text, "09121234567") && !strings.Contains(text, key), "%s.%s", each.Name, name)
		}
	}
}
