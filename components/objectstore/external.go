package objectstore

import (
	"net/url"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// externalSecret has the application's keys.
const externalSecret = "objectstore-exchange"

// Outside is an S3-compatible storage that somebody else runs. Buckets are addressed by path in it: https://HOST/BUCKET/NAME.
type Outside struct {
	// Buckets are those that lie in it: "static", "media", or both. One that is not named is in MinIO, in the cluster. A stack file that does
	// not name them keeps what the environment runs with; docs/objectstore.md says how to move.
	Buckets Buckets `json:"buckets" later:"refused" because:"the files stay in the old store, and the exchange would start with an empty bucket" instead:"move as docs/objectstore.md says" kept:"true"`
	// Endpoint is the storage's address, as pods reach it.
	Endpoint string `json:"endpoint" later:"in place; files do not follow: copy them before" login:"its two halves go to accessKey and secretKey"`
	// Region is the name of the storage's region.
	Region string `json:"region"`
	// PublicURL is the storage's address as browsers reach it, for links into its buckets. Empty means the endpoint.
	PublicURL string `json:"publicUrl,omitempty" later:"in place; links that were given out lead to the old one" login:"its two halves go to accessKey and secretKey"`
	// AccessKey is that of a user of the storage who may list its buckets, and get, put and delete in them, and no more.
	AccessKey string `json:"accessKey,omitempty"`
	// SecretKey belongs to AccessKey. Set both with
	// `pulumi config set --secret --path exchange-platform:objectStore.external.secretKey`.
	SecretKey string `json:"secretKey,omitempty" secret:"true"`
}

// defaultOutside has the buckets in the order in which they are kept from one update to the next: what nobody wrote stays what nobody wrote.
func defaultOutside() Outside {
	return Outside{Buckets: Buckets{Media, Static}, Endpoint: settings.StorageEndpoint, Region: settings.StorageRegion}
}

// validate reports what is wrong with the storage, as far as it can be known without asking it, and what somebody wrote who has forgotten
// the engine.
func (o *Outside) validate(config *Config, path *field.Path) field.ErrorList {
	if config.Engine != External {
		if !reflect.DeepEqual(*o, defaultOutside()) {
			return field.ErrorList{field.Forbidden(path, `is of engine "external" only: set objectStore.engine, or leave it out`)}
		}
		return nil
	}
	storage := settings.Storage{Endpoint: o.Endpoint, AccessKey: o.AccessKey, SecretKey: o.SecretKey}
	problems := append(o.Buckets.validate(path.Child("buckets")), storage.ValidateLogin(path)...)
	problems = append(problems, withoutColons(path, o.AccessKey, o.SecretKey)...)
	problems = append(problems, settings.Text(o.Region, path.Child("region"), `name the storage's region, such as "`+settings.StorageRegion+`"`)...)
	at, err := url.Parse(o.PublicURL)
	if o.PublicURL != "" && (err != nil || at.Host == "" || at.Scheme != "https" || strings.Trim(at.Path, "/") != "") {
		problems = append(problems, field.Invalid(path.Child("publicUrl"), o.PublicURL,
			`must be an address of the storage without a path, such as "`+settings.StorageEndpoint+`"`))
	}
	return problems
}

// endpoint is the storage's address without a slash at its end.
func (o *Outside) endpoint() string { return strings.TrimSuffix(o.Endpoint, "/") }

// secret has the application's keys of the storage; part is the end of its resource's name.
func (o *Outside) secret(part string) chart.SecretArgs {
	return chart.SecretArgs{Part: part, Name: externalSecret, Data: pulumi.StringMap{
		"accessKey": pulumi.String(o.AccessKey), "secretKey": pulumi.String(o.SecretKey),
	}}
}

// place is where its buckets are.
func (o *Outside) place(secret *chart.Secret) Place {
	return Place{
		Endpoint: pulumi.String(o.endpoint()).ToStringOutput(), SecretName: secret.Name,
		AccessKey: pulumi.String(o.AccessKey).ToStringOutput(),
		SecretKey: pulumi.ToSecret(pulumi.String(o.SecretKey)).(pulumi.StringOutput),
	}
}

// useExternal gives the application the keys of a storage that has both buckets. These, their policies and versions are whose who runs it.
func (o *ObjectStore) useExternal(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	config := &args.Config.External
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted},
		Secrets:   []chart.SecretArgs{config.secret("")},
	}, child)
	if err != nil {
		return err
	}
	secret := made.Secret(externalSecret)
	if err := copyMedia(ctx, name+"-copy", args, source{config.endpoint(), externalSecret, secret}, made.Namespace, child); err != nil {
		return err
	}
	if args.Config.Copy.Enabled {
		err := args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
			Name: copyName, Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: []string{copyAlerts},
		}, child)
		if err != nil {
			return err
		}
	}
	o.place(&args.Config, Place{}, config.place(secret))
	o.RootSecretName = pulumi.String("").ToStringOutput()
	o.Namespace = made.Namespace.Name
	return nil
}
