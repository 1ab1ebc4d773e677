package objectstore

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the S3 store of the exchange's static and media files.
type Config struct {
	// Engine is "minio": one server, whose files go with its pod.
	Engine Engine `json:"engine" later:"there is one only"`
	// StaticBucket is made for the exchange's own files.
	StaticBucket string `json:"staticBucket" later:"refused" because:"the files stay in the bucket of the old name"`
	// MediaBucket is made for the files of the exchange's users.
	MediaBucket string `json:"mediaBucket" later:"refused" because:"the files stay in the bucket of the old name"`
	// MaxSizeGiB is what the server may take of its node's disk; with more its pod is evicted, and the files go with it. From
	// 60 % on there is an alert.
	MaxSizeGiB int `json:"maxSizeGiB" later:"the next pods only; the alert at once"`
	// PublicHost is the name in `edge.domain` from which browsers load the files of both buckets: those of the static one as
	// they are, those of the media one by signed links. Empty means the exchange's with "-files" after its first part:
	// "demo-files.iransre.ir" for "demo.iransre.ir". One part only, because the CDN's certificate covers no more.
	PublicHost string `json:"publicHost,omitempty" later:"another record; the old one goes, and with it the links that were given out"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	size := map[settings.Profile]int{settings.Demo: 5, settings.Prod: 20}[profile]
	*c = Config{Engine: MinIO, StaticBucket: "static", MediaBucket: "media", MaxSizeGiB: size}
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	const form = "must be 3 to 63 lower-case letters, digits, dots and hyphens"
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), MinIO),
		settings.Matches(c.StaticBucket, path.Child("staticBucket"), settings.BucketName, form),
		settings.Matches(c.MediaBucket, path.Child("mediaBucket"), settings.BucketName, form),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1))
	if c.StaticBucket == c.MediaBucket {
		problems = append(problems, field.Duplicate(path.Child("mediaBucket"), c.MediaBucket))
	}
	return problems
}

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != MinIO {
		return nil
	}
	return []string{"objectStore.engine is minio: static and media files are lost with its pod, whenever that is moved or restarted. There is no engine yet that keeps them"}
}

// FilesHost is the public name of the files of an exchange with that host in that domain.
func (c *Config) FilesHost(host, domain string) string {
	if c.PublicHost != "" {
		return c.PublicHost
	}
	first, rest, _ := strings.Cut(host, ".")
	if host == domain {
		return "files." + host
	}
	return first + "-files." + rest
}

// buckets are those that are made for the exchange.
func (c *Config) buckets() []string { return []string{c.StaticBucket, c.MediaBucket} }
