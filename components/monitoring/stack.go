package monitoring

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// installStack installs kube-prometheus-stack. Its release must keep this name: the names of its services come from it.
func (m *Monitoring) installStack(
	ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, child pulumi.ResourceOption,
) error {
	password, err := args.Installer.Password(ctx, name+"-grafana-password", child)
	if err != nil {
		return err
	}
	secret, err := args.Installer.Secret(ctx, name+"-grafana-secret", &chart.SecretArgs{
		Namespace: namespace.Name,
		Name:      adminSecret,
		Data:      pulumi.StringMap{"admin-user": pulumi.String(adminUser), "admin-password": password},
	}, child)
	if err != nil {
		return err
	}
	release, err := args.Installer.Release(ctx, name+"-release", &chart.ReleaseArgs{
		Entry:     "kube-prometheus-stack",
		Namespace: namespace.Name,
		Values:    pulumi.ToMap(stackValues(args, secret)),
		Atomic:    true,
		CRDs:      m.CRDs,
	}, child)
	if err != nil {
		return err
	}
	m.Grafana = release.Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: "kube-prometheus-stack-grafana", Port: 80,
		Host: args.GrafanaHost, SecretName: adminSecret,
	})
	m.Prometheus = release.Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: "kube-prometheus-stack-prometheus", Port: 9090,
	})
	m.Alertmanager = release.Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: "kube-prometheus-stack-alertmanager", Port: 9093,
	})
	return nil
}

func stackValues(args *Args, secret *chart.Secret) map[string]any {
	disabled := map[string]any{"enabled": false}
	return map[string]any{
		"global": map[string]any{"imageRegistry": args.Installer.ImageRegistry},
		// They are a release of their own; from here Helm would install them once and never upgrade them.
		"crds": disabled,
		// Kubespray binds these to the loopback address of their hosts: targets that are always down.
		"kubeControllerManager": disabled,
		"kubeScheduler":         disabled,
		"kubeEtcd":              disabled,
		"kubeProxy":             disabled,
		"prometheusOperator": map[string]any{
			// The webhook's certificate is made by a hook job; without it the operator must not mount that certificate either.
			"admissionWebhooks": disabled,
			"tls":               disabled,
			"resources":         chart.Requests("50m", "64Mi"),
		},
		"prometheus": map[string]any{"prometheusSpec": map[string]any{
			"replicas":      1,
			"retention":     args.Retention,
			"retentionSize": "1GB",
			"resources":     chart.Requests("100m", "400Mi"),
			// Every component's monitors and rules count, not only those labelled with this release.
			"serviceMonitorSelectorNilUsesHelmValues": false,
			"podMonitorSelectorNilUsesHelmValues":     false,
			"ruleSelectorNilUsesHelmValues":           false,
			"probeSelectorNilUsesHelmValues":          false,
			"scrapeConfigSelectorNilUsesHelmValues":   false,
		}},
		"alertmanager": map[string]any{"alertmanagerSpec": map[string]any{"replicas": 1}},
		"grafana": map[string]any{
			"admin": map[string]any{
				"existingSecret": secret.Name, "userKey": "admin-user", "passwordKey": "admin-password",
			},
			"persistence":   disabled,
			"testFramework": disabled,
			"ingress":       grafanaIngress(args),
		},
	}
}

func grafanaIngress(args *Args) map[string]any {
	if args.GrafanaHost == "" {
		return map[string]any{"enabled": false}
	}
	return map[string]any{"enabled": true, "ingressClassName": args.IngressClass, "hosts": []any{args.GrafanaHost}}
}
