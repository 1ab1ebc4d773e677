package kubespray

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// RegistryMirror names the hosts that serve the images of one registry.
type RegistryMirror struct {
	// Registry as it stands in image names, "docker.io".
	Registry string
	// Server is the registry itself, tried last; defaults to https://<Registry>.
	Server string
	// Mirrors are URLs, tried in order. One with a path behind /v2/ ("https://harbor.example/v2/docker-hub") is taken as the
	// whole prefix; behind any other, /v2 is added.
	Mirrors []string
}

// RegistryLogins are the logins of mirrors.
type RegistryLogins []RegistryLogin

// RegistryLogin is that of one mirror.
type RegistryLogin struct {
	// Host is the mirror's, as its address in `mirrors.registries` has it, with the port if that has one. It must take a login by
	// HTTP's basic authentication, as Harbor, Nexus and a registry with htpasswd do.
	Host string `json:"host"`
	// User may pull from it.
	User string `json:"user"`
	// Password is that user's. Set it with `pulumi config set --secret --path 'exchange-platform:mirrors.logins[0].password'`.
	Password string `json:"password" secret:"true"`
}

// withoutHeaders is the release of Kubespray that cannot hand containerd a login for a mirror.
const withoutHeaders = "v2.28.1"

func (args *Args) mirrorProblems(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, registry := range args.RegistryMirrors {
		for _, address := range registry.Mirrors {
			at := path.Key(registry.Registry)
			if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
				problems = append(problems, field.Invalid(at, address, "must be the mirror's address with its scheme, https://…"))
				continue
			}
			// what cannot be read may hold a password
			switch mirror, err := url.Parse(address); {
			case err != nil || mirror.Host == "":
				problems = append(problems, field.Invalid(at, field.OmitValueType{}, "must be the mirror's address, https://…"))
			case mirror.RawQuery != "" || mirror.Fragment != "":
				problems = append(problems, field.Invalid(at, field.OmitValueType{}, "must end before ? and #: containerd adds the image's path to it"))
			}
		}
	}
	return problems
}

// loginProblems asks for logins that are whole, each of a mirror, and safe on the way there.
func (args *Args) loginProblems(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if len(args.RegistryLogins) > 0 && args.Kubespray.Version == withoutHeaders {
		problems = append(problems, field.Forbidden(path,
			fmt.Sprintf("Kubespray %s gives containerd no login of a mirror: choose a newer one in kubernetes.kubespray.version", withoutHeaders)))
	}
	seen := map[string]bool{}
	for i, login := range args.RegistryLogins {
		at := path.Index(i)
		if seen[login.Host] {
			problems = append(problems, field.Duplicate(at.Child("host"), login.Host))
		}
		seen[login.Host] = true
		switch schemes := args.schemesOf(login.Host); {
		case len(schemes) == 0:
			problems = append(problems, field.Invalid(at.Child("host"), login.Host, "is the host of none of mirrors.registries"))
		case slices.Contains(schemes, "http"):
			problems = append(problems, field.Invalid(at.Child("host"), login.Host, "is reached by http://, where everybody on the way can read the password: use https://"))
		}
		if login.User == "" || strings.Contains(login.User, ":") {
			problems = append(problems, settings.Given(at.Child("user"), login.User, "name the user that may pull, without a colon"))
		}
		if login.Password == "" {
			problems = append(problems, field.Required(at.Child("password"),
				fmt.Sprintf("give the user's password: pulumi config set --secret --path 'exchange-platform:mirrors.logins[%d].password'", i)))
		}
	}
	return problems
}

// schemesOf are those by which mirrors at the host are reached.
func (args *Args) schemesOf(host string) []string {
	var schemes []string
	for _, registry := range args.RegistryMirrors {
		for _, address := range registry.Mirrors {
			if mirror, err := url.Parse(address); err == nil && mirror.Host == host {
				schemes = append(schemes, mirror.Scheme)
			}
		}
	}
	return schemes
}

// has tells whether there is a login for the mirror at that address.
func (l RegistryLogins) has(address string) (host string, has bool) {
	mirror, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	return mirror.Host, slices.ContainsFunc(l, func(login RegistryLogin) bool { return login.Host == mirror.Host })
}

// secrets are registry_logins.json, if there are logins: the variable that the mirrors' headers are made of.
func (l RegistryLogins) secrets() ([]file, error) {
	if len(l) == 0 {
		return nil, nil
	}
	headers := map[string]string{}
	for _, login := range l {
		headers[login.Host] = "Basic " + base64.StdEncoding.EncodeToString([]byte(login.User+":"+login.Password))
	}
	text, err := indented(map[string]any{registryLogins: headers})
	return []file{{"registry_logins.json", text}}, err
}

// sealed stands for the logins in the cluster's shape, so that another password reaches the nodes; empty if there are none. People
// choose passwords: with a key in it, nobody who reads the shape can try them out.
func sealed(key string, logins []file) string {
	if len(logins) == 0 {
		return ""
	}
	seal := hmac.New(sha256.New, []byte(key))
	seal.Write(logins[0].data)
	return hex.EncodeToString(seal.Sum(nil))[:16]
}

// containerdMirrors renders the mirrors, sorted by registry. Setting the list replaces Kubespray's own, which is Docker
// Hub's real address: that entry is kept.
func containerdMirrors(mirrors []RegistryMirror, logins RegistryLogins) []ordered {
	if len(mirrors) == 0 {
		return nil
	}
	const dockerHub, dockerHubServer = "docker.io", "https://registry-1.docker.io"
	mirrors = slices.Clone(mirrors)
	if !slices.ContainsFunc(mirrors, func(m RegistryMirror) bool { return m.Registry == dockerHub }) {
		mirrors = append(mirrors, RegistryMirror{Registry: dockerHub, Mirrors: []string{dockerHubServer}})
	}
	slices.SortStableFunc(mirrors, func(a, b RegistryMirror) int { return strings.Compare(a.Registry, b.Registry) })

	var rendered []ordered
	for _, mirror := range mirrors {
		server := mirror.Server
		switch {
		case server != "":
		case mirror.Registry == dockerHub:
			server = dockerHubServer
		default:
			server = "https://" + mirror.Registry
		}
		var hosts []ordered
		for _, url := range mirror.Mirrors {
			host := ordered{
				{"host", url},
				{"capabilities", []string{"pull", "resolve"}},
				{"skip_verify", false},
				// Else containerd puts /v2 behind the path, which a registry with several upstreams (Harbor) has in front of it.
				{"override_path", strings.Contains(url, "/v2/")},
			}
			if name, has := logins.has(url); has {
				// Only the name of the login: Ansible reads itself from a file of root's.
				host = append(host, entry{"header", ordered{{"Authorization", fmt.Sprintf("{{ %s['%s'] }}", registryLogins, name)}}})
			}
			hosts = append(hosts, host)
		}
		rendered = append(rendered, ordered{{"prefix", mirror.Registry}, {"server", server}, {"mirrors", hosts}})
	}
	return rendered
}
