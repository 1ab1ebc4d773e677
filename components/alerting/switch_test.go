package alerting_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/alerting"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// watched is the alerting of an environment that has a bastion.
func watched(change func(*alerting.Config)) func(ctx *pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, random, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		commands, err := providers.NewCommand(ctx, "command")
		if err != nil {
			return err
		}
		made, err := alerting.New(ctx, "alerting", &alerting.Args{
			Installer: &chart.Installer{Provider: cluster}, Config: config(change), Alertmanagers: "monitoring",
			Bastion: &alerting.Bastion{
				Machine: &providers.Machine{
					Login: providers.Login{User: "ubuntu", Port: 22, PrivateKey: pulumi.String("PRIVATE")},
					Host:  pulumi.String("192.0.2.9"), HostKey: pulumi.String("ssh-ed25519 AAAA"),
				},
				Address: pulumi.String("10.10.0.9"),
			},
		}, pulumi.Providers(random, commands))
		if err != nil {
			return err
		}
		made.Switch.URL.ApplyT(func(address string) error {
			if address != "http://10.10.0.9:9095/" {
				panic(address)
			}
			return nil
		})
		return nil
	}
}

func TestTheDeadMansSwitchIsInstalledOnTheBastion(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*alerting.Config)
		link   string
	}{
		"of its own": {nil, "https://github.com/iransre/exchange-platform/blob/main/docs/runbooks/Watchdog.md"},
		"short":      {func(c *alerting.Config) { c.Runbooks, c.Language = "https://rb.iransre.ir/{alert}", alerting.Persian }, "https://rb.iransre.ir/Watchdog"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(test.change)
			installed := mocktest.Run(t, watched(test.change)).Get(t, "alerting-switch")
			stdin := installed.Inputs["stdin"]
			assert.Assert(t, stdin.IsSecret(), "keys and numbers are in it")
			for name, value := range installed.Inputs {
				assert.Check(t, name == "stdin" || !strings.Contains(value.String(), key), "%s", name)
			}
			script := stdin.SecretValue().Element.StringValue()
			assert.Assert(t, !strings.Contains(script, "@"), "something is not filled in")
			files := regexp.MustCompile(`(?m)^put (\S+) (\d+) <<'END'\n(.*)\nEND$`).FindAllStringSubmatch(script, -1)
			assert.Equal(t, len(files), 3)
			for _, file := range files {
				text, err := base64.StdEncoding.DecodeString(file[3])
				assert.NilError(t, err)
				if file[1] != "/etc/alert-switch/settings.json" {
					assert.Assert(t, strings.HasPrefix(string(text), `"""`))
					continue
				}
				assert.Equal(t, file[2], "600")
				var settings map[string]any
				assert.NilError(t, json.Unmarshal(text, &settings))
				assert.Equal(t, settings["key"], key)
				assert.Equal(t, settings["address"], "10.10.0.9")
				assert.Equal(t, settings["link"], test.link)
				assert.Equal(t, settings["language"], string(c.Language))
				assert.Assert(t, len(settings["token"].(string)) >= 16)
				assert.DeepEqual(t, settings["sms"].(map[string]any)["receivers"], []any{"09121234567", "09351234567"})
			}
			assert.Assert(t, strings.Contains(installed.Inputs["delete"].StringValue(), "disable --quiet --now alert-switch"))
		})
	}
}

// TestTheSwitchItself runs its tests, in Python.
func TestTheSwitchItself(t *testing.T) {
	for _, file := range []string{"switch.py", "sms.py", "tests/test_switch.py"} { // Go sees what it has read only
		_, err := os.ReadFile(file)
		assert.NilError(t, err)
	}
	run := exec.Command("python3", "-m", "unittest", "discover")
	run.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	output, err := run.CombinedOutput()
	assert.NilError(t, err, string(output))
}
