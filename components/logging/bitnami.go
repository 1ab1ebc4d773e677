package logging

import (
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
func (l *Logging) installBitnami(
	ctx *pulumi.Context, name string, installer *chart.Installer, namespace *chart.Namespace, child pulumi.ResourceOption,
) error {
	values, err := elasticsearchValues(installer)
	if err != nil {
		return err
	}
	elasticsearch, err := installer.Release(ctx, name+"-elasticsearch", &chart.ReleaseArgs{
		Entry: "elasticsearch", Namespace: namespace.Name, Values: pulumi.ToMap(values), Atomic: true,
	}, child)
	if err != nil {
		return err
	}
	values, err = kibanaValues(installer)
	if err != nil {
		return err
	}
	kibana, err := installer.Release(ctx, name+"-kibana", &chart.ReleaseArgs{
		Entry: "kibana", Namespace: namespace.Name, Values: pulumi.ToMap(values), Atomic: true,
	}, child)
	if err != nil {
		return err
	}
	l.Elasticsearch = elasticsearch.Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: elasticsearchService, Port: elasticsearchPort,
	})
	l.Kibana = kibana.Endpoint(chart.EndpointArgs{
		Namespace: namespaceName, Service: kibanaService, Port: kibanaPort,
	})
	return nil
}

func elasticsearchValues(installer *chart.Installer) (map[string]any, error) {
	images, err := installer.BitnamiImages("elasticsearch", "elasticsearch", "exporter", "shell")
	if err != nil {
		return nil, err
	}
	none := map[string]any{"replicaCount": 0}
	return map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["elasticsearch"],
		"volumePermissions": map[string]any{"image": images["shell"]},
		"metrics":           map[string]any{"image": images["exporter"]},
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

func kibanaValues(installer *chart.Installer) (map[string]any, error) {
	images, err := installer.BitnamiImages("kibana", "kibana", "shell")
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["kibana"],
		"volumePermissions": map[string]any{"image": images["shell"]},
		"elasticsearch":     map[string]any{"hosts": []any{elasticsearchService}, "port": "9200"},
		"persistence":       map[string]any{"enabled": false},
		"pdb":               map[string]any{"create": false},
		"resourcesPreset":   "none",
		"resources":         chart.Requests("100m", "512Mi"),
	}, nil
}

func withEnabled(image map[string]any, enabled bool) map[string]any {
	values := map[string]any{"enabled": enabled}
	for key, value := range image {
		values[key] = value
	}
	return values
}
