package logging

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	operatorEntry     = "eck-operator"
	operatorNamespace = "elastic-system"
	// clusterName is what the operator's objects are named after: logs-es-http leads to Elasticsearch, logs-kb-http to Kibana.
	clusterName   = "logs"
	eckService    = clusterName + "-es-http"
	eckKibana     = clusterName + "-kb-http"
	nodeSet       = "default"
	elasticsearch = "elasticsearch" // the operator's name of the container and the chart's of the image
	kibana        = "kibana"

	authoritySecret = "logs-authority"
)

// installECK makes the operator, Elasticsearch and Kibana. Whatever depends on something is deleted before it: the operator looks after
// its objects until the last is gone, as nobody else ends them. An upgrade goes the other way: the operator first, then Elasticsearch, then
// Kibana, which must not be ahead of it.
func (l *Logging) installECK(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	kept := pulumi.Composite(child, pulumi.Protect(args.Protect))
	operator, err := args.Installer.Install(ctx, name+"-operator", &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: operatorNamespace, PodSecurity: chart.Restricted},
		Releases:  []chart.ReleaseArgs{{Entry: operatorEntry, Atomic: true, Values: pulumi.ToMap(operatorValues())}},
	}, kept)
	if err != nil {
		return err
	}
	authority, err := args.Installer.Authority(ctx, name+"-authority", clusterName, kept)
	if err != nil {
		return err
	}
	logins, err := newLogins(ctx, name, args, kept)
	if err != nil {
		return err
	}
	secrets := append(logins.secrets(), chart.SecretArgs{
		Name: authoritySecret, Part: "authority", Data: pulumi.StringMap{"ca.crt": authority.Certificate, "ca.key": authority.Key},
	})
	if args.Config.Snapshots.Enabled {
		secrets = append(secrets, args.Config.Snapshots.secret())
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted}, Secrets: secrets,
	}, kept)
	if err != nil {
		return err
	}
	needs := []pulumi.Resource{operator.Release("release")}
	for _, each := range secrets {
		needs = append(needs, made.Secret(each.Name))
	}
	servers, err := args.Installer.Object(ctx, name+"-elasticsearch", &chart.ObjectArgs{
		APIVersion: "elasticsearch.k8s.elastic.co/v1", Kind: "Elasticsearch", Name: clusterName, Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(elasticsearchSpec(&args.Config))},
	}, kept, pulumi.DependsOn(needs))
	if err != nil {
		return err
	}
	pages, err := args.Installer.Object(ctx, name+"-kibana", &chart.ObjectArgs{
		APIVersion: "kibana.k8s.elastic.co/v1", Kind: "Kibana", Name: clusterName, Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(kibanaSpec(args.Page.URL))},
	}, child, pulumi.DependsOn([]pulumi.Resource{servers}))
	if err != nil {
		return err
	}
	ready, err := settle(ctx, name+"-settings", args, made, logins, child, pulumi.DependsOn([]pulumi.Resource{pages}))
	if err != nil {
		return err
	}
	if err := watch(ctx, name, args, made, logins, ready, child); err != nil {
		return err
	}
	if args.Config.FluentBit {
		if err := collect(ctx, name+"-collector", args, authority, logins, ready, child); err != nil {
			return err
		}
	}
	l.Namespace = made.Namespace.Name
	l.Elasticsearch = ready.Endpoint(chart.EndpointArgs{
		Scheme: "https", Namespace: namespaceName, Service: eckService, Port: elasticsearchPort, SecretName: reader.secret(),
	})
	l.Kibana = ready.Endpoint(chart.EndpointArgs{
		Scheme: "https", Namespace: namespaceName, Service: eckKibana, Port: kibanaPort, SecretName: reader.secret(),
	})
	return nil
}

func operatorValues() map[string]any {
	return map[string]any{
		"podSecurityContext": map[string]any{"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"telemetry":          map[string]any{"disabled": true},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "100m", "memory": "150Mi"}, "limits": map[string]any{"memory": "1Gi"},
		},
	}
}

// imageOf is one of the catalogue's, which has them all: its test comes first.
func imageOf(role string) string {
	image, err := chart.ImageOf(operatorEntry, role)
	if err != nil {
		panic(err)
	}
	return image.String()
}

// versionOf is the version that the operator is told, which must be its image's.
func versionOf(role string) string {
	image, err := chart.ImageOf(operatorEntry, role)
	if err != nil {
		panic(err)
	}
	return image.Tag
}

// elasticsearchSpec is what the operator is asked for. By itself it makes a disruption budget that lets one node go where that loses nothing.
func elasticsearchSpec(config *Config) map[string]any {
	spec := map[string]any{
		"version": versionOf(elasticsearch), "image": imageOf(elasticsearch),
		// else the logs would go with the object that says how they are kept
		"volumeClaimDeletePolicy": "DeleteOnScaledownOnly",
		"http":                    httpTLS(),
		"auth":                    map[string]any{"fileRealm": fileRealm(), "roles": []any{map[string]any{"secretName": rolesSecret}}},
		// one after the other: there may be no worker for a fourth
		"updateStrategy": map[string]any{"changeBudget": map[string]any{"maxSurge": 0, "maxUnavailable": 1}},
		"nodeSets":       []any{nodes(config)},
	}
	if config.Snapshots.Enabled {
		spec["secureSettings"] = config.Snapshots.keystore()
	}
	return spec
}

func nodes(config *Config) map[string]any {
	memory := map[string]any{"memory": fmt.Sprintf("%dMi", config.MemoryMiB)}
	settings := map[string]any{
		"xpack.ml.enabled":                 false, // it takes memory beside the heap
		"ingest.geoip.downloader.enabled":  false, // from abroad
		"action.destructive_requires_name": true,
	}
	if config.Snapshots.Enabled {
		settings["s3.client.default.endpoint"] = config.Snapshots.Endpoint
		settings["s3.client.default.region"] = config.Snapshots.Region
		settings["s3.client.default.path_style_access"] = true
	}
	return map[string]any{
		"name": nodeSet, "count": config.Nodes, "config": settings,
		"volumeClaimTemplates": []any{map[string]any{
			"metadata": map[string]any{"name": "elasticsearch-data"}, // by the operator's leave only this one
			"spec": map[string]any{
				"accessModes": []any{"ReadWriteOnce"}, "storageClassName": "local-path",
				"resources": map[string]any{"requests": map[string]any{"storage": fmt.Sprintf("%dGi", config.VolumeGiB)}},
			},
		}},
		"podTemplate": map[string]any{"spec": map[string]any{
			"automountServiceAccountToken": false,
			"securityContext":              podSecurity(),
			"affinity": map[string]any{"podAntiAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": []any{map[string]any{
				"topologyKey":   "kubernetes.io/hostname",
				"labelSelector": map[string]any{"matchLabels": map[string]any{"elasticsearch.k8s.elastic.co/cluster-name": clusterName}},
			}}}},
			"containers": []any{map[string]any{
				"name": elasticsearch, "resources": map[string]any{"requests": map[string]any{"cpu": "500m", "memory": memory["memory"]}, "limits": memory},
			}},
		}},
	}
}

// kibanaSpec asks for one Kibana: it keeps nothing, and another one starts within a minute or two. url is where people reach it from outside.
func kibanaSpec(url string) map[string]any {
	config := map[string]any{
		// all of these ask servers abroad
		"telemetry.optIn": false, "telemetry.allowChangingOptInStatus": false, "newsfeed.enabled": false,
		"map.includeElasticMapsService": false, "xpack.fleet.isAirGapped": true,
	}
	if url != "" {
		config["server.publicBaseUrl"] = url // what links to it names that
	}
	return map[string]any{
		"version": versionOf(kibana), "image": imageOf(kibana), "count": 1,
		"elasticsearchRef": map[string]any{"name": clusterName},
		"http":             httpTLS(),
		"config":           config,
		"podTemplate": map[string]any{"spec": map[string]any{
			"automountServiceAccountToken": false,
			"securityContext":              podSecurity(),
			"containers": []any{map[string]any{
				"name": kibana, "resources": map[string]any{
					"requests": map[string]any{"cpu": "200m", "memory": "1Gi"}, "limits": map[string]any{"memory": "2Gi"},
				},
			}},
		}},
	}
}

// httpTLS has the operator sign the servers' certificates with an authority that clients in other namespaces know, too, and that does
// not change each year.
func httpTLS() map[string]any {
	return map[string]any{
		"service": map[string]any{"spec": map[string]any{"type": "ClusterIP"}},
		"tls":     map[string]any{"certificate": map[string]any{"secretName": authoritySecret}},
	}
}

// podSecurity is what "restricted" asks for beside what the operator says of its containers. The images' user is 1000.
func podSecurity() map[string]any {
	return map[string]any{
		"runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
	}
}
