package logging

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// The charts name their services after the releases.
const (
	elasticsearchService = "elasticsearch"
	elasticsearchPort    = 9200
	kibanaService        = "kibana"
	kibanaPort           = 5601
)

// installBitnami installs one Elasticsearch node that keeps nothing, and Kibana in a release of its own: an upgrade of
// one of them leaves the other alone.
func (l *Logging) installBitnami(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	elasticsearch, err := elasticsearchValues(args.MonitorCRDs != nil)
	if err != nil {
		return err
	}
	kibana, err := kibanaValues(args.Page.URL)
	if err != nil {
		return err
	}
	parts := &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted, StorageGiB: args.Config.StorageGiB()},
		Releases: []chart.ReleaseArgs{
			{Part: "elasticsearch", Entry: "elasticsearch", Values: pulumi.ToMap(elasticsearch), Atomic: true, CRDs: args.MonitorCRDs},
			{Part: "kibana", Entry: "kibana", Values: pulumi.ToMap(kibana), Atomic: true},
		},
	}
	if args.Config.FluentBit {
		collector, err := fluentBit(args, &bitnamiStore)
		if err != nil {
			return err
		}
		collector.Part = "fluent-bit"
		parts.Namespace.PodSecurity = chart.Privileged // it reads the containers' log files from the host
		parts.Releases = append(parts.Releases, *collector)
	}
	made, err := args.Installer.Install(ctx, name, parts, child)
	if err != nil {
		return err
	}
	watched := []string{"search"}
	if args.Config.FluentBit {
		watched = append(watched, "collector")
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "logging", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: watched,
	}, child)
	if err != nil {
		return err
	}
	if err := l.retain(ctx, name, args, made, child); err != nil {
		return err
	}
	l.Namespace = made.Namespace.Name
	l.Elasticsearch = made.Release("elasticsearch").Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: elasticsearchService, Port: elasticsearchPort,
	})
	l.Kibana = made.Release("kibana").Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: kibanaService, Port: kibanaPort, SecretName: args.Page.LoginSecret,
	})
	return nil
}

func elasticsearchValues(monitored bool) (map[string]any, error) {
	images, err := chart.BitnamiImages("elasticsearch", "elasticsearch", "exporter", "shell")
	if err != nil {
		return nil, err
	}
	none := map[string]any{"replicaCount": 0}
	return map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["elasticsearch"],
		"volumePermissions": map[string]any{"image": images["shell"]},
		"metrics": map[string]any{
			"enabled": monitored, "image": images["exporter"], "resourcesPreset": "none", "resources": chart.Little("10m", "64Mi"),
			"serviceMonitor": map[string]any{"enabled": monitored},
		},
		// Raising the host's vm.max_map_count takes a privileged container; without memory mapping nothing has to be raised.
		"sysctlImage": withEnabled(images["shell"], false),
		"extraConfig": map[string]any{"node": map[string]any{"store": map[string]any{"allow_mmap": false}}},
		"master": map[string]any{
			"masterOnly":      false,
			"replicaCount":    1,
			"heapSize":        "512m",
			"persistence":     map[string]any{"enabled": false},
			"pdb":             map[string]any{"create": false}, // of one pod: it would only block the draining of its node
			"resourcesPreset": "none",
			"resources":       chart.Requests("200m", "1Gi"),
		},
		"data":         none,
		"coordinating": none,
		"ingest":       map[string]any{"enabled": false, "replicaCount": 0},
	}, nil
}

func kibanaValues(url string) (map[string]any, error) {
	images, err := chart.BitnamiImages("kibana", "kibana", "shell")
	if err != nil {
		return nil, err
	}
	values := map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["kibana"],
		"volumePermissions": map[string]any{"image": images["shell"]},
		"elasticsearch":     map[string]any{"hosts": []any{elasticsearchService}, "port": "9200"},
		"persistence":       map[string]any{"enabled": false},
		"pdb":               map[string]any{"create": false},
		"resourcesPreset":   "none",
		"resources":         chart.Little("100m", "512Mi"),
	}
	if url != "" {
		values["configuration"] = map[string]any{"server": map[string]any{"publicBaseUrl": url}}
	}
	return values, nil
}

func withEnabled(image map[string]any, enabled bool) map[string]any {
	values := map[string]any{"enabled": enabled}
	maps.Copy(values, image)
	return values
}
