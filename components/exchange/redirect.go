package exchange

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// redirect sends browsers from further names to the exchange. The ingress controller answers, so that it works with
// and without the CDN in front.
func redirect(ctx *pulumi.Context, name string, args *Args, made *chart.Installed, child pulumi.ResourceOption) error {
	if len(args.Config.RedirectHosts) == 0 {
		return nil
	}
	var rules pulumi.MapArray
	for _, host := range args.Config.RedirectHosts {
		path := pulumi.ToMap(map[string]any{
			"path": "/", "pathType": "Prefix",
			// an Ingress has to name one; it is never asked
			"backend": map[string]any{"service": map[string]any{"name": releaseName + "-web", "port": map[string]any{"name": "http"}}},
		})
		rules = append(rules, pulumi.Map{"host": pulumi.String(host), "http": pulumi.Map{"paths": pulumi.MapArray{path}}})
	}
	_, err := args.Installer.Object(ctx, name+"-redirect", &chart.ObjectArgs{
		APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: releaseName + "-redirect", Namespace: made.Namespace.Name,
		Annotations: map[string]string{
			// No variable such as $request_uri: ingress-nginx' validation of annotations, on by default, would leave out the whole Ingress.
			"nginx.ingress.kubernetes.io/permanent-redirect": args.URL,
			"pulumi.com/skipAwait":                           "true", // its address comes from a controller that may be installed after it
		},
		Fields: pulumi.Map{"spec": pulumi.Map{"ingressClassName": args.IngressClass, "rules": rules}},
	}, child)
	return err
}
