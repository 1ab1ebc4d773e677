package monitoring

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// install makes two releases: the kinds come first, so that whatever has objects of them needs not wait for Prometheus. The
// second must keep its name: the names of its services come from it.
func (m *Monitoring) install(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	password, err := args.Installer.Password(ctx, name+"-grafana-password", child)
	if err != nil {
		return err
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		// the node exporter reads the host's file systems and network
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Privileged},
		Secrets: []chart.SecretArgs{{
			Part: "grafana-secret", Name: adminSecret,
			Data: pulumi.StringMap{"admin-user": pulumi.String(adminUser), "admin-password": password},
		}},
		Releases: []chart.ReleaseArgs{
			// Not atomic: undoing this release would delete every object of its kinds in the cluster.
			{Part: "crds", Entry: "prometheus-operator-crds"},
			{Entry: "kube-prometheus-stack", Values: pulumi.ToMap(stackValues(args)), Atomic: true, Needs: "crds"},
		},
	}, child)
	if err != nil {
		return err
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "disks", Namespace: made.Namespace.Name, CRDs: made.Release("crds"),
		// The chart's own warn at 5 %. Kubelet makes room by evicting pods when 15 % are left for images, or 10 % for the rest.
		Alerts: []chart.Alert{{
			Name: "NodesDiskGetsFull", For: "10m",
			Expr:    `max by (instance, mountpoint) (node_filesystem_avail_bytes{mountpoint=~"/|/var/lib/.*|/data.*",fstype!~"tmpfs|ramfs|overlay"} / node_filesystem_size_bytes) < 0.25`,
			Summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left; below 15 % pods are evicted. Find what grows, or raise the node's diskGiB.",
		}},
	}, child)
	if err != nil {
		return err
	}
	endpoint := func(service string, port int, secret string) chart.Endpoint {
		return made.Release("release").Endpoint(chart.EndpointArgs{
			Namespace: namespaceName, Service: "kube-prometheus-stack-" + service, Port: port, SecretName: secret,
		})
	}
	m.CRDs = made.Release("crds")
	m.Namespace = made.Namespace.Name
	m.Grafana = endpoint("grafana", 80, adminSecret)
	m.Prometheus = endpoint("prometheus", 9090, "")
	m.Alertmanager = endpoint("alertmanager", 9093, "")
	return nil
}

func stackValues(args *Args) map[string]any {
	disabled := map[string]any{"enabled": false}
	return map[string]any{
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
			"retention":     args.Config.Retention,
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
				"existingSecret": adminSecret, "userKey": "admin-user", "passwordKey": "admin-password",
			},
			"persistence":   disabled,
			"testFramework": disabled,
		},
	}
}
