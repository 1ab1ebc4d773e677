package alerting

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/alerts"
	"github.com/iransre/exchange-platform/internal/providers"
)

// Bastion is the machine outside the cluster on which the dead man's switch is.
type Bastion struct {
	Machine *providers.Machine
	// Address is where it listens, in the private network, which alone reaches it there.
	Address pulumi.StringInput
}

const switchPort = 9095

// switchProgram is the dead man's switch. It sends as the adapter does.
//
//go:embed switch.py
var switchProgram string

// switchScript makes it a service.
//
//go:embed switch.sh
var switchScript string

const (
	switchCommand = "sudo -n sh"
	// What nobody feeds any more must not go off.
	switchRemoved = `sudo -n sh -c 'systemctl disable --quiet --now alert-switch
rm -rf /etc/systemd/system/alert-switch.service /etc/alert-switch /usr/local/lib/alert-switch /var/lib/alert-switch /var/lib/private/alert-switch
systemctl daemon-reload'`
)

// Switch is how the dead man's switch is kept quiet.
type Switch struct {
	URL pulumi.StringOutput
	// Token is what Alertmanager proves itself with: nobody else in the private network may keep it quiet.
	Token pulumi.StringOutput
}

// install renders the script that makes the switch a service on the machine of this address.
func (c *Config) install(address, token string) (string, error) {
	runbooks := c.Runbooks
	if runbooks == "" {
		runbooks = alerts.Runbooks
	}
	settings, err := json.Marshal(map[string]any{
		"sms": c.SMS.settings(), "key": c.SMS.Key, "token": token, "language": c.Language,
		"link": strings.ReplaceAll(runbooks, alerts.AlertsName, alerts.Watchdog), "address": address, "port": switchPort,
	})
	if err != nil {
		return "", err
	}
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return strings.NewReplacer("@SMS@", coded(smsProgram), "@SWITCH@", coded(switchProgram), "@SETTINGS@", coded(string(settings))).
		Replace(switchScript), nil
}

// watch installs the dead man's switch, if there is a bastion for it.
func (a *Alerting) watch(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	if args.Bastion == nil {
		return nil
	}
	token, err := args.Installer.Password(ctx, name+"-switch-token", child)
	if err != nil {
		return err
	}
	a.Switch = &Switch{URL: pulumi.Sprintf("http://%s:%d/", args.Bastion.Address, switchPort), Token: token}
	script := pulumi.All(args.Bastion.Address, token).ApplyT(func(values []any) (string, error) {
		return args.Config.install(values[0].(string), values[1].(string))
	}).(pulumi.StringOutput)
	opts := []pulumi.ResourceOption{child, pulumi.AdditionalSecretOutputs([]string{"stdin"})}
	if args.Installer.Within != nil {
		opts = append(opts, pulumi.DeletedWith(args.Installer.Within)) // the bastion goes, and the switch with it
	}
	_, err = args.Bastion.Machine.Repeated(ctx, name+"-switch", providers.Command{
		Text: pulumi.String(providers.Settled + switchCommand), Stdin: pulumi.ToSecret(script).(pulumi.StringOutput), Silent: true,
		Delete: pulumi.String(switchRemoved),
	}, providers.Reason{}, opts...)
	return err
}
