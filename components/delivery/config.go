package delivery

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is who brings a new version of the exchange into the cluster.
type Config struct {
	// Mode is "pulumi" (`pulumi up` with another `exchange.image.tag`), "gitops" (Argo CD, which keeps the exchange as a git repository says) or
	// "github" (a workflow on GitHub, with Helm). With the last two the platform makes namespace, Secrets and settings, and no longer the
	// exchange itself: what runs of it goes on.
	Mode Mode `json:"mode" later:"the exchange changes hands, and its pods go on; docs/delivery.md says how"`
	// GitOps is Argo CD, and what it watches.
	GitOps GitOps `json:"gitops"`
}

// Mode is who brings a new version.
type Mode string

// The modes.
const (
	Pulumi Mode = "pulumi"
	ByGit  Mode = "gitops"
	GitHub Mode = "github"
)

// GitOps is the repository that Argo CD watches, and how it does.
type GitOps struct {
	// Repository is that of Exchange-DevOps: "https://….git".
	Repository string `json:"repository,omitempty" login:"the login goes to username and password"`
	// Branch is the one that is watched.
	Branch string `json:"branch"`
	// Folder is this environment's in it; empty means "overlays/demo" or "overlays/prod", by the profile.
	Folder string `json:"folder,omitempty"`
	// Username may read the repository; with a token of GitLab's any name will do. Empty means that everybody may.
	Username string `json:"username,omitempty"`
	// Password belongs to Username: a token that may read and nothing else. Set it with
	// `pulumi config set --secret --path exchange-platform:delivery.gitops.password`.
	Password string `json:"password,omitempty" secret:"true"`
	// Automated lets Argo CD apply what the repository says as soon as it says so, and undo what was changed by others. Without, it only
	// shows the difference: for the first look, before the exchange changes hands.
	Automated bool `json:"automated"`
	// HighlyAvailable runs two pods of what serves Argo CD's page and of what reads the repository. Its controller is one in any case, and its
	// cache, which fills itself again, too.
	HighlyAvailable bool `json:"highlyAvailable"`
}

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{Mode: Pulumi, GitOps: GitOps{Branch: "main", Automated: true, HighlyAvailable: profile == settings.Prod}}
}

// By is who delivers, where that is not the program itself; empty where it is.
func (c *Config) By() string {
	if c.Mode == Pulumi {
		return ""
	}
	return string(c.Mode)
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	var usual Config
	usual.SetDefaults(profile)
	problems := settings.OneOf(c.Mode, path.Child("mode"), Pulumi, ByGit, GitHub)
	if c.Mode == ByGit {
		problems = append(problems, c.GitOps.validate(path.Child("gitops"))...)
	} else if c.GitOps != usual.GitOps {
		problems = append(problems, field.Forbidden(path.Child("gitops"), `is for "mode: gitops", and nothing reads it in another mode: leave it out`))
	}
	return problems
}

func (g *GitOps) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Text(g.Branch, path.Child("branch"), "name the branch that is watched"),
		g.validateRepository(path.Child("repository")))
	if strings.HasPrefix(g.Folder, "/") || slices.Contains(strings.Split(g.Folder, "/"), "..") {
		problems = append(problems, field.Invalid(path.Child("folder"), g.Folder, "must be a folder of the repository, seen from its root"))
	}
	if (g.Username == "") != (g.Password == "") {
		problems = append(problems, field.Required(path.Child(cmp.Or(map[bool]string{true: "username"}[g.Username == ""], "password")),
			"a private repository needs both: pulumi config set --secret --path exchange-platform:delivery.gitops.password"))
	}
	return problems
}

func (g *GitOps) validateRepository(path *field.Path) field.ErrorList {
	if g.Repository == "" {
		return field.ErrorList{field.Required(path, "name the repository that Argo CD watches; examples/Exchange-DevOps is one to begin with")}
	}
	address, err := url.Parse(g.Repository)
	if err != nil || address.Scheme != "https" || address.Host == "" || !strings.HasSuffix(address.Path, ".git") {
		return field.ErrorList{field.Invalid(path, g.Repository, `must be "https://host/path.git"; without .git GitLab answers with a redirect, which Argo CD does not follow`)}
	}
	return nil
}
