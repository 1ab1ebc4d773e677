package delivery

import (
	"cmp"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/certificate"
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
	// Runner is what deploys on a machine of the cluster where GitHub's workflow does it.
	Runner Runner `json:"runner"`
	// GitLabRunner takes the jobs of a GitLab, each into a pod of its own. It goes with every mode.
	GitLabRunner GitLabRunner `json:"gitlabRunner"`
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
	// Authority is the certificate, in PEM, of who signed the repository's server's, where that is one of your own; empty for one that everybody
	// knows.
	Authority string `json:"authority,omitempty"`
	// Automated lets Argo CD apply what the repository says as soon as it says so, and undo what was changed by others. Without, it only
	// shows the difference: for the first look, before the exchange changes hands.
	Automated bool `json:"automated"`
	// HighlyAvailable runs two pods of what serves Argo CD's page and of what reads the repository. Its controller is one in any case, and its
	// cache, which fills itself again, too.
	HighlyAvailable bool `json:"highlyAvailable"`
}

// Runner is GitHub's own runner on the first control plane: it runs the jobs of a private repository that ask for its labels.
type Runner struct {
	// Repository is whose jobs it runs, "owner/name"; "owner" is an organisation's. Empty installs none. A public one is refused, and
	// one that becomes public stops the runner: whoever opens a pull request could run programs there.
	Repository string `json:"repository,omitempty"`
	// Token manages the repository's runners: a fine-grained one with the permission "Administration" to read and write, an organisation's
	// with "Self-hosted runners". Set it with `pulumi config set --secret --path exchange-platform:delivery.runner.token`.
	Token string `json:"token,omitempty" secret:"true"`
	// Labels are what a job asks for in `runs-on`, beside those that GitHub gives each runner.
	Labels []string `json:"labels"`
	// Version is the runner's, such as "2.336.0". GitHub's service refuses one a month after the next; it updates itself before that.
	Version string `json:"version,omitempty"`
	// SHA256 is that of the version's archive for linux-x64, as https://github.com/actions/runner/releases says.
	SHA256 string `json:"sha256,omitempty"`
	// Archive is another address of that archive, with {version} in place of the version. Empty takes GitHub's own, or that below github.com of
	// `mirrors.files`.
	Archive string `json:"archive,omitempty" login:"a mirror that asks who comes cannot be used"`
	// URL is GitHub's address; an Enterprise Server has another, with its API at /api/v3.
	URL string `json:"url" login:"the token goes to delivery.runner.token"`
}

// GitLabRunner is GitLab's own runner, in the cluster: its manager is in the namespace gitlab-runner, and a job is a pod in gitlab-jobs, which
// reaches nothing of the cluster.
type GitLabRunner struct {
	// URL is GitLab's address, "https://gitlab.example.ir". Empty installs no runner.
	URL string `json:"url,omitempty" login:"the token goes to delivery.gitlabRunner.token"`
	// Token is the authentication token, "glrt-…", which GitLab shows once, when the runner is made there; whose jobs it takes, and by which tags,
	// is said there, too. Set it with `pulumi config set --secret --path exchange-platform:delivery.gitlabRunner.token`.
	Token string `json:"token,omitempty" secret:"true"`
	// Builds lets jobs build images with rootless BuildKit: without the node's seccomp and AppArmor profiles, which forbid the mounts that it needs.
	// No job's container is privileged in any case.
	Builds bool `json:"builds"`
	// Concurrent is how many jobs run at the same time.
	Concurrent int `json:"concurrent"`
	// CPUs is how many processors a job may take at most, and each of its services once more.
	CPUs int `json:"cpus"`
	// MemoryGiB is how much memory a job may take at most, and each of its services once more: whoever takes more is ended.
	MemoryGiB int `json:"memoryGiB"`
	// DiskGiB is how much a job may write on its node's disk, and each of its services once more: sources, artifacts, the image that it builds.
	DiskGiB int `json:"diskGiB"`
	// AllowedImages are the only images that jobs and their services may run, with * for anything but a slash and ** for anything. Empty means any.
	AllowedImages []string `json:"allowedImages,omitempty"`
	// Nodes are labels (`nodes[].labels`) of the nodes that jobs run on, which may keep others off by taints `label=value:NoSchedule`. Empty means
	// any worker.
	Nodes map[string]string `json:"nodes,omitempty"`
}

const (
	versionPart = "{version}"
	ofReleases  = "/actions/runner/releases/download/v" + versionPart + "/actions-runner-linux-x64-" + versionPart + ".tar.gz"
)

var (
	ofGitHub = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9._-]+)?$`)
	label    = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	version  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
	checksum = regexp.MustCompile(`^[0-9a-f]{64}$`)
	address  = regexp.MustCompile(`^https?://[^\s?#]+$`)
	// The token goes there: nowhere in plain text but to this machine itself.
	ofServer = regexp.MustCompile(`^(https://|http://127\.)[^\s?#]+$`)
	// A runner that was made in GitLab, or later registered there, and not the token with which older versions registered runners.
	ofGitLab = regexp.MustCompile(`^glrt-[A-Za-z0-9._-]{20,}$`)
	pattern  = regexp.MustCompile(`^[A-Za-z0-9*?./:@_\[\]-]+$`)
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{
		Mode:         Pulumi,
		GitOps:       GitOps{Branch: "main", Automated: true, HighlyAvailable: profile == settings.Prod},
		Runner:       Runner{Labels: []string{"exchange-deploy"}, URL: "https://github.com"},
		GitLabRunner: GitLabRunner{Concurrent: 2, CPUs: 2, MemoryGiB: 4, DiskGiB: 20},
	}
}

// By is who delivers, where that is not the program itself; empty where it is.
func (c *Config) By() string {
	if c.Mode == Pulumi {
		return ""
	}
	return string(c.Mode)
}

// Needed tells whether there is anything to make in the cluster.
func (c *Config) Needed() bool { return c.By() != "" || c.GitLabRunner.URL != "" }

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
	if !reflect.DeepEqual(c.Runner, usual.Runner) {
		problems = append(problems, c.Runner.validate(c.Mode, path.Child("runner"))...)
	}
	if !reflect.DeepEqual(c.GitLabRunner, usual.GitLabRunner) {
		problems = append(problems, c.GitLabRunner.validate(path.Child("gitlabRunner"))...)
	}
	return problems
}

func (r *Runner) validate(mode Mode, path *field.Path) field.ErrorList {
	if mode != GitHub {
		return field.ErrorList{field.Forbidden(path, `is for "mode: github", and nothing reads it in another mode: leave it out`)}
	}
	if r.Repository == "" {
		return field.ErrorList{field.Required(path.Child("repository"), "say whose jobs the runner takes, or leave the section out")}
	}
	problems := slices.Concat(
		settings.Matches(r.Repository, path.Child("repository"), ofGitHub, `must be "owner/name", or "owner" for an organisation`),
		settings.Matches(r.Version, path.Child("version"), version, `must be a version such as "2.336.0"; https://github.com/actions/runner/releases has the last`),
		settings.Matches(r.SHA256, path.Child("sha256"), checksum, "must be the 64 digits that the version's release names for linux-x64"),
		settings.Matches(r.URL, path.Child("url"), ofServer, `must be an address such as "https://github.com": the token goes there, so not http`))
	if r.Token == "" {
		problems = append(problems, field.Required(path.Child("token"), "it manages the repository's runners: pulumi config set --secret --path exchange-platform:delivery.runner.token"))
	}
	if len(r.Labels) == 0 {
		problems = append(problems, field.Required(path.Child("labels"), "without one no job can ask for this runner and no other"))
	}
	for i, each := range r.Labels {
		problems = append(problems, settings.Matches(each, path.Child("labels").Index(i), label, "must be of letters, digits, and . _ -")...)
	}
	if r.Archive != "" {
		problems = append(problems, settings.Matches(r.Archive, path.Child("archive"), address, `must be an address such as "https://mirror.example.ir/actions-runner-linux-x64-{version}.tar.gz"`)...)
	}
	return problems
}

func (r *GitLabRunner) validate(path *field.Path) field.ErrorList {
	if r.URL == "" {
		return field.ErrorList{field.Required(path.Child("url"), "say whose jobs the runner takes, or leave the section out")}
	}
	problems := slices.Concat(
		settings.Matches(r.URL, path.Child("url"), ofServer, `must be an https address such as "https://gitlab.example.ir", without a query: the token goes there`),
		settings.AtLeast(r.Concurrent, path.Child("concurrent"), 1),
		settings.AtLeast(r.CPUs, path.Child("cpus"), 1),
		settings.AtLeast(r.MemoryGiB, path.Child("memoryGiB"), 1),
		settings.AtLeast(r.DiskGiB, path.Child("diskGiB"), 1))
	switch {
	case r.Token == "":
		problems = append(problems, field.Required(path.Child("token"),
			"GitLab shows it when the runner is made there: pulumi config set --secret --path exchange-platform:delivery.gitlabRunner.token"))
	case !ofGitLab.MatchString(r.Token):
		problems = append(problems, field.Forbidden(path.Child("token"),
			`must be a whole authentication token, "glrt-" and 20 characters or more: make the runner in GitLab ("New project runner"). A registration token is of the old way, and refused by GitLab`))
	}
	for i, each := range r.AllowedImages {
		problems = append(problems, settings.Matches(each, path.Child("allowedImages").Index(i), pattern, `must be an image or a pattern of images, such as "registry.example.ir/**"`)...)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Nodes)) {
		messages := slices.Concat(field.IsQualifiedName(key), field.IsValidLabelValue(r.Nodes[key]))
		problems = append(problems, settings.Messages(messages, r.Nodes[key], path.Child("nodes").Key(key))...)
	}
	return problems
}

func (g *GitOps) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Text(g.Branch, path.Child("branch"), "name the branch that is watched"),
		g.validateRepository(path.Child("repository")),
		g.validateAuthority(path.Child("authority")))
	if strings.HasPrefix(g.Folder, "/") || slices.Contains(strings.Split(g.Folder, "/"), "..") {
		problems = append(problems, field.Invalid(path.Child("folder"), g.Folder, "must be a folder of the repository, seen from its root"))
	}
	if (g.Username == "") != (g.Password == "") {
		problems = append(problems, field.Required(path.Child(cmp.Or(map[bool]string{true: "username"}[g.Username == ""], "password")),
			"a private repository needs both: pulumi config set --secret --path exchange-platform:delivery.gitops.password"))
	}
	return problems
}

func (g *GitOps) validateAuthority(path *field.Path) field.ErrorList {
	if g.Authority == "" {
		return nil
	}
	if err := certificate.CheckAuthorities(g.Authority, time.Now()); err != nil {
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, err.Error())}
	}
	if strings.Contains(g.host(), ":") {
		return field.ErrorList{field.Forbidden(path, "Argo CD looks for it by the server's name or IPv4 address, and finds none for an IPv6 address: give the server a name")}
	}
	return nil
}

// host is the repository's server, without its port; empty of what is no address.
func (g *GitOps) host() string {
	address, err := url.Parse(g.Repository)
	if err != nil {
		return ""
	}
	return address.Hostname()
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
