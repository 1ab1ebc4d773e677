package objectstore

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	minioService = "minio"
	minioPort    = 9000
	rootUser     = "root"
	rootSecret   = "minio-root"
	// appUser is the application's access key and the name of its policy.
	appUser   = "exchange"
	appSecret = "minio-exchange"
)

func (o *ObjectStore) installMinIO(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	root, err := args.Installer.Password(ctx, name+"-root-password", child)
	if err != nil {
		return err
	}
	app, err := args.Installer.Password(ctx, name+"-secret-key", child)
	if err != nil {
		return err
	}
	values, err := minioValues(args)
	if err != nil {
		return err
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		// The chart drops its security context when nothing is persistent: MinIO runs as root then, which "restricted" refuses.
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Baseline},
		Secrets: []chart.SecretArgs{
			{Part: "root-secret", Name: rootSecret, Data: pulumi.StringMap{"rootUser": pulumi.String(rootUser), "rootPassword": root}},
			{Name: appSecret, Data: pulumi.StringMap{"accessKey": pulumi.String(appUser), "secretKey": app}},
		},
		Releases: []chart.ReleaseArgs{{Entry: "minio", Values: pulumi.ToMap(values), Atomic: true, CRDs: args.MonitorCRDs}},
	}, child)
	if err != nil {
		return err
	}
	release := made.Release("release")
	o.Endpoint = release.After(fmt.Sprintf("http://%s:%d", chart.ServiceHost(minioService, namespaceName), minioPort))
	o.AccessKey = release.After(appUser)
	o.SecretKey = app
	o.SecretName = made.Secret(appSecret).Name
	o.RootSecretName = made.Secret(rootSecret).Name
	o.Namespace = made.Namespace.Name
	return nil
}

func minioValues(args *Args) (map[string]any, error) {
	server, err := chart.ImageOf("minio", "minio")
	if err != nil {
		return nil, err
	}
	client, err := chart.ImageOf("minio", "client")
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"mode":           "standalone",
		"replicas":       1,
		"image":          map[string]any{"repository": server.Path(), "tag": server.Tag},
		"mcImage":        map[string]any{"repository": client.Path(), "tag": client.Tag},
		"existingSecret": rootSecret,
		"persistence":    map[string]any{"enabled": false}, // standalone, the chart mounts an emptyDir in its place
		"resources":      chart.Requests("50m", "256Mi"),
		"buckets":        minioBuckets(args.Config.buckets()),
		"policies":       []any{minioPolicy(args.Config.buckets())},
		// The chart's default is an administrator with a public password.
		"users": []any{map[string]any{
			"accessKey": appUser, "existingSecret": appSecret, "existingSecretKey": "secretKey", "policy": appUser,
		}},
		"metrics": map[string]any{"serviceMonitor": map[string]any{
			"enabled": args.MonitorCRDs != nil, "includeNode": args.MonitorCRDs != nil,
		}},
	}, nil
}

func minioBuckets(names []string) []any {
	buckets := []any{}
	for _, name := range names {
		buckets = append(buckets, map[string]any{
			"name": name, "policy": "none", "purge": false, "versioning": false, "objectlocking": false,
		})
	}
	return buckets
}

// minioPolicy lets the application use its buckets, and nothing else.
func minioPolicy(names []string) map[string]any {
	var buckets, objects []any
	for _, name := range names {
		buckets = append(buckets, "arn:aws:s3:::"+name)
		objects = append(objects, "arn:aws:s3:::"+name+"/*")
	}
	return map[string]any{
		"name": appUser,
		"statements": []any{
			map[string]any{
				"resources": buckets,
				"actions":   []any{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
			},
			map[string]any{
				"resources": objects,
				"actions": []any{
					"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
				},
			},
		},
	}
}
