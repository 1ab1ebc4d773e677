// Package exchange is the application itself: its namespace, its credentials and the release of its chart.
package exchange

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
)

const (
	releaseName   = "exchange"
	namespaceName = "exchange"
	secretName    = "exchange"
	// secretKeyLength is what Django's own deployment check asks for, and some more.
	secretKeyLength = 64
)

// DefaultChartPath is where the exchange's chart lies, seen from the program's folder.
const DefaultChartPath = "./charts/exchange"

// Database is how the application reaches PostgreSQL.
type Database struct {
	Host         pulumi.StringInput
	ReadOnlyHost pulumi.StringInput // replicas; nil if there are none
	PrimaryHost  pulumi.StringInput // the primary without anything in between, for migrations; nil if Host is that
	Encrypted    bool               // only what comes by TLS is let in
	Port         pulumi.IntInput
	Name         pulumi.StringInput
	User         pulumi.StringInput
	Password     pulumi.StringInput // letters and digits: it becomes part of a URL
}

// ObjectStore is how the application reaches its buckets.
type ObjectStore struct {
	Endpoint     pulumi.StringInput // URL of the S3 API
	PublicURL    pulumi.StringInput // what browsers load the buckets' files from
	Region       string             // of the store, for signatures; the chart's default, MinIO's own, if empty
	StaticBucket string
	MediaBucket  string
	AccessKey    pulumi.StringInput
	SecretKey    pulumi.StringInput
	// Media is the store of the media bucket, if that is another one: what is said above is then the static bucket's. nil if one has both.
	Media *Store
}

// Store is another store than the one of the static bucket.
type Store struct {
	Endpoint  pulumi.StringInput
	PublicURL pulumi.StringInput
	Region    string
	AccessKey pulumi.StringInput
	SecretKey pulumi.StringInput
}

// Args describes the application.
type Args struct {
	Installer *chart.Installer
	ChartPath string // DefaultChartPath if empty
	Config    Config
	// URL is where users go, without a slash at its end.
	URL          string
	IngressClass pulumi.StringInput // whose controller lets users in
	Database     Database
	ObjectStore  ObjectStore
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
	// Delivered is by whom, where that is not this program: it then makes what the application needs, and not the application.
	Delivered string
	// Left is what the last update left.
	Left Left
}

// Exchange is the running application.
type Exchange struct {
	pulumi.ResourceState

	// Ready is the release's name; it arrives when the rollout is through, or when others may begin with it.
	Ready     pulumi.StringOutput `pulumi:"ready"`
	Namespace pulumi.StringOutput `pulumi:"namespace" output:"namespaces.exchange"`
	// Delivery is who brings new versions, for the next update to know.
	Delivery pulumi.StringOutput `pulumi:"delivery"`
	// Image is what this program has rolled out, and Since when; empty where others do.
	Image pulumi.StringOutput `pulumi:"image" output:"exchange.image"`
	Since pulumi.StringOutput `pulumi:"since" output:"exchange.since"`
}

// Type is the component's type in a stack's state.
const Type = "exchange:exchange:Exchange"

// New installs the application.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Exchange, error) {
	self := &Exchange{}
	return component.New(ctx, Type, name, self, opts, func(child pulumi.ResourceOption) error {
		return self.install(ctx, name, args, child)
	})
}

func (e *Exchange) install(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	credentials, err := credentials(ctx, name, args, child)
	if err != nil {
		return err
	}
	logins, err := args.Config.Image.PullSecrets()
	if err != nil {
		return err
	}
	secrets := append([]chart.SecretArgs{{Name: secretName, Data: credentials}}, logins...)
	path := args.ChartPath
	if path == "" {
		path = DefaultChartPath
	}
	values := values(args, pulumi.String(secretName), chart.Revision(ctx, credentials))
	parts := &chart.Parts{Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted}, Secrets: secrets}
	if args.Delivered == "" || args.Left.Release {
		parts.Releases = []chart.ReleaseArgs{{
			Path: path, Name: releaseName, Atomic: true, CRDs: args.MonitorCRDs, Values: values, Frozen: args.Delivered != "",
		}}
	}
	made, err := args.Installer.Install(ctx, name, parts, child)
	if err != nil {
		return err
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "exchange", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: []string{"exchange", "exchange-objectives", "queue"},
	}, child)
	if err != nil {
		return err
	}
	e.Namespace, e.Delivery = made.Namespace.Name, pulumi.String(args.Delivered).ToStringOutput()
	if err := redirect(ctx, name, args, made, child); err != nil {
		return err
	}
	if args.Delivered == "" {
		release, image := made.Release("release"), args.Config.Image.Reference()
		e.Ready, e.Image, e.Since = release.After(releaseName), release.After(image), args.Left.since(image, release)
		return nil
	}
	e.Image, e.Since = pulumi.String("").ToStringOutput(), pulumi.String("").ToStringOutput()
	told, err := handOver(ctx, name, args, made, values, child)
	if err != nil {
		return err
	}
	e.Ready = told.After(releaseName)
	return nil
}

// credentials are the contents of the application's Secret, under the keys that are the chart's defaults.
func credentials(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (pulumi.StringMap, error) {
	opts := []pulumi.ResourceOption{child}
	if args.Installer.Random != nil {
		opts = append(opts, pulumi.Provider(args.Installer.Random))
	}
	key, err := providers.NewPassword(ctx, name+"-secret-key", secretKeyLength, opts...)
	if err != nil {
		return nil, fmt.Errorf("DJANGO_SECRET_KEY: %w", err)
	}
	found := pulumi.StringMap{
		"DJANGO_SECRET_KEY":     key.Result,
		"DATABASE_PASSWORD":     args.Database.Password,
		"AWS_ACCESS_KEY_ID":     args.ObjectStore.AccessKey,
		"AWS_SECRET_ACCESS_KEY": args.ObjectStore.SecretKey,
	}
	if media := args.ObjectStore.Media; media != nil {
		found["AWS_MEDIA_ACCESS_KEY_ID"], found["AWS_MEDIA_SECRET_ACCESS_KEY"] = media.AccessKey, media.SecretKey
	}
	return found, nil
}

// values are the chart's values. Credentials reach it by the Secret's name only.
func values(args *Args, secret, revision pulumi.StringInput) pulumi.Map {
	monitored := args.MonitorCRDs != nil
	database := pulumi.Map{
		"host": args.Database.Host, "port": args.Database.Port, "name": args.Database.Name, "user": args.Database.User,
		"existingSecret": secret,
	}
	if args.Database.ReadOnlyHost != nil {
		database["readOnlyHost"] = args.Database.ReadOnlyHost
	}
	if args.Database.PrimaryHost != nil {
		database["migrationsHost"] = args.Database.PrimaryHost
	}
	if args.Database.Encrypted {
		database["sslMode"] = pulumi.String("require")
	}
	image := pulumi.Map{"repository": pulumi.String(args.Config.Image.Repository), "tag": pulumi.String(args.Config.Image.Tag)}
	if args.Config.Image.Digest != "" {
		image["digest"] = pulumi.String(args.Config.Image.Digest)
	}
	if args.Config.Image.private() {
		image["pullSecrets"] = pulumi.ToStringArray([]string{registrySecretName})
	}
	files := pulumi.Map{
		"endpoint":       args.ObjectStore.Endpoint,
		"publicURL":      args.ObjectStore.PublicURL,
		"staticBucket":   pulumi.String(args.ObjectStore.StaticBucket),
		"mediaBucket":    pulumi.String(args.ObjectStore.MediaBucket),
		"existingSecret": secret,
	}
	if args.ObjectStore.Region != "" {
		files["region"] = pulumi.String(args.ObjectStore.Region)
	}
	if media := args.ObjectStore.Media; media != nil {
		apart := pulumi.Map{"endpoint": media.Endpoint, "publicURL": media.PublicURL}
		if media.Region != "" {
			apart["region"] = pulumi.String(media.Region)
		}
		files["media"] = apart
	}
	values := pulumi.Map{
		"image":          image,
		"host":           pulumi.String(args.Config.Host),
		"django":         pulumi.Map{"existingSecret": secret},
		"database":       database,
		"objectStore":    files,
		"secretRevision": revision,
		"web": pulumi.Map{
			"replicas": pulumi.Int(args.Config.WebReplicas),
			"gunicorn": pulumi.Map{"extraArgs": pulumi.ToStringArray(args.Config.GunicornArgs)},
		},
		"worker": pulumi.Map{
			"replicas":     pulumi.Int(args.Config.WorkerReplicas),
			"processProbe": pulumi.Map{"enabled": pulumi.Bool(args.Config.WorkerProbe == Processes)},
			"heartbeat":    pulumi.Map{"enabled": pulumi.Bool(args.Config.WorkerProbe == Heartbeat)},
		},
		"migrations": pulumi.Map{"timeoutSeconds": pulumi.Int(migrationTime.Seconds())},
		"ingress":    pulumi.Map{"className": args.IngressClass},
		"metrics": pulumi.Map{
			"enabled":        pulumi.Bool(monitored),
			"serviceMonitor": pulumi.Map{"enabled": pulumi.Bool(monitored)},
			"queue":          pulumi.Map{"enabled": pulumi.Bool(monitored)},
		},
	}
	if len(args.Config.MoreHosts) > 0 {
		values["extraHosts"] = pulumi.ToStringArray(args.Config.MoreHosts)
	}
	return values
}

// migrationTime leaves a part of the release's time to the rollout behind the migrations. It also makes the Job give up
// before Helm does, so that the error names the migrations.
const migrationTime = chart.Timeout * 4 / 5
