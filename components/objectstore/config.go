package objectstore

import (
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the S3 store of the exchange's static and media files.
type Config struct {
	// Engine is "minio" (servers in the cluster) or "external" (an S3-compatible storage outside of it, with both buckets in it or one: the
	// other one is in MinIO then). A stack file that does not name one keeps what the environment runs with; docs/objectstore.md says how to move.
	Engine Engine `json:"engine" later:"refused" because:"the files stay in the old store, and the exchange would start with empty buckets" instead:"move as docs/objectstore.md says" kept:"true"`
	// Mode is "distributed" (four servers on four workers, each with a volume: files are read with any two of them, and written with
	// any three) or "standalone" (one server, whose files go with its pod). A stack file that does not name one keeps what the
	// environment runs with; docs/objectstore.md says how to move.
	Mode Mode `json:"mode" later:"refused" because:"the files stay with the old servers, and the exchange would start with empty buckets" instead:"move as docs/objectstore.md says" kept:"true"`
	// Image is what the servers run, registry/repository:tag, in place of the catalogue's: a fork with MinIO's commands and form of
	// drives.
	Image string `json:"image,omitempty" later:"in place: the servers restart; standalone loses its files" login:"give the nodes the registry's login: mirrors.logins"`
	// StaticBucket is made for the exchange's own files. Outside the cluster nothing makes it: it must exist, and let everybody read.
	StaticBucket string `json:"staticBucket" later:"refused" because:"the files stay in the bucket of the old name"`
	// MediaBucket is made for the files of the exchange's users. Outside the cluster nothing makes it: it must exist, let nobody read,
	// and should keep older versions.
	MediaBucket string `json:"mediaBucket" later:"refused" because:"the files stay in the bucket of the old name"`
	// MaxSizeGiB is what each server may take of its worker's disk; from 60 % on there is an alert. Distributed, half of it is for
	// what makes the loss of two servers bearable: four servers of 20 GiB hold files of 40. Standalone, the pod that takes more is
	// evicted, and the files go with it.
	MaxSizeGiB int `json:"maxSizeGiB" later:"in place; standalone: the next pods only, the alert at once"`
	// MediaQuotaGiB is what the media bucket may hold, old versions included: then uploads are refused, before the disks are full.
	// 0 means four fifths of what the servers hold. Distributed only, and of a media bucket in MinIO.
	MediaQuotaGiB int `json:"mediaQuotaGiB,omitempty"`
	// OldVersionDays is how long the media bucket keeps a file that was replaced or deleted. Nobody but the administrator can make
	// it shorter: what deletes files with the exchange's key can be undone. Distributed only, and of a media bucket in MinIO.
	OldVersionDays int `json:"oldVersionDays" later:"in place: what is older goes within a day or so"`
	// PublicHost is the name in `edge.domain` from which browsers load the files that are in MinIO: those of the static bucket as
	// they are, those of the media one by signed links. Empty means the exchange's with "-files" after its first part:
	// "demo-files.iransre.ir" for "demo.iransre.ir". One part only, because the CDN's certificate covers no more.
	PublicHost string `json:"publicHost,omitempty" later:"another record; the old one goes, and with it the links that were given out"`
	// External is the storage of engine external.
	External Outside `json:"external"`
	// Copy copies the media bucket out of the cluster.
	Copy Copy `json:"copy"`
}

// oldVersionDays is how long old versions are kept where nobody says so.
const oldVersionDays = 30

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	size := map[settings.Profile]int{settings.Demo: 5, settings.Prod: 20}[profile]
	*c = Config{Engine: MinIO, Mode: Standalone, StaticBucket: "static", MediaBucket: "media", MaxSizeGiB: size, OldVersionDays: oldVersionDays}
	c.External, c.Copy = defaultOutside(), defaultCopy()
	if profile == settings.Prod {
		c.Mode = Distributed
	}
}

// Servers is how many there are, each on a worker of its own.
func (c *Config) Servers() int {
	switch {
	case !c.hasMinIO():
		return 0
	case c.Mode == Distributed:
		return servers
	}
	return 1
}

// capacityGiB is how much of files the servers hold together.
func (c *Config) capacityGiB() int {
	if c.Mode == Distributed {
		return c.MaxSizeGiB * servers / 2
	}
	return c.MaxSizeGiB
}

// keepsVersions tells whether MinIO has the media bucket on servers that can keep older versions of its files.
func (c *Config) keepsVersions() bool { return c.Mode == Distributed && !c.IsOutside(Media) }

// mediaQuotaGiB is the media bucket's.
func (c *Config) mediaQuotaGiB() int {
	if c.MediaQuotaGiB == 0 {
		return c.capacityGiB() * 4 / 5
	}
	return c.MediaQuotaGiB
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	const form = "must be 3 to 63 lower-case letters, digits, dots and hyphens"
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), MinIO, External),
		settings.OneOf(c.Mode, path.Child("mode"), Standalone, Distributed),
		settings.Matches(c.StaticBucket, path.Child("staticBucket"), settings.BucketName, form),
		settings.Matches(c.MediaBucket, path.Child("mediaBucket"), settings.BucketName, form),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1),
		settings.AtLeast(c.MediaQuotaGiB, path.Child("mediaQuotaGiB"), 0),
		settings.AtLeast(c.OldVersionDays, path.Child("oldVersionDays"), 1),
		c.validateUnused(path),
		c.External.validate(c, path.Child("external")),
		c.Copy.validate(c, path.Child("copy")))
	if _, err := chart.ParseImage(c.Image); c.Image != "" && err != nil {
		problems = append(problems, field.Invalid(path.Child("image"), c.Image, "must be registry/repository:tag, such as \"quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z\""))
	}
	if c.MediaQuotaGiB > c.capacityGiB() && c.MaxSizeGiB > 0 && c.keepsVersions() {
		problems = append(problems, field.Invalid(path.Child("mediaQuotaGiB"), c.MediaQuotaGiB, fmt.Sprintf(
			"is more than the %d GiB that %d servers of maxSizeGiB %d hold; lower it, or raise maxSizeGiB", c.capacityGiB(), servers, c.MaxSizeGiB)))
	}
	if c.StaticBucket == c.MediaBucket {
		problems = append(problems, field.Duplicate(path.Child("mediaBucket"), c.MediaBucket))
	}
	return problems
}

// validateUnused refuses what somebody wrote of servers that there are not, or of a bucket that is not theirs.
func (c *Config) validateUnused(path *field.Path) field.ErrorList {
	unused := `is of mode "distributed" only; leave it out`
	if c.IsOutside(Media) {
		unused = `is of a media bucket in MinIO, and yours lies outside (external.buckets), where its storage sees to that; leave it out`
	}
	var problems field.ErrorList
	if !c.keepsVersions() && c.MediaQuotaGiB > 0 {
		problems = append(problems, field.Invalid(path.Child("mediaQuotaGiB"), c.MediaQuotaGiB, unused))
	}
	if !c.keepsVersions() && c.OldVersionDays > 0 && c.OldVersionDays != oldVersionDays {
		problems = append(problems, field.Invalid(path.Child("oldVersionDays"), c.OldVersionDays, unused))
	}
	if !c.hasMinIO() && c.Image != "" {
		problems = append(problems, field.Invalid(path.Child("image"), c.Image, `is of MinIO's servers, and with both buckets outside there are none; leave it out`))
	}
	if !c.hasMinIO() && c.PublicHost != "" {
		problems = append(problems, field.Forbidden(path.Child("publicHost"),
			`is a name that leads to MinIO; with both buckets outside browsers load files from the storage itself: leave it out, or set external.publicUrl`))
	}
	return problems
}

// Warnings says what is not copied, and in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	var said []string
	if !c.Copy.Enabled && c.Copy.Bucket != "" {
		said = append(said, "objectStore.copy names a bucket and is not enabled: nothing is copied there. Set objectStore.copy.enabled, or take the bucket out")
	}
	if profile != settings.Prod || c.Mode == Distributed || !c.hasMinIO() {
		return said
	}
	files := "static and media files"
	switch {
	case c.IsOutside(Media):
		files = "static files, which come back with the next rollout only,"
	case c.IsOutside(Static):
		files = "media files"
	}
	return append(said, "objectStore.mode is standalone: "+files+" are lost with MinIO's pod, whenever that is moved or restarted. "+
		"distributed keeps them, and is what a new environment gets; docs/objectstore.md says how to move to it")
}
