package objectstore

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

const (
	// copyName is of the CronJob, its pods' policy, and the Secret with the other storage's keys; restoreName is of the CronJob that
	// goes the other way.
	copyName    = "media-copy"
	restoreName = "media-restore"
	// copyAlerts is the group of rules that watches it.
	copyAlerts = "objectstore-copy"
	// copyHours is when a run is stopped; the next one goes on where it was. There is one each day at least.
	copyHours = 20
	// copyRoomMiB has the names of about two million files, four times.
	copyRoomMiB = 1024
	// copyMemoryMiB bears four files at once, of each of which four parts of 16 MiB are on their way.
	copyMemoryMiB = 1024
)

// copyScript copies what is missing, either way.
//
//go:embed copy.sh
var copyScript string

// Copy is where the files of the media bucket are copied to, outside the cluster.
type Copy struct {
	// Enabled copies the media bucket. Without it, the loss of three servers' drives is the loss of the files of the exchange's users.
	Enabled bool `json:"enabled"`
	// Endpoint is the address of the S3-compatible storage. It must be outside the cluster.
	Endpoint string `json:"endpoint" login:"its two halves go to accessKey and secretKey"`
	// Bucket must exist, and keep older versions (versioning); nothing makes it. Have nothing else in it.
	Bucket string `json:"bucket,omitempty" later:"in place; the old bucket keeps what is in it"`
	// Prefix of the objects' names. Empty means "media/<stack>".
	Prefix string `json:"prefix,omitempty" later:"in place; the old prefix keeps what is below it"`
	// AccessKey is that of a user of the storage who may list, get and put under the prefix, and read the bucket's versioning and
	// location. Deleting is never asked for: who steals the key should not be able to.
	AccessKey string `json:"accessKey,omitempty"`
	// SecretKey belongs to AccessKey. Set both with
	// `pulumi config set --secret --path exchange-platform:objectStore.copy.secretKey`.
	SecretKey string `json:"secretKey,omitempty" secret:"true"`
	// Schedule of the copies, in UTC: minute, hour, and three stars, for every day, and at most four times in an hour.
	Schedule string `json:"schedule"`
}

func defaultCopy() Copy {
	return Copy{Endpoint: settings.StorageEndpoint, Schedule: "15 0 * * *"}
}

// validate lists what keeps copies from being made, as far as it can be known without asking the storage.
func (c *Copy) validate(config *Config, path *field.Path) field.ErrorList {
	if !c.Enabled {
		return nil
	}
	storage := settings.Storage{Endpoint: c.Endpoint, Bucket: c.Bucket, Prefix: c.Prefix, AccessKey: c.AccessKey, SecretKey: c.SecretKey}
	problems := append(storage.Validate(path), withoutColons(path, c.AccessKey, c.SecretKey)...)
	if config.Engine == External && c.Endpoint == config.External.Endpoint && slices.Contains(config.bucketsOf(true), c.Bucket) {
		problems = append(problems, field.Invalid(path.Child("bucket"), c.Bucket,
			"is one of the store's own; a copy needs a bucket of its own, and better another account's"))
	}
	return append(problems, settings.Matches(c.Schedule, path.Child("schedule"), settings.EveryDay,
		`must be five fields, minute to day of the week, of which the last three are "*", such as "15 0 * * *", and the first at most four minutes of the hour: an alert waits for a copy each day`)...)
}

// withoutColons refuses keys that MinIO's client could not tell apart: it takes them as one text, with a colon between them.
func withoutColons(path *field.Path, accessKey, secretKey string) field.ErrorList {
	var problems field.ErrorList
	for _, key := range []struct{ name, value string }{{"accessKey", accessKey}, {"secretKey", secretKey}} {
		if strings.Contains(key.value, ":") {
			problems = append(problems, field.Forbidden(path.Child(key.name),
				"holds a colon, which MinIO's client takes for the end of a key; make another pair of keys"))
		}
	}
	return problems
}

// place is the copy's in the words of MinIO's client.
func (c *Copy) place(stack string) string {
	prefix := c.Prefix
	if prefix == "" {
		prefix = "media/" + stack
	}
	return "copy/" + c.Bucket + "/" + prefix
}

// copyMedia copies the media bucket out of the cluster by schedule, and back when somebody asks for it. Nothing of it keeps data.
func copyMedia(ctx *pulumi.Context, name string, args *Args, from source, namespace *chart.Namespace, child pulumi.ResourceOption) error {
	config := &args.Config.Copy
	if !config.Enabled {
		return nil
	}
	own := pulumi.Composite(child, pulumi.Protect(false))
	keys, err := args.Installer.Secret(ctx, name+"-keys", &chart.SecretArgs{Name: copyName, Namespace: namespace.Name, Data: pulumi.StringMap{
		"accessKey": pulumi.String(config.AccessKey), "secretKey": pulumi.String(config.SecretKey),
	}}, own)
	if err != nil {
		return err
	}
	outside := []string{config.Endpoint}
	if args.Config.IsOutside(Media) {
		outside = append(outside, from.endpoint)
	}
	// what the pods of both ways are called for the policy
	labels := map[string]any{"app.kubernetes.io/name": copyName}
	policy, err := args.Ranges.ToStorages(labels, outside...)
	if err != nil {
		return err
	}
	allowed, err := args.Installer.Object(ctx, name+"-policy", &chart.ObjectArgs{
		APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Name: copyName, Namespace: namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(policy)},
	}, own)
	if err != nil {
		return err
	}
	client, err := chart.ImageOf("minio", "client")
	if err != nil {
		return err
	}
	media, copied := "store/"+args.Config.MediaBucket, config.place(ctx.Stack())
	for _, way := range []struct {
		name, part, from, to, replace string
		suspended                     bool
	}{
		{copyName, "-schedule", media, copied, "yes", false},
		// what is missing in the store comes back; what is there is newer
		{restoreName, "-restore", copied, media, "", true},
	} {
		_, err = args.Installer.Scheduled(ctx, name+way.part, &chart.ScheduledArgs{
			Name: way.name, Namespace: namespace.Name, Image: client, Labels: labels, Script: copyScript,
			Env: map[string]string{
				"FROM": way.from, "TO": way.to, "REPLACE": way.replace, "MC_CONFIG_DIR": "/tmp/mc",
				"MC_HOST_store": hostOf(from.endpoint, "STORE_ACCESS_KEY", "STORE_SECRET_KEY"),
				"MC_HOST_copy":  hostOf(config.Endpoint, "COPY_ACCESS_KEY", "COPY_SECRET_KEY"),
			},
			Secrets: map[string]chart.SecretKey{
				"STORE_ACCESS_KEY": {Secret: from.secret, Key: "accessKey"}, "STORE_SECRET_KEY": {Secret: from.secret, Key: "secretKey"},
				"COPY_ACCESS_KEY": {Secret: copyName, Key: "accessKey"}, "COPY_SECRET_KEY": {Secret: copyName, Key: "secretKey"},
			},
			Schedule: config.Schedule, Suspended: way.suspended, Hours: copyHours, MemoryMiB: copyMemoryMiB, RoomMiB: copyRoomMiB,
		}, own, pulumi.DependsOn([]pulumi.Resource{keys, allowed, from.ready}))
		if err != nil {
			return err
		}
	}
	return nil
}

// hostOf is how MinIO's client is told of a store: its address, with the variables that have the keys in it. Kubernetes puts these in,
// and the client takes them as they are: nothing of them is escaped.
func hostOf(endpoint, accessKey, secretKey string) string {
	scheme, host, _ := strings.Cut(strings.TrimSuffix(endpoint, "/"), "://")
	return fmt.Sprintf("%s://$(%s):$(%s)@%s", scheme, accessKey, secretKey, host)
}
