package logging

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Snapshots are copies of the logs outside the cluster: Elasticsearch makes them by itself, each time of what is new.
type Snapshots struct {
	// Enabled makes snapshots. To set it to false in prod is to say that the loss of two workers may be the loss of the logs.
	Enabled bool `json:"enabled"`
	// Endpoint is the address of the S3-compatible storage. It must be outside the cluster.
	Endpoint string `json:"endpoint" login:"its two halves go to accessKey and secretKey"`
	// Region is the name of the storage's region.
	Region string `json:"region"`
	// Bucket must exist; nothing makes it. Have nothing else in it.
	Bucket string `json:"bucket,omitempty" later:"in place; the old bucket keeps what is in it"`
	// Prefix of the objects' names. Empty means "logs/<stack>".
	Prefix string `json:"prefix,omitempty" later:"in place; the old prefix keeps what is below it"`
	// AccessKey is that of a user of the storage who may list, get, put and delete under the prefix.
	AccessKey string `json:"accessKey,omitempty"`
	// SecretKey belongs to AccessKey. Set both with
	// `pulumi config set --secret --path exchange-platform:logging.snapshots.secretKey`.
	SecretKey string `json:"secretKey,omitempty" secret:"true"`
	// Schedule of snapshots, in UTC: minute, hour, and three stars, for every day.
	Schedule string `json:"schedule"`
	// RetentionDays is how long each snapshot is kept.
	RetentionDays int `json:"retentionDays"`
	// ConditionalWrites has the storage refuse to overwrite what another cluster wrote meanwhile. Set it to false where the storage does
	// not know them, and see to it that no other cluster writes there.
	ConditionalWrites bool `json:"conditionalWrites"`
}

const (
	snapshotSecret = "logs-snapshots"
	// repositoryName and snapshotPolicy are Elasticsearch's names of the place and of the schedule.
	repositoryName = "logs"
	snapshotPolicy = "logs-daily"
)

// validate lists what keeps snapshots from being made, as far as it can be known without asking the storage.
func (s *Snapshots) validate(profile settings.Profile, path *field.Path) field.ErrorList {
	if !s.Enabled {
		return nil
	}
	if profile == settings.Prod && s.Bucket+s.AccessKey+s.SecretKey == "" {
		return field.ErrorList{field.Required(path, "prod copies its logs out of the cluster: set bucket, accessKey and secretKey as docs/logging.md says, "+
			"or go without, knowing that the loss of two workers may then be the loss of the logs: snapshots: {enabled: false}")}
	}
	problems := settings.Storage{Endpoint: s.Endpoint, Bucket: s.Bucket, Prefix: s.Prefix, AccessKey: s.AccessKey, SecretKey: s.SecretKey}.Validate(path)
	problems = append(problems, settings.Matches(s.Schedule, path.Child("schedule"), settings.OnceADay,
		`must be five fields, of which the first two are numbers and the last three "*", such as "30 2 * * *": an alert waits for a snapshot each day`)...)
	return append(problems, settings.AtLeast(s.RetentionDays, path.Child("retentionDays"), 1)...)
}

// secret has the storage's keys. Elasticsearch reads them into its keystore.
func (s *Snapshots) secret() chart.SecretArgs {
	return chart.SecretArgs{Name: snapshotSecret, Part: "snapshot-keys", Data: pulumi.StringMap{
		"accessKey": pulumi.String(s.AccessKey), "secretKey": pulumi.String(s.SecretKey),
	}}
}

// keystore says where in it.
func (s *Snapshots) keystore() []any {
	return []any{map[string]any{"secretName": snapshotSecret, "entries": []any{
		map[string]any{"key": "accessKey", "path": "s3.client.default.access_key"},
		map[string]any{"key": "secretKey", "path": "s3.client.default.secret_key"},
	}}}
}

// prefix of the objects' names in the bucket.
func (s *Snapshots) prefix(stack string) string {
	if s.Prefix != "" {
		return s.Prefix
	}
	return "logs/" + stack
}
