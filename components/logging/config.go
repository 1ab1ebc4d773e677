package logging

import (
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is Elasticsearch, Kibana and, if wanted, the collector.
type Config struct {
	// Engine is "eck" (Elastic's operator, with as many nodes of Elasticsearch as `nodes` says, each with a volume; over TLS, and for those
	// only who have a login) or "bitnami" (one Elasticsearch without a login, whose logs go with its pod). A stack file that does not name
	// one keeps what the environment runs with.
	Engine Engine `json:"engine" later:"the logs so far stay with the old engine, and go with its pods" kept:"true"`
	// FluentBit collects the logs of pods and nodes into Elasticsearch.
	FluentBit bool `json:"fluentBit"`
	// RetentionDays is how long logs are kept.
	RetentionDays int `json:"retentionDays"`
	// MaxSizeGiB is what they may take, without their copies: with more, the oldest go, whatever their age. With eck it has to fit into
	// `volumeGiB`; with bitnami it is taken of Elasticsearch's node's disk.
	MaxSizeGiB int `json:"maxSizeGiB"`
	// Nodes is how many of Elasticsearch eck has, each on a worker of its own: 3, so that the loss of one loses no log, or 1.
	Nodes int `json:"nodes" later:"in place; logs move before a node goes"`
	// VolumeGiB is the room of each node of eck on its worker's disk.
	VolumeGiB int `json:"volumeGiB" later:"refused" because:"a volume of local-path cannot change its size" instead:"make it as large in a new environment"`
	// MemoryMiB is what each node of eck has; half of it is Java's heap.
	MemoryMiB int `json:"memoryMiB" later:"in place, one node after the other"`
	// Snapshots are copies of the logs outside the cluster, of eck.
	Snapshots Snapshots `json:"snapshots"`
}

const (
	mostNodes       = 3
	leastMemoryMiB  = 1024
	fewestNodesRule = "must be 3, of which any one can be lost, or 1: two of them stop as soon as one is away"
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = map[settings.Profile]Config{
		settings.Demo: {Engine: Bitnami, RetentionDays: 3, MaxSizeGiB: 2, Nodes: 1, VolumeGiB: 5, MemoryMiB: 2048},
		settings.Prod: {Engine: ECK, FluentBit: true, RetentionDays: 14, MaxSizeGiB: 20, Nodes: mostNodes, VolumeGiB: 30, MemoryMiB: 4096},
	}[profile]
	c.Snapshots = Snapshots{
		Enabled: profile == settings.Prod, Endpoint: settings.StorageEndpoint, Region: settings.StorageRegion,
		Schedule: "30 2 * * *", RetentionDays: 30, ConditionalWrites: true,
	}
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), ECK, Bitnami),
		settings.AtLeast(c.RetentionDays, path.Child("retentionDays"), 1),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1))
	if c.Engine != ECK {
		return problems
	}
	if c.Nodes != 1 && c.Nodes != mostNodes {
		problems = append(problems, field.Invalid(path.Child("nodes"), c.Nodes, fewestNodesRule))
	}
	problems = append(problems, settings.AtLeast(c.MemoryMiB, path.Child("memoryMiB"), leastMemoryMiB)...)
	problems = append(problems, settings.AtLeast(c.VolumeGiB, path.Child("volumeGiB"), 2)...)
	if fits := c.mostGiB(); fits > 0 && c.MaxSizeGiB > fits {
		problems = append(problems, field.Invalid(path.Child("maxSizeGiB"), c.MaxSizeGiB, fmt.Sprintf(
			"does not fit into %d volumes of volumeGiB (%d): at most %d do, so that with one node lost the others hold all logs and their copies in three quarters of their "+
				"room; on a disk that is 85 %% full Elasticsearch puts nothing new", c.Nodes, c.VolumeGiB, fits)))
	}
	return append(problems, c.Snapshots.validate(profile, path.Child("snapshots"))...)
}

// mostGiB is as much of logs, without copies, as fits. Logs and copies are in the volumes of the nodes that are left when one of three
// is lost, as they are in that of a single one, which has no copies.
func (c *Config) mostGiB() int { return c.VolumeGiB * 3 / 4 }

// copies are how many further copies there are of each log.
func (c *Config) copies() int { return min(c.Nodes-1, 1) }

// Servers is how many Elasticsearch has, each on a worker of its own.
func (c *Config) Servers() int {
	if c.Engine == ECK {
		return c.Nodes
	}
	return 1
}

// StorageGiB is what each Elasticsearch may take of its worker's disk. That of bitnami needs room to merge what it has.
func (c *Config) StorageGiB() int {
	if c.Engine == ECK {
		return c.VolumeGiB
	}
	return c.MaxSizeGiB*3/2 + 1
}

// MapsFiles tells whether Elasticsearch maps its files into memory, for which the machines have to allow more mappings than most do.
func (c *Config) MapsFiles() bool { return c.Engine == ECK }

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod {
		return nil
	}
	if c.Engine == Bitnami {
		return []string{"logging.engine is bitnami: the logs are lost with Elasticsearch's pod, whenever that is moved or restarted, and whoever reaches it reads them. " +
			"eck keeps them and asks for a login, and is what a new environment gets; docs/logging.md says how to move to it"}
	}
	return nil
}
