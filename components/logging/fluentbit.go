package logging

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	collectorNamespace = "logging-nodes"
	collectorSecret    = "elasticsearch"
	// buffers is where a node keeps what could not be sent yet, and how far each file has been read.
	buffers = "/var/lib/fluent-bit"
)

// fluentBit is the release that ships the logs of every container and node.
func fluentBit(args *Args, to *store) (*chart.ReleaseArgs, error) {
	image, err := chart.ImageOf("fluent-bit", "fluent-bit")
	if err != nil {
		return nil, err
	}
	return &chart.ReleaseArgs{
		Entry: "fluent-bit", Values: pulumi.ToMap(fluentBitValues(args, image, to)), Atomic: true, CRDs: args.MonitorCRDs,
	}, nil
}

// collect ships logs to eck from a namespace of its own: Fluent Bit reads files of the nodes, and nothing beside Elasticsearch needs to.
func collect(
	ctx *pulumi.Context, name string, args *Args, trusted *chart.Authority, known logins, ready *chart.Object, child pulumi.ResourceOption,
) error {
	release, err := fluentBit(args, &eckStore)
	if err != nil {
		return err
	}
	// It reads the password when it starts.
	release.Values["podAnnotations"] = pulumi.StringMap{"checksum/secret": chart.Revision(ctx, pulumi.StringMap{"password": known[writer]})}
	_, err = args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: collectorNamespace, PodSecurity: chart.Privileged},
		Secrets:   []chart.SecretArgs{{Name: collectorSecret, Data: pulumi.StringMap{"ca.crt": trusted.Certificate, "password": known[writer]}}},
		Releases:  []chart.ReleaseArgs{*release},
	}, pulumi.Composite(child, pulumi.DependsOn([]pulumi.Resource{ready})))
	return err
}

func fluentBitValues(args *Args, image chart.Image, to *store) map[string]any {
	volumes := []any{map[string]any{"name": "buffers", "hostPath": map[string]any{"path": buffers, "type": "DirectoryOrCreate"}}}
	mounts := []any{map[string]any{"name": "buffers", "mountPath": buffers}}
	values := map[string]any{
		"image":          map[string]any{"repository": image.Path(), "tag": image.Tag},
		"testFramework":  map[string]any{"enabled": false}, // pulls an image by a floating tag
		"tolerations":    []any{map[string]any{"operator": "Exists"}},
		"resources":      chart.Little("50m", "128Mi"),
		"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		"config":         pipeline(to, args.Ingress),
	}
	env := []any{map[string]any{"name": "NODE_NAME", "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "spec.nodeName"}}}}
	if to.login {
		env = append(env, map[string]any{"name": "ELASTICSEARCH_PASSWORD", "valueFrom": map[string]any{
			"secretKeyRef": map[string]any{"name": collectorSecret, "key": "password"},
		}})
		volumes = append(volumes, map[string]any{"name": "authority", "secret": map[string]any{
			"secretName": collectorSecret, "items": []any{map[string]any{"key": "ca.crt", "path": "ca.crt"}},
		}})
		mounts = append(mounts, map[string]any{"name": "authority", "mountPath": "/authority", "readOnly": true})
	}
	values["env"], values["extraVolumes"], values["extraVolumeMounts"] = env, volumes, mounts
	return values
}
