package exchange

import (
	"regexp"
	"slices"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is the application: which image runs where, and how many of it.
type Config struct {
	// Host is the name its users type, in `edge.domain`.
	Host string `json:"host" later:"another record; the old one goes"`
	// MoreHosts are further names under which it answers, in `edge.domain`: the domain itself can be one.
	MoreHosts []string `json:"moreHosts,omitempty" later:"other records; those that are left out go"`
	// RedirectHosts are names in `edge.domain` from where browsers are sent to the first page of Host: "www.iransre.ir".
	RedirectHosts []string `json:"redirectHosts,omitempty" later:"other records; those that are left out go"`
	// Image holds the Django project, its gunicorn and its Django-Q cluster.
	Image Image `json:"image"`
	// WebReplicas is the number of pods of the web server.
	WebReplicas int `json:"webReplicas"`
	// WorkerReplicas is the number of pods of Django-Q.
	WorkerReplicas int `json:"workerReplicas"`
	// WorkerProbe says by what a broken pod of Django-Q is known and restarted: "processes" (one that it needs is gone or lies
	// dead), "heartbeat" (the application has not touched the file DJANGO_Q_HEARTBEAT_FILE for two minutes), or "none".
	WorkerProbe Probe `json:"workerProbe"`
	// GunicornArgs are further arguments of the web server, such as "--workers=4"; they win over the chart's own. Those that
	// only some of its releases know depend on the image: `--no-control-socket` is known from gunicorn 25.1 on.
	GunicornArgs []string `json:"gunicornArgs,omitempty"`
}

// Names are all of the exchange's, Host first: those that it answers to, and those from where browsers are sent on.
func (c *Config) Names() []string {
	return slices.Concat([]string{c.Host}, c.MoreHosts, c.RedirectHosts)
}

// Probe is what a worker is known by to be broken.
type Probe string

// The probes of a worker.
const (
	Processes Probe = "processes"
	Heartbeat Probe = "heartbeat"
	NoProbe   Probe = "none"
)

// Image is the application's image. It comes from where it says, whatever chart mirror there is.
type Image struct {
	// Repository is the image without its tag, "ghcr.io/iransre/exchange".
	Repository string `json:"repository" login:"the login goes to registryUser and registryPassword"`
	// Tag is the version to run.
	Tag string `json:"tag"`
	// Digest pins the very bytes behind the tag, "sha256:…". Empty means whatever the registry has under the tag when a node pulls it.
	Digest string `json:"digest,omitempty"`
	// RegistryUser may pull the image, if its registry asks who does. Empty means that everybody may.
	RegistryUser string `json:"registryUser,omitempty"`
	// RegistryPassword belongs to RegistryUser; most registries call it a token. Set it with
	// `pulumi config set --secret --path exchange-platform:exchange.image.registryPassword`.
	RegistryPassword string `json:"registryPassword,omitempty" secret:"true"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	count := map[settings.Profile]int{settings.Demo: 1, settings.Prod: 2}[profile]
	*c = Config{WebReplicas: count, WorkerReplicas: count, WorkerProbe: Processes}
}

// digest is how a registry knows an image.
var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (i Image) validateDigest(path *field.Path) field.ErrorList {
	if i.Digest == "" {
		return nil
	}
	return settings.Matches(i.Digest, path, digest, "must be \"sha256:\" and 64 digits of 0-9a-f, as a push prints it")
}

// argument is one of a program's, in its long form.
var argument = regexp.MustCompile(`^--[a-z][a-z0-9-]*(=\S+)?$`)

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Messages(field.IsDNS1123Subdomain(c.Host), c.Host, path.Child("host")),
		settings.Text(c.Image.Repository, path.Child("image", "repository"), "name the application's image without its tag"),
		settings.Text(c.Image.Tag, path.Child("image", "tag"), "name the version to run"),
		c.Image.validateDigest(path.Child("image", "digest")),
		c.Image.validateLogin(path.Child("image")),
		settings.AtLeast(c.WebReplicas, path.Child("webReplicas"), 1),
		settings.AtLeast(c.WorkerReplicas, path.Child("workerReplicas"), 1),
		settings.OneOf(c.WorkerProbe, path.Child("workerProbe"), Processes, Heartbeat, NoProbe))
	for i, arg := range c.GunicornArgs {
		problems = append(problems, settings.Matches(arg, path.Child("gunicornArgs").Index(i), argument,
			`must be one argument with its value, such as "--workers=4"`)...)
	}
	for i, host := range c.MoreHosts {
		problems = append(problems, settings.Text(host, path.Child("moreHosts").Index(i), "name a host in edge.domain")...)
	}
	for i, host := range c.RedirectHosts {
		problems = append(problems, settings.Text(host, path.Child("redirectHosts").Index(i), "name a host in edge.domain")...)
	}
	if profile == settings.Prod && c.WebReplicas == 1 {
		problems = append(problems, field.Invalid(path.Child("webReplicas"), 1, "prod needs at least 2: with one, the exchange is away whenever its node is"))
	}
	return problems
}
