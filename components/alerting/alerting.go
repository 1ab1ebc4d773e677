// Package alerting is who hears of alerts: Alertmanager's routing and messages, and the adapter that sends messages by SMS.
package alerting

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

const (
	namespaceName = "alerting"
	smsName       = "alert-sms"
	smsPort       = 8080
)

// smsHost is where Alertmanager finds the adapter.
var smsHost = fmt.Sprintf("%s:%d", chart.ServiceHost(smsName, namespaceName), smsPort)

// smsProgram is the adapter.
//
//go:embed sms.py
var smsProgram string

// Args describes the way of the messages.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// Alertmanagers is the namespace of those who may have messages sent.
	Alertmanagers string
	// Bastion is where the dead man's switch is; nil if there is none.
	Bastion *Bastion
}

// Alerting is the way of the messages.
type Alerting struct {
	pulumi.ResourceState

	Namespace pulumi.StringOutput `pulumi:"namespace"`

	// Switch is the dead man's; nil if there is none.
	Switch *Switch
}

// New installs the adapter for SMS, and the dead man's switch on the bastion. Telegram needs neither.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Alerting, error) {
	self := &Alerting{}
	return component.New(ctx, "exchange:alerting:Alerting", name, self, opts, func(child pulumi.ResourceOption) error {
		return self.install(ctx, name, args, child)
	})
}

func (a *Alerting) install(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	sms := args.Config.SMS
	settings, err := json.Marshal(sms.settings())
	if err != nil {
		return fmt.Errorf("the settings of %s: %w", smsName, err)
	}
	// Numbers of people are nobody else's business: the settings lie beside the key.
	data := pulumi.StringMap{"settings.json": pulumi.String(settings), "key": pulumi.String(sms.Key)}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted},
		Secrets:   []chart.SecretArgs{{Name: smsName, Data: data}},
	}, child)
	if err != nil {
		return err
	}
	image, err := chart.ImageOf("kube-prometheus-stack", "python")
	if err != nil {
		return err
	}
	before := []pulumi.Resource{made.Secret(smsName)} // the pods mount it
	for _, each := range objects(args, image) {
		each.Namespace = made.Namespace.Name
		object, err := args.Installer.Object(ctx, name+"-"+each.part, &each.ObjectArgs, child, pulumi.DependsOn(before))
		if err != nil {
			return err
		}
		before = append(before, object)
	}
	a.Namespace = made.Namespace.Name
	return a.watch(ctx, name, args, child)
}

// settings are the program's: all but the key.
func (s *SMS) settings() map[string]any {
	return map[string]any{
		"provider": s.Provider, "receivers": s.Receivers, "sender": s.Sender, "apiUrl": s.APIURL, "request": s.Request,
	}
}
