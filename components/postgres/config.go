package postgres

import (
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the exchange's database.
type Config struct {
	// Engine is "cloudnative-pg" (three servers on three workers, each with a volume: one is the primary, and another takes its
	// place when it is lost; what was acknowledged is on two of them) or "bitnami" (one server, whose data goes with its pod). A
	// stack file that does not name one keeps what the environment runs with; docs/postgres.md says how to move.
	Engine Engine `json:"engine" later:"refused" because:"the data stays with the old engine, and the exchange would start with an empty database" instead:"move as docs/postgres.md says" kept:"true"`
	// Database is made for the exchange.
	Database string `json:"database" later:"refused" because:"the data stays in the database of the old name, and the exchange would start with an empty one"`
	// User is made for the exchange and owns the database.
	User string `json:"user" later:"refused" because:"the tables belong to the old user, and the exchange could not change them"`
	// MaxSizeGiB is the room of each server, with its write-ahead log, on its worker's disk; from 60 % on there is an alert. With
	// bitnami the pod that takes more is evicted, and the data goes with it.
	MaxSizeGiB int `json:"maxSizeGiB" later:"the next pods only; the alert at once"`
	// MemoryMiB is what each server of cloudnative-pg has; its caches follow from it.
	MemoryMiB int `json:"memoryMiB" later:"in place: replicas first, then the primary restarts"`
	// MaxConnections is how many sessions each server of cloudnative-pg has, some of which are kept for the platform's own.
	MaxConnections int `json:"maxConnections" later:"in place: replicas first, then the primary restarts"`
	// Proxy is HAProxy before the servers.
	Proxy Proxy `json:"proxy"`
	// Backup is where the servers of cloudnative-pg put their write-ahead log, at least every five minutes, and base backups.
	Backup Backup `json:"backup"`
	// Drill restores the newest backup into a namespace of its own, again and again.
	Drill Drill `json:"drill"`
	// RecoverFrom makes a second cluster of servers beside the one that runs, of its backups, as it was; docs/postgres.md has the way there
	// and back.
	RecoverFrom RecoverFrom `json:"recoverFrom"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{Engine: Bitnami, Database: "exchange", User: "exchange", MaxSizeGiB: 5, MemoryMiB: 1024, MaxConnections: 100, Proxy: Proxy{ReadsAtPrimary: true}}
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
	if c.Engine == CloudNativePG {
		return instances
	}
	return 1
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
		settings.Matches(c.Database, path.Child("database"), name, form),
		settings.Matches(c.User, path.Child("user"), name, form),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1),
		settings.AtLeast(c.MemoryMiB, path.Child("memoryMiB"), leastMemoryMiB),
		settings.AtLeast(c.MaxConnections, path.Child("maxConnections"), leastConnections),
		c.validateReserved(path),
		c.RecoverFrom.validate(c, path.Child("recoverFrom")))
	if c.Engine == CloudNativePG {
		problems = append(problems, c.Backup.validate(profile, path.Child("backup"))...)
	}
	if c.drilled() {
		problems = append(problems, c.Drill.validate(path.Child("drill"))...)
	}
	return problems
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
	case c.Engine == CloudNativePG && c.User == replicationUser:
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

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Bitnami {
		return nil
	}
	return []string{"postgres.engine is bitnami: the database is lost with its pod, whenever that is moved or restarted. " +
		"cloudnative-pg keeps it, and is what a new environment gets; docs/postgres.md says how to move to it"}
}
