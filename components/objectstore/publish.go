package objectstore

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// privateHeaders is the ConfigMap with the headers of answers from the media bucket.
const privateHeaders = "minio-private-headers"

// publish lets browsers at the files of the buckets that MinIO has, and at nothing else of the server: not at its administration. Paths
// and host arrive as they were asked for, as signatures need it.
func (o *ObjectStore) publish(ctx *pulumi.Context, name string, args *Args, made *chart.Installed, child pulumi.ResourceOption) error {
	after := []pulumi.Resource{made.Release("release")}
	if !args.Config.IsOutside(Media) {
		// A link to somebody's passport is for who has it: neither the CDN nor a proxy may keep what it led to.
		headers, err := args.Installer.Object(ctx, name+"-private-headers", &chart.ObjectArgs{
			APIVersion: "v1", Kind: "ConfigMap", Name: privateHeaders, Namespace: made.Namespace.Name,
			Fields: pulumi.Map{"data": pulumi.StringMap{"Cache-Control": pulumi.String("private, no-store")}},
		}, child)
		if err != nil {
			return err
		}
		after = append(after, headers)
	}
	for _, files := range []struct {
		bucket      Bucket
		annotations map[string]string
	}{
		{Static, nil},
		{Media, map[string]string{"nginx.ingress.kubernetes.io/custom-headers": namespaceName + "/" + privateHeaders}},
	} {
		if args.Config.IsOutside(files.bucket) {
			continue
		}
		part := "-" + string(files.bucket)
		// its address comes from a controller that may be installed after it
		annotations := map[string]string{"pulumi.com/skipAwait": "true"}
		maps.Copy(annotations, files.annotations)
		_, err := args.Installer.Object(ctx, name+part, &chart.ObjectArgs{
			APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: minioService + part, Namespace: made.Namespace.Name,
			Annotations: annotations,
			Fields:      pulumi.Map{"spec": rule(args, args.Config.name(files.bucket))},
		}, child, pulumi.DependsOn(after))
		if err != nil {
			return err
		}
	}
	return nil
}

// rule leads the requests for a bucket's files to the server.
func rule(args *Args, bucket string) pulumi.Map {
	path := pulumi.ToMap(map[string]any{
		"path": "/" + bucket + "/", "pathType": "Prefix",
		"backend": map[string]any{"service": map[string]any{"name": minioService, "port": map[string]any{"number": minioPort}}},
	})
	return pulumi.Map{
		"ingressClassName": args.IngressClass,
		"rules": pulumi.MapArray{pulumi.Map{
			"host": pulumi.String(args.Host), "http": pulumi.Map{"paths": pulumi.MapArray{path}},
		}},
	}
}
