package exchange_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// token is what the registry wants to see; nobody but the Secret may have it.
const token = mocktest.Generated + "-by-the-registry"

func withLogin(repository string) func(*exchange.Args) {
	return func(args *exchange.Args) {
		args.Config.Image.Repository = repository
		args.Config.Image.RegistryUser, args.Config.Image.RegistryPassword = "robot", token
	}
}

func TestAPrivateImageIsPulledWithItsLogin(t *testing.T) {
	for repository, registry := range map[string]string{
		"registry.iransre.ir:5000/exchange": "registry.iransre.ir:5000",
		"ghcr.io/iransre/exchange":          "ghcr.io",
		"localhost/exchange":                "localhost",
		"iransre/exchange":                  "https://index.docker.io/v1/",
		"docker.io/iransre/exchange":        "https://index.docker.io/v1/",
	} {
		t.Run(repository, func(t *testing.T) {
			r := mocktest.Run(t, program(withLogin(repository), nil))
			secret := r.Get(t, "exchange-registry")
			assert.Equal(t, secret.Inputs["type"].StringValue(), "kubernetes.io/dockerconfigjson")
			assert.Assert(t, secret.Inputs["stringData"].IsSecret())
			var file struct {
				Auths map[string]struct{ Username, Password, Auth string }
			}
			text := mocktest.Plain(opened(secret.Inputs["stringData"])).(map[string]any)[".dockerconfigjson"].(string)
			assert.NilError(t, json.Unmarshal([]byte(text), &file))
			assert.Equal(t, len(file.Auths), 1)
			assert.Equal(t, file.Auths[registry].Username, "robot")
			assert.Equal(t, file.Auths[registry].Password, token)

			assert.DeepEqual(t, valuesOf(t, r)["image"].(map[string]any)["pullSecrets"], []any{"exchange-registry"})
			assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
			values, err := json.Marshal(valuesOf(t, r))
			assert.NilError(t, err)
			assert.Assert(t, !strings.Contains(string(values), token))
		})
	}
}

func TestAPublicImageNeedsNoSecret(t *testing.T) {
	r := mocktest.Run(t, program(nil, nil))
	for _, name := range r.Names() {
		assert.Assert(t, name != "exchange-registry")
	}
	_, set := valuesOf(t, r)["image"].(map[string]any)["pullSecrets"]
	assert.Assert(t, !set)
}
