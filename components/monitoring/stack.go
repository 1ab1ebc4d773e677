package monitoring

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/alerts"
)

// install makes two releases: the kinds come first, so that whatever has objects of them needs not wait for Prometheus. The
// second must keep its name: the names of its services come from it.
func (m *Monitoring) install(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	password, err := args.Installer.Password(ctx, name+"-grafana-password", child)
	if err != nil {
		return err
	}
	secrets := []chart.SecretArgs{{
		Part: "grafana-secret", Name: adminSecret,
		Data: pulumi.StringMap{"admin-user": pulumi.String(adminUser), "admin-password": password},
	}}
	if args.Routing != nil {
		secrets = append(secrets, chart.SecretArgs{Part: "routing-secret", Name: routingSecret, Data: args.Routing})
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		// the node exporter reads the host's file systems and network
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Privileged},
		Secrets:   secrets,
		Releases: []chart.ReleaseArgs{
			// Not atomic: undoing this release would delete every object of its kinds in the cluster.
			{Part: "crds", Entry: "prometheus-operator-crds"},
			{Entry: "kube-prometheus-stack", Values: releaseValues(args), Atomic: true, Needs: "crds"},
		},
	}, child)
	if err != nil {
		return err
	}
	watched := []string{"nodes", "network", "names", "certificates", "drift", "alerting"}
	if args.EtcdMembers != nil {
		watched = append(watched, "etcd")
	}
	if args.EtcdBackup {
		watched = append(watched, "etcd-backup")
	}
	if args.CertManager {
		watched = append(watched, "cert-manager")
	}
	if args.GitHubsRunner {
		watched = append(watched, "github-runner")
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name:      "disks", // what it warned of first; another name would be another object
		Namespace: made.Namespace.Name, CRDs: made.Release("crds"), Groups: watched, Panels: []string{alerts.Overview},
		Ends: args.CertificateEnds,
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
	m.Prometheus = endpoint("prometheus", 9090, args.Pages.Prometheus.LoginSecret)
	m.Alertmanager = endpoint("alertmanager", 9093, args.Pages.Alertmanager.LoginSecret)
	return nil
}

// releaseValues are the stack's, with what is known only when the machines are there.
func releaseValues(args *Args) pulumi.Map {
	values := pulumi.ToMap(stackValues(args))
	if args.EtcdMembers != nil {
		// Kubespray has every member tell its metrics on its private address, without a certificate (etcd_metrics_port).
		values["kubeEtcd"] = pulumi.Map{"enabled": pulumi.Bool(true), "endpoints": args.EtcdMembers}
	}
	return values
}

// What the node exporter leaves out unless it is told otherwise, as the chart has it: a list replaces the chart's.
const (
	mountsLeftOut = `^/(dev|proc|sys|run/containerd/.+|var/lib/docker/.+|var/lib/kubelet/.+)($|/)`
	kindsLeftOut  = `^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|erofs)$`
	// nodeMetrics is where the node exporter's container sees alerts.NodeMetrics.
	nodeMetrics = "/run/platform-metrics"
)

func stackValues(args *Args) map[string]any {
	disabled := map[string]any{"enabled": false}
	values := map[string]any{
		// They are a release of their own; from here Helm would install them once and never upgrade them.
		"crds": disabled,
		// Kubespray binds these to the loopback address of their hosts: targets that are always down. etcd has its own address.
		"kubeControllerManager": disabled,
		"kubeScheduler":         disabled,
		"kubeEtcd":              disabled,
		"kubeProxy":             disabled,
		"prometheus-node-exporter": map[string]any{
			// Of a node whose disk is full kubelet evicts whatever is not critical, and takes it back only when there is room: just then nobody
			// would say that the disk is full.
			"priorityClassName": "system-node-critical",
			"extraArgs": []any{
				"--collector.filesystem.mount-points-exclude=" + mountsLeftOut, "--collector.filesystem.fs-types-exclude=" + kindsLeftOut,
				"--collector.textfile.directory=" + nodeMetrics,
			},
			// made where it is missing: a folder that is not there would be an error of every scrape
			"extraHostVolumeMounts": []any{map[string]any{
				"name": "platform-metrics", "hostPath": alerts.NodeMetrics, "type": "DirectoryOrCreate", "mountPath": nodeMetrics, "readOnly": true,
			}},
		},
		"prometheusOperator": map[string]any{
			// The webhook's certificate is made by a hook job; without it the operator must not mount that certificate either.
			"admissionWebhooks": disabled,
			"tls":               disabled,
			"resources":         chart.Requests("50m", "64Mi"),
		},
		"prometheus": map[string]any{"podDisruptionBudget": budget(args), "prometheusSpec": map[string]any{
			"replicas":      args.Config.Replicas,
			"retention":     args.Config.Retention,
			"retentionSize": fmt.Sprintf("%dGiB", args.Config.MaxSizeGiB),
			// It needs room beside what it keeps: for the log it writes first, and for compaction.
			"storageSpec": volume(args, args.Config.MaxSizeGiB*3/2+2),
			"resources":   chart.Requests("100m", "400Mi"),
			// Every component's monitors and rules count, not only those labelled with this release.
			"serviceMonitorSelectorNilUsesHelmValues": false,
			"podMonitorSelectorNilUsesHelmValues":     false,
			"ruleSelectorNilUsesHelmValues":           false,
			"probeSelectorNilUsesHelmValues":          false,
			"scrapeConfigSelectorNilUsesHelmValues":   false,
		}},
		"alertmanager": map[string]any{"podDisruptionBudget": budget(args), "alertmanagerSpec": alertmanagerSpec(args)},
		"grafana": map[string]any{
			"admin": map[string]any{
				"existingSecret": adminSecret, "userKey": "admin-user", "passwordKey": "admin-password",
			},
			"persistence":   grafanaVolume(args),
			"initChownData": disabled, // the volume is its group's; a container of root's that says so needs one more image
			"testFramework": disabled,
		},
	}
	args.Pages.tell(values)
	return values
}

// tell has each know the address that people have of it: what links to it, alerts among them, names that.
func (p *Pages) tell(values map[string]any) {
	if url := p.Grafana.URL; url != "" {
		// the cookie of a login comes by HTTPS only; browsers take http://localhost, a tunnel's end, for as good
		values["grafana"].(map[string]any)["grafana.ini"] = map[string]any{
			"server": map[string]any{"root_url": url + "/"}, "security": map[string]any{"cookie_secure": true},
		}
	}
	if url := p.Prometheus.URL; url != "" {
		values["prometheus"].(map[string]any)["prometheusSpec"].(map[string]any)["externalUrl"] = url
	}
	if url := p.Alertmanager.URL; url != "" {
		values["alertmanager"].(map[string]any)["alertmanagerSpec"].(map[string]any)["externalUrl"] = url
	}
}

func alertmanagerSpec(args *Args) map[string]any {
	spec := map[string]any{"replicas": args.Config.Replicas, "storage": volume(args, 1)}
	if args.Routing != nil {
		// Its other files lie beside it, in /etc/alertmanager/config.
		spec["useExistingSecret"], spec["configSecret"] = true, routingSecret
	}
	return spec
}

// budget keeps one when nodes are drained; of a single pod it would only block that.
func budget(args *Args) map[string]any {
	return map[string]any{"enabled": args.Config.Replicas > 1, "minAvailable": 1}
}

// volume is each pod's own, if there is anything that makes volumes.
func volume(args *Args, sizeGiB int) map[string]any {
	if args.Config.StorageClass == "" {
		return map[string]any{}
	}
	return map[string]any{"volumeClaimTemplate": map[string]any{
		"metadata": map[string]any{"labels": chart.Copies()},
		"spec": map[string]any{
			"storageClassName": args.Config.StorageClass, "accessModes": []any{"ReadWriteOnce"},
			"resources": map[string]any{"requests": map[string]any{"storage": fmt.Sprintf("%dGi", sizeGiB)}},
		},
	}}
}

func grafanaVolume(args *Args) map[string]any {
	if args.Config.StorageClass == "" || !args.Config.GrafanaVolume {
		return map[string]any{"enabled": false}
	}
	return map[string]any{"enabled": true, "storageClassName": args.Config.StorageClass, "size": "2Gi"}
}
