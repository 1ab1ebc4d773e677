package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the exchange's database.
type Config struct {
	// Engine is "cloudnative-pg" (three servers on three workers, each with a volume: one is the primary, and another takes its
	// place when it is lost; what was acknowledged is on two of them) or "bitnami" (what architecture says; nothing takes the place of
	// a primary that is lost). A stack file that does not name one keeps what the environment runs with; docs/postgres.md says how to move.
	Engine Engine `json:"engine" later:"refused" because:"the data stays with the old engine, and the exchange would start with an empty database" instead:"move as docs/postgres.md says" kept:"true"`
	// Architecture of bitnami is "standalone" (one server, whose data goes with its pod) or "replication" (a primary and replicas that
	// follow it, each with a volume on a worker of its own).
	Architecture Architecture `json:"architecture" later:"refused" because:"the servers and their volumes have other names, and the exchange would start with an empty database" instead:"move as docs/postgres.md says"`
	// Replicas are how many servers of bitnami's follow the primary. A commit waits for one of them: with a single one, nothing is
	// written while that is away.
	Replicas int `json:"replicas" later:"in place; the volume of one that goes stays, and is to be deleted by hand"`
	// Database is made for the exchange.
	Database string `json:"database" later:"refused" because:"the data stays in the database of the old name, and the exchange would start with an empty one"`
	// User is made for the exchange and owns the database.
	User string `json:"user" later:"refused" because:"the tables belong to the old user, and the exchange could not change them"`
	// MaxSizeGiB is the room of each server, with its write-ahead log, on its worker's disk; from 60 % on there is an alert. With
	// bitnami's one server the pod that takes more is evicted, and the data goes with it.
	MaxSizeGiB int `json:"maxSizeGiB" later:"the next pods only; the alert at once"`
	// MemoryMiB is what each server has where there are several; its caches follow from it.
	MemoryMiB int `json:"memoryMiB" later:"in place: replicas first, then the primary restarts; with bitnami all at once"`
	// MaxConnections is how many sessions each server has where there are several, some of which are kept for the platform's own.
	MaxConnections int `json:"maxConnections" later:"in place: replicas first, then the primary restarts; with bitnami all at once"`
	// Proxy is HAProxy before the servers.
	Proxy Proxy `json:"proxy"`
	// Backup is where cloudnative-pg puts its write-ahead log, at least every five minutes, and base backups, and bitnami with replicas a
	// dump of the database.
	Backup Backup `json:"backup"`
	// Drill restores the newest backup into a namespace of its own, again and again.
	Drill Drill `json:"drill"`
	// RecoverFrom makes a second cluster of servers beside the one that runs, of its backups, as it was; docs/postgres.md has the way there
	// and back.
	RecoverFrom RecoverFrom `json:"recoverFrom"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{
		Engine: Bitnami, Architecture: Standalone, Replicas: 2, Database: "exchange", User: "exchange",
		MaxSizeGiB: 5, MemoryMiB: 1024, MaxConnections: 100, Proxy: Proxy{ReadsAtPrimary: true},
	}
	if profile == settings.Prod {
		c.Engine, c.MaxSizeGiB, c.MemoryMiB, c.MaxConnections = CloudNativePG, 20, 4096, 200
		c.Proxy.Enabled = true
	}
	c.Backup = defaultBackup(profile == settings.Prod)
	c.Drill = Drill{Enabled: profile == settings.Prod, Schedule: "0 3 * * 5", Hours: 4}
}

// Clusters is how many of servers there are.
func (c *Config) Clusters() int {
	if c.RecoverFrom.wanted() {
		return 2
	}
	return 1
}

// Servers is how many there are in one cluster, each on a worker of its own.
func (c *Config) Servers() int {
	switch {
	case c.Engine == CloudNativePG:
		return instances
	case c.replicated():
		return 1 + c.Replicas
	}
	return 1
}

// replicated tells whether Bitnami's primary has replicas.
func (c *Config) replicated() bool { return c.Engine == Bitnami && c.Architecture == Replication }

// backedUp tells whether there are backups.
func (c *Config) backedUp() bool {
	return c.Backup.Enabled && (c.Engine == CloudNativePG || c.replicated())
}

// Copies are how many servers need room at once: a drill restores one more.
func (c *Config) Copies() int {
	if c.drilled() {
		return c.Servers() + 1
	}
	return c.Servers()
}

// name is what PostgreSQL takes without quotes.
var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	const form = "must start with a lower-case letter and hold lower-case letters, digits and underscores only"
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), Bitnami, CloudNativePG),
		c.validateArchitecture(profile, path),
		settings.Matches(c.Database, path.Child("database"), name, form),
		settings.Matches(c.User, path.Child("user"), name, form),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1),
		settings.AtLeast(c.MemoryMiB, path.Child("memoryMiB"), leastMemoryMiB),
		settings.AtLeast(c.MaxConnections, path.Child("maxConnections"), leastConnections),
		c.validateReserved(path),
		c.RecoverFrom.validate(c, path.Child("recoverFrom")))
	if c.backedUp() {
		problems = append(problems, c.Backup.validate(profile, path.Child("backup"))...)
	}
	if c.drilled() {
		problems = append(problems, c.Drill.validate(path.Child("drill"))...)
	}
	return problems
}

// validateArchitecture refuses what only the other engine or architecture has, and what replicas cannot be.
func (c *Config) validateArchitecture(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := settings.OneOf(c.Architecture, path.Child("architecture"), Standalone, Replication)
	if c.Architecture == Replication && c.Engine == CloudNativePG {
		problems = append(problems, field.Forbidden(path.Child("architecture"),
			`is bitnami's; "cloudnative-pg" has replicas by itself, and another primary when one is lost: take it out`))
	}
	if !c.replicated() {
		return append(problems, c.validateUnused(profile, path)...)
	}
	problems = append(problems, settings.AtLeast(c.Replicas, path.Child("replicas"), 1)...)
	if c.MaxConnections > replicaConnections {
		problems = append(problems, field.Invalid(path.Child("maxConnections"), c.MaxConnections, fmt.Sprintf(
			"must be at most %d, which the replicas have: one with fewer sessions than its primary does not start", replicaConnections)))
	}
	return problems
}

// validateUnused refuses what somebody wrote of servers that there are not: one that is bitnami's alone has no such setting.
func (c *Config) validateUnused(profile settings.Profile, path *field.Path) field.ErrorList {
	var usual Config
	usual.SetDefaults(profile)
	problems := unused(path.Child("replicas"), c.Replicas, usual.Replicas, `are of "architecture: replication" only`)
	if c.Engine == Bitnami {
		const several = `is of several servers: "architecture: replication", or engine "cloudnative-pg"`
		problems = append(problems, unused(path.Child("memoryMiB"), c.MemoryMiB, usual.MemoryMiB, several)...)
		problems = append(problems, unused(path.Child("maxConnections"), c.MaxConnections, usual.MaxConnections, several)...)
	}
	return problems
}

// unused refuses another value than the usual one, which nobody wrote.
func unused(path *field.Path, value, usual int, whose string) field.ErrorList {
	if value == usual {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, whose+"; leave it out")}
}

// validateReserved refuses names that PostgreSQL itself has or keeps.
func (c *Config) validateReserved(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	switch {
	case c.User == "postgres":
		problems = append(problems, field.Invalid(path.Child("user"), c.User,
			`is the superuser, who may read every file and run every program of the server; the exchange gets a user of its own, such as "exchange"`))
	case c.User == reconcilerUser:
		problems = append(problems, field.Invalid(path.Child("user"), c.User,
			`is the superuser by which the program sets new passwords; choose another one, such as "exchange"`))
	case c.Engine == CloudNativePG && c.User == replicationUser, c.replicated() && c.User == bitnamiReplicationUser:
		problems = append(problems, field.Invalid(path.Child("user"), c.User,
			`is the user by which the servers follow their primary; choose another one, such as "exchange"`))
	case strings.HasPrefix(c.User, "pg_"), slices.Contains([]string{"public", "none", "user"}, c.User):
		problems = append(problems, field.Invalid(path.Child("user"), c.User, `is a name that PostgreSQL keeps for itself; choose another one, such as "exchange"`))
	}
	switch {
	case slices.Contains([]string{"template0", "template1"}, c.Database):
		problems = append(problems, field.Invalid(path.Child("database"), c.Database,
			`is what PostgreSQL makes new databases from; choose another one, such as "exchange"`))
	case c.Engine == CloudNativePG && c.Database == "postgres":
		problems = append(problems, field.Invalid(path.Child("database"), c.Database,
			`is the superuser's; choose another one, such as "exchange"`))
	}
	return problems
}

// Warnings says in prod what is not kept, and what nobody does by itself.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Bitnami {
		return nil
	}
	const way = "cloudnative-pg %s, and is what a new environment gets; docs/postgres.md says how to move to it"
	if !c.replicated() {
		return []string{"postgres.engine is bitnami: the database is lost with its pod, whenever that is moved or restarted. " + fmt.Sprintf(way, "keeps it")}
	}
	return []string{"postgres.architecture is replication: when the primary or its worker is lost, nothing is written until it is back or somebody " +
		"promotes a replica by hand, as docs/postgres.md says. " + fmt.Sprintf(way, "does that by itself")}
}
