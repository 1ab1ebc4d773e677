package postgres

import (
	"regexp"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Backup is where cloudnative-pg puts its write-ahead log, at least every five minutes, and base backups, and bitnami with replicas a dump
// of the database.
type Backup struct {
	// Enabled makes backups. To set it to false in prod is to say that the loss of all servers is the loss of the data. With bitnami's one
	// server there are none.
	Enabled bool `json:"enabled"`
	// Endpoint is the address of the S3-compatible storage. It must be outside the cluster.
	Endpoint string `json:"endpoint" login:"its two halves go to accessKey and secretKey"`
	// Region is the name of the storage's region.
	Region string `json:"region"`
	// Bucket must exist; nothing makes it. Give it object lock, and nothing else in it.
	Bucket string `json:"bucket,omitempty"`
	// Prefix of the objects' names. Empty means "postgres/<stack>".
	Prefix string `json:"prefix,omitempty"`
	// AccessKey is that of a user of the storage who may list, get, put and delete under the prefix.
	AccessKey string `json:"accessKey,omitempty"`
	// SecretKey belongs to AccessKey. Set both with
	// `pulumi config set --secret --path exchange-platform:postgres.backup.secretKey`.
	SecretKey string `json:"secretKey,omitempty" secret:"true"`
	// Schedule of base backups or dumps, in UTC: minute, hour, and three stars, for every day. A restore reads the log since the last base
	// backup; what was written since the last dump is in no backup.
	Schedule string `json:"schedule"`
	// RetentionDays is how far back a restore can go; older backups and logs are deleted after the next backup that succeeds.
	RetentionDays int `json:"retentionDays"`
	// Encryption is asked of the storage for each object: "AES256", or empty where the bucket does it by itself or the storage cannot.
	Encryption string `json:"encryption"`
}

// RecoverFrom makes a second cluster of servers beside the one that runs, of its backups, as it was.
type RecoverFrom struct {
	// Time is the moment to go back to, with its zone: "2026-11-26T10:00:00Z".
	Time string `json:"time,omitempty" later:"another cluster; the one before goes"`
	// Backup is a base backup to go back to, by its id, such as "20261126T013000".
	Backup string `json:"backup,omitempty" later:"another cluster; the one before goes"`
	// Serve lets the exchange use the recovered servers in place of the ones that run, which stay. False is the way back.
	Serve bool `json:"serve,omitempty"`
}

// wanted tells whether there shall be a second cluster.
func (r *RecoverFrom) wanted() bool { return r.Time+r.Backup != "" }

// cluster is the name of the second cluster. Each target has its own, and so its own archive.
func (r *RecoverFrom) cluster() string {
	if at, err := time.Parse(time.RFC3339, r.Time); err == nil {
		return clusterName + "-" + strings.ToLower(at.UTC().Format("20060102T150405"))
	}
	return clusterName + "-b" + strings.ToLower(r.Backup)
}

// target is the same to the operator.
func (r *RecoverFrom) target() map[string]any {
	if at, err := time.Parse(time.RFC3339, r.Time); err == nil {
		return map[string]any{"targetTime": at.UTC().Format(time.RFC3339)}
	}
	return map[string]any{"backupID": r.Backup, "targetImmediate": true}
}

func defaultBackup(enabled bool) Backup {
	return Backup{
		Enabled: enabled, Schedule: "30 1 * * *", RetentionDays: 30, Encryption: "AES256",
		Endpoint: settings.StorageEndpoint, Region: settings.StorageRegion,
	}
}

var backupID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}$`)

// validate lists what keeps backups from being made, as far as it can be known without asking the storage.
func (b *Backup) validate(profile settings.Profile, path *field.Path) field.ErrorList {
	if !b.Enabled {
		return nil
	}
	if profile == settings.Prod && b.Bucket+b.AccessKey+b.SecretKey == "" {
		return field.ErrorList{field.Required(path, "prod backs up the database: set bucket, accessKey and secretKey as docs/postgres.md says, "+
			"or go without any, knowing that a mistake or the loss of all workers is then the loss of the data: backup: {enabled: false}")}
	}
	storage := settings.Storage{Endpoint: b.Endpoint, Bucket: b.Bucket, Prefix: b.Prefix, AccessKey: b.AccessKey, SecretKey: b.SecretKey}
	problems := storage.Validate(path)
	problems = append(problems, settings.Matches(b.Schedule, path.Child("schedule"), settings.EveryDay,
		`must be five fields, minute to day of the week, of which the last three are "*", such as "30 1 * * *", and the first at most four minutes of the hour: an alert waits for a backup each day`)...)
	problems = append(problems, settings.AtLeast(b.RetentionDays, path.Child("retentionDays"), 1)...)
	if b.Encryption != "" {
		problems = append(problems, settings.OneOf(b.Encryption, path.Child("encryption"), "AES256")...)
	}
	return problems
}

func (r *RecoverFrom) validate(config *Config, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	switch {
	case !r.wanted() && r.Serve:
		problems = append(problems, field.Invalid(path.Child("serve"), true, "needs a time or a backup to go back to"))
	case !r.wanted():
	case r.Time != "" && r.Backup != "":
		problems = append(problems, field.Invalid(path.Child("backup"), r.Backup, "is one target, and time another; take one out"))
	case r.Backup != "":
		problems = append(problems, settings.Matches(r.Backup, path.Child("backup"), backupID, `must be the id of a base backup, such as "20261126T013000"`)...)
	default:
		if _, err := time.Parse(time.RFC3339, r.Time); err != nil {
			problems = append(problems, field.Invalid(path.Child("time"), r.Time, `must be a time with its zone, such as "2026-11-26T10:00:00Z"`))
		}
	}
	if r.wanted() && (config.Engine != CloudNativePG || !config.Backup.Enabled) {
		problems = append(problems, field.Forbidden(path, `needs what it recovers from: engine "cloudnative-pg", and its backups`))
	}
	return problems
}
