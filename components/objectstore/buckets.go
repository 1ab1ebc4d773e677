package objectstore

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/field"
)

// Bucket is one of the two that the exchange has, by what is in it.
type Bucket string

const (
	// Static has the exchange's own files.
	Static Bucket = "static"
	// Media has the files of its users.
	Media Bucket = "media"
)

// Buckets are some of them.
type Buckets []Bucket

// MarshalJSON writes them in one order: stack files that name the same ones mean the same.
func (b Buckets) MarshalJSON() ([]byte, error) {
	return json.Marshal(slices.Sorted(slices.Values(b)))
}

// validate asks for each bucket once, and for one at least.
func (b Buckets) validate(path *field.Path) field.ErrorList {
	if len(b) == 0 {
		return field.ErrorList{field.Required(path, `name the buckets that lie in the storage outside, "static", "media" or both; for none, take engine "minio"`)}
	}
	var problems field.ErrorList
	for i, bucket := range b {
		switch {
		case bucket != Static && bucket != Media:
			problems = append(problems, field.NotSupported(path.Index(i), bucket, []Bucket{Static, Media}))
		case slices.Contains(b[:i], bucket):
			problems = append(problems, field.Duplicate(path.Index(i), bucket))
		}
	}
	return problems
}

// IsOutside tells whether a bucket lies in the storage outside the cluster. If it does not, MinIO has it.
func (c *Config) IsOutside(bucket Bucket) bool {
	return c.Engine == External && slices.Contains(c.External.Buckets, bucket)
}

// AreApart tells whether the two buckets lie in different stores.
func (c *Config) AreApart() bool { return c.IsOutside(Static) != c.IsOutside(Media) }

// hasMinIO tells whether there is a bucket for it.
func (c *Config) hasMinIO() bool { return !c.IsOutside(Static) || !c.IsOutside(Media) }

// name is a bucket's in its store.
func (c *Config) name(bucket Bucket) string {
	if bucket == Static {
		return c.StaticBucket
	}
	return c.MediaBucket
}

// buckets are the names of both.
func (c *Config) buckets() []string { return []string{c.StaticBucket, c.MediaBucket} }

// bucketsOf are the names of those that lie outside, or of those that do not.
func (c *Config) bucketsOf(outside bool) []string {
	var names []string
	for _, bucket := range []Bucket{Static, Media} {
		if c.IsOutside(bucket) == outside {
			names = append(names, c.name(bucket))
		}
	}
	return names
}

// FilesHost is the public name of the files in MinIO, of an exchange with that host in that domain; empty where browsers load all of them
// from the storage itself (FilesURL).
func (c *Config) FilesHost(host, domain string) string {
	switch {
	case !c.hasMinIO():
		return ""
	case c.PublicHost != "":
		return c.PublicHost
	}
	first, rest, _ := strings.Cut(host, ".")
	if host == domain {
		return "files." + host
	}
	return first + "-files." + rest
}

// FilesURL is where browsers load a bucket's files, without a slash at its end; empty where a name of the environment leads to them (FilesHost).
func (c *Config) FilesURL(bucket Bucket) string {
	switch {
	case !c.IsOutside(bucket):
		return ""
	case c.External.PublicURL != "":
		return strings.TrimSuffix(c.External.PublicURL, "/")
	}
	return c.External.endpoint()
}

// Region is what requests for a bucket are signed for; empty if it is MinIO's own.
func (c *Config) Region(bucket Bucket) string {
	if c.IsOutside(bucket) {
		return c.External.Region
	}
	return ""
}

// Place is how the application reaches a bucket.
type Place struct {
	Endpoint   pulumi.StringOutput `output:"endpoint"`
	SecretName pulumi.StringOutput `output:"secretName"`
	AccessKey  pulumi.StringOutput
	SecretKey  pulumi.StringOutput // secret
}

// source is a store with the media bucket, the Secret with the application's keys, which reach that, and what is there once they do.
type source struct {
	endpoint, secret string
	ready            pulumi.Resource
}

// place says where the buckets are: those in MinIO in the one place, those outside in the other.
func (o *ObjectStore) place(config *Config, minio, outside Place) {
	of := map[bool]Place{false: minio, true: outside}
	static := of[config.IsOutside(Static)]
	o.Endpoint, o.AccessKey, o.SecretKey, o.SecretName = static.Endpoint, static.AccessKey, static.SecretKey, static.SecretName
	o.Media = of[config.IsOutside(Media)]
}
