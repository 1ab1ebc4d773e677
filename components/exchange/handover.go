package exchange

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/yaml"
)

// valuesName is the ConfigMap that tells whoever delivers the application with which values its chart is installed.
const valuesName = "platform-values"

// handOver makes what others need to deliver the application: the platform's part of its settings, which hold no secret, once the
// Secrets are there that these name.
func handOver(
	ctx *pulumi.Context, name string, args *Args, made *chart.Installed, values pulumi.Map, child pulumi.ResourceOption,
) (*chart.Object, error) {
	text := values.ToMapOutput().ApplyT(func(values map[string]any) (string, error) {
		text, err := yaml.Marshal(values)
		return string(text), err
	}).(pulumi.StringOutput)
	after := []pulumi.Resource{made.Secret(secretName)}
	if args.Config.Image.private() {
		after = append(after, made.Secret(registrySecretName))
	}
	if args.MonitorCRDs != nil {
		after = append(after, args.MonitorCRDs)
	}
	return args.Installer.Object(ctx, name+"-values", &chart.ObjectArgs{
		APIVersion: "v1", Kind: "ConfigMap", Name: valuesName, Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"data": pulumi.StringMap{"values.yaml": text}},
	}, child, pulumi.DependsOn(after))
}
