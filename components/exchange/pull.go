package exchange

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// pullPatience is how long a registry may take to answer one question.
const pullPatience = 5 * time.Second

// manifests are the kinds of what a tag may stand for.
var manifests = strings.Join([]string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
}, ", ")

// Registry is the host that nodes pull the image from, as mirrors call it.
func (i Image) Registry() string {
	if login := i.login(); login != dockerHub {
		return login
	}
	return "docker.io"
}

// CheckPull asks the registry of a private image whether its user may pull it: nodes would only say so after the release has waited for
// them in vain. A registry that cannot be asked from here, or answers something else, is left to the nodes.
func (i Image) CheckPull(ctx context.Context) error {
	if !i.private() {
		return nil
	}
	pull := &pull{image: i, client: &http.Client{Timeout: pullPatience}}
	// a failure is no answer
	switch status, _ := pull.try(ctx); status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("exchange.image: %s does not let %q pull %s: it answers %d %s; nothing was changed. Set registryUser and registryPassword anew: "+
			"pulumi config set --secret --path exchange-platform:exchange.image.registryPassword", i.Registry(), i.RegistryUser, i.Repository, status, http.StatusText(status))
	case http.StatusNotFound:
		return fmt.Errorf("exchange.image: %s has no %s:%s, or does not show it to %q; nothing was changed. Mend repository or tag, or give that user the right to pull",
			i.Registry(), i.Repository, i.Tag, i.RegistryUser)
	}
	return nil
}

// pull is a try to pull an image.
type pull struct {
	image  Image
	client *http.Client
}

// address is the image's registry, and its name there.
func (p *pull) address() (*url.URL, string) {
	host, name := p.image.Registry(), strings.TrimPrefix(p.image.Repository, p.image.Registry()+"/")
	if host == "docker.io" {
		host, name = "registry-1.docker.io", strings.TrimPrefix(name, "index.docker.io/")
		if !strings.Contains(name, "/") {
			name = "library/" + name
		}
	}
	scheme := "https"
	// as containerd does
	bare, _, err := net.SplitHostPort(host)
	if err != nil {
		bare = host
	}
	if address := net.ParseIP(bare); bare == "localhost" || address.IsLoopback() {
		scheme = "http"
	}
	return &url.URL{Scheme: scheme, Host: host}, name
}

// try asks for the image's manifest as a node does, and returns the status of the answer.
func (p *pull) try(ctx context.Context) (int, error) {
	registry, name := p.address()
	manifest := registry.JoinPath("v2", name, "manifests", p.image.Tag)
	answer, err := p.ask(ctx, http.MethodHead, manifest, "")
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return status(answer), err
	}
	scheme, parameters := challenge(answer.Header.Get("WWW-Authenticate"))
	switch scheme {
	case "basic":
		answer, err = p.ask(ctx, http.MethodHead, manifest, basic)
		return status(answer), err
	case "bearer":
		return p.tryToken(ctx, registry, manifest, name, parameters)
	}
	return 0, nil
}

// tryToken does the same where a token has to be asked for.
func (p *pull) tryToken(ctx context.Context, registry, manifest *url.URL, name string, parameters map[string]string) (int, error) {
	realm, err := url.Parse(parameters["realm"])
	if err != nil || realm.Scheme != "https" && registry.Scheme == "https" {
		return 0, err // a password is not sent in the clear
	}
	query := realm.Query()
	query.Set("scope", "repository:"+name+":pull")
	if service := parameters["service"]; service != "" {
		query.Set("service", service)
	}
	realm.RawQuery = query.Encode()
	answer, err := p.ask(ctx, http.MethodGet, realm, basic)
	if err != nil || answer.StatusCode != http.StatusOK {
		return status(answer), err
	}
	var given struct {
		Token  string `json:"token"`
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.text, &given); err != nil {
		return 0, err
	}
	answer, err = p.ask(ctx, http.MethodHead, manifest, "Bearer "+cmp.Or(given.Token, given.Access))
	return status(answer), err
}

// basic stands for the user's own login.
const basic = "Basic"

type answered struct {
	*http.Response
	text []byte
}

func status(answer *answered) int {
	if answer == nil {
		return 0
	}
	return answer.StatusCode
}

func (p *pull) ask(ctx context.Context, method string, at *url.URL, authorization string) (*answered, error) {
	request, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", manifests+", application/json")
	switch authorization {
	case "":
	case basic:
		request.SetBasicAuth(p.image.RegistryUser, p.image.RegistryPassword)
	default:
		request.Header.Set("Authorization", authorization)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return &answered{response, text}, err
}

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// challenge reads how a registry wants to be asked.
func challenge(header string) (scheme string, parameters map[string]string) {
	scheme, rest, _ := strings.Cut(header, " ")
	parameters = map[string]string{}
	for _, found := range parameter.FindAllStringSubmatch(rest, -1) {
		parameters[found[1]] = found[2]
	}
	return strings.ToLower(scheme), parameters
}
