package objectstore

import (
	"fmt"
	"maps"

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

// installMinIO runs MinIO for the buckets that are not outside.
func (o *ObjectStore) installMinIO(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	root, err := args.Installer.Password(ctx, name+"-root-password", child)
	if err != nil {
		return err
	}
	app, err := args.Installer.Password(ctx, name+"-secret-key", child)
	if err != nil {
		return err
	}
	rootData := pulumi.StringMap{"rootUser": pulumi.String(rootUser), "rootPassword": root}
	appData := pulumi.StringMap{"accessKey": pulumi.String(appUser), "secretKey": app}
	values, err := minioValues(args)
	if err != nil {
		return err
	}
	// The server reads it when it starts. Its files go with its pod; a new key of the application leaves the pod alone.
	values["podAnnotations"] = pulumi.StringMap{"checksum/root": chart.Revision(ctx, rootData)}
	// The chart drops its security context when nothing is persistent: MinIO runs as root then, which "restricted" refuses.
	namespace := chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Baseline, StorageGiB: args.Config.MaxSizeGiB}
	alerts := []string{"objectstore"}
	if args.Config.Mode == Distributed {
		namespace = chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted}
		alerts = []string{"objectstore-servers"}
	}
	if args.Config.Copy.Enabled {
		alerts = append(alerts, copyAlerts)
	}
	secrets := []chart.SecretArgs{{Part: "root-secret", Name: rootSecret, Data: rootData}, {Name: appSecret, Data: appData}}
	if args.Config.AreApart() {
		secrets = append(secrets, args.Config.External.secret("external-secret"))
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: namespace, Secrets: secrets,
		Releases: []chart.ReleaseArgs{{Entry: "minio", Values: values, Atomic: true, CRDs: args.MonitorCRDs}},
	}, child)
	if err != nil {
		return err
	}
	reconciler, err := o.reconcile(ctx, name, args, made, chart.Revision(ctx, pulumi.StringMap{"root": root, "app": app}), child)
	if err != nil {
		return err
	}
	if err := o.publish(ctx, name, args, made, child); err != nil {
		return err
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: minioService + "-storage", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs,
		Groups: alerts, LimitsGiB: map[string]int{"objectstore": args.Config.capacityGiB()},
	}, child)
	if err != nil {
		return err
	}
	endpoint := fmt.Sprintf("http://%s:%d", chart.ServiceHost(minioService, namespaceName), minioPort)
	inside := Place{
		Endpoint: reconciler.After(endpoint), SecretName: made.Secret(appSecret).Name, AccessKey: reconciler.After(appUser), SecretKey: app,
	}
	var outside Place
	if args.Config.AreApart() {
		outside = args.Config.External.place(made.Secret(externalSecret))
	}
	o.place(&args.Config, inside, outside)
	media := source{endpoint, appSecret, reconciler}
	if args.Config.IsOutside(Media) {
		media = source{args.Config.External.endpoint(), externalSecret, made.Secret(externalSecret)}
	}
	if err := copyMedia(ctx, name+"-copy", args, media, made.Namespace, child); err != nil {
		return err
	}
	o.RootSecretName = made.Secret(rootSecret).Name
	o.Namespace = made.Namespace.Name
	return nil
}

func minioValues(args *Args) (pulumi.Map, error) {
	server, err := chart.ImageOf("minio", "minio")
	if args.Config.Image != "" {
		server, err = chart.ParseImage(args.Config.Image)
	}
	if err != nil {
		return nil, err
	}
	values := map[string]any{
		"mode":           string(Standalone),
		"replicas":       1,
		"image":          map[string]any{"repository": server.Path(), "tag": server.Tag},
		"existingSecret": rootSecret,
		"persistence":    map[string]any{"enabled": false}, // standalone, the chart mounts an emptyDir in its place
		"resources":      chart.Requests("50m", "256Mi"),
		// The chart's default is an administrator with a public password. What is made instead, reconcile makes: the chart's job
		// runs at installs and upgrades only, and leaves the password of a user that is there as it is.
		"users": []any{},
		"metrics": map[string]any{"serviceMonitor": map[string]any{
			"enabled": args.MonitorCRDs != nil, "includeNode": args.MonitorCRDs != nil,
		}},
	}
	if args.Config.Mode == Distributed {
		maps.Copy(values, distributed())
	}
	return pulumi.ToMap(values), nil
}
