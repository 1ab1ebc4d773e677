package exchange_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/exchange"
)

// registry has exchange:1.0.0 for robot; tokens tells whether it hands out tokens, as most do.
func registry(t *testing.T, tokens bool) *httptest.Server {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	known := func(r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		return user == "robot" && password == token
	}
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		if !known(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		given := "for " + r.URL.Query().Get("scope") + " at " + r.URL.Query().Get("service")
		_ = json.NewEncoder(w).Encode(map[string]string{"token": url.QueryEscape(given)})
	})
	mux.HandleFunc("HEAD /v2/{name}/manifests/{tag}", func(w http.ResponseWriter, r *http.Request) {
		allowed := known(r)
		if tokens {
			allowed = r.Header.Get("Authorization") == "Bearer "+url.QueryEscape("for repository:"+r.PathValue("name")+":pull at here")
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="here"`, server.URL))
		} else {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		}
		switch {
		case !allowed:
			w.WriteHeader(http.StatusUnauthorized)
		case r.PathValue("name") == "secret":
			w.WriteHeader(http.StatusForbidden)
		case r.PathValue("tag") != "1.0.0":
			w.WriteHeader(http.StatusNotFound)
		}
	})
	return server
}

func TestTheRegistryIsAskedBeforeTheNodesAre(t *testing.T) {
	for _, tokens := range []bool{true, false} {
		host := strings.TrimPrefix(registry(t, tokens).URL, "http://")
		for name, test := range map[string]struct {
			image exchange.Image
			says  string
		}{
			"right":          {exchange.Image{Repository: host + "/exchange", Tag: "1.0.0", RegistryUser: "robot", RegistryPassword: token}, ""},
			"wrong password": {exchange.Image{Repository: host + "/exchange", Tag: "1.0.0", RegistryUser: "robot", RegistryPassword: "hush"}, `does not let "robot" pull ` + host + `/exchange: it answers 401 Unauthorized; nothing was changed`},
			"no right":       {exchange.Image{Repository: host + "/secret", Tag: "1.0.0", RegistryUser: "robot", RegistryPassword: token}, "it answers 403 Forbidden"},
			"no such tag":    {exchange.Image{Repository: host + "/exchange", Tag: "1.0.1", RegistryUser: "robot", RegistryPassword: token}, host + " has no " + host + "/exchange:1.0.1"},
			"public":         {exchange.Image{Repository: host + "/exchange", Tag: "1.0.1"}, ""},
		} {
			err := test.image.CheckPull(t.Context())
			if test.says == "" {
				assert.NilError(t, err, name)
				continue
			}
			assert.ErrorContains(t, err, test.says, name)
			assert.Assert(t, !strings.Contains(err.Error(), test.image.RegistryPassword), name)
		}
	}
}

// From the machine that runs Pulumi the registry may be out of reach, or ill: the nodes' business.
func TestARegistryThatCannotBeAskedIsLeftToTheNodes(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(ill.Close)
	for _, at := range []string{closed.URL, ill.URL} {
		image := exchange.Image{Repository: strings.TrimPrefix(at, "http://") + "/exchange", Tag: "1.0.0", RegistryUser: "robot", RegistryPassword: token}
		assert.NilError(t, image.CheckPull(t.Context()))
	}
}
