package postgres

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the exchange's database.
type Config struct {
	// Engine is "bitnami": one server, whose data goes with its pod.
	Engine Engine `json:"engine" later:"there is one only"`
	// Database is made for the exchange.
	Database string `json:"database" later:"refused" because:"the data stays in the database of the old name, and the exchange would start with an empty one"`
	// User is made for the exchange and owns the database.
	User string `json:"user" later:"refused" because:"the tables belong to the old user, and the exchange could not change them"`
	// MaxSizeGiB is what the server may take of its node's disk; with more its pod is evicted, and the data goes with it. From
	// 60 % on there is an alert.
	MaxSizeGiB int `json:"maxSizeGiB" later:"the next pods only; the alert at once"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	size := map[settings.Profile]int{settings.Demo: 5, settings.Prod: 20}[profile]
	*c = Config{Engine: Bitnami, Database: "exchange", User: "exchange", MaxSizeGiB: size}
}

// name is what PostgreSQL takes without quotes.
var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	const form = "must start with a lower-case letter and hold lower-case letters, digits and underscores only"
	return slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), Bitnami),
		settings.Matches(c.Database, path.Child("database"), name, form),
		settings.Matches(c.User, path.Child("user"), name, form),
		settings.AtLeast(c.MaxSizeGiB, path.Child("maxSizeGiB"), 1),
		c.validateReserved(path))
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
	case strings.HasPrefix(c.User, "pg_"), slices.Contains([]string{"public", "none", "user"}, c.User):
		problems = append(problems, field.Invalid(path.Child("user"), c.User, `is a name that PostgreSQL keeps for itself; choose another one, such as "exchange"`))
	}
	if slices.Contains([]string{"template0", "template1"}, c.Database) {
		problems = append(problems, field.Invalid(path.Child("database"), c.Database,
			`is what PostgreSQL makes new databases from; choose another one, such as "exchange"`))
	}
	return problems
}

// Warnings says in prod what is not kept.
func (c *Config) Warnings(profile settings.Profile) []string {
	if profile != settings.Prod || c.Engine != Bitnami {
		return nil
	}
	return []string{"postgres.engine is bitnami: the database is lost with its pod, whenever that is moved or restarted. There is no engine yet that keeps it"}
}
