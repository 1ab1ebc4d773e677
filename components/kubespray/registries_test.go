package kubespray

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

func withLogin(password string) *Args {
	args := demoArgs()
	args.RegistryMirrors = []RegistryMirror{
		{Registry: "docker.io", Mirrors: []string{"https://mirror.example:5000/v2/docker-hub"}},
		{Registry: "quay.io", Mirrors: []string{"https://open.example"}},
	}
	args.RegistryLogins = RegistryLogins{{Host: "mirror.example:5000", User: "robot", Password: password}}
	return args
}

func TestTheLoginOfAMirrorIsNamedAndKeptApart(t *testing.T) {
	const password, encoded = "the-password", "cm9ib3Q6dGhlLXBhc3N3b3Jk"
	rendered := renderedFor(t, withLogin(password), nil, "203.0.113.11")
	for _, f := range rendered.files {
		assert.Check(t, !strings.Contains(string(f.data), password) && !strings.Contains(string(f.data), encoded), f.path)
		if f.path == "inventory/group_vars/all/all.yml" {
			assert.Equal(t, strings.Count(string(f.data), "Authorization: '{{ registry_logins[''mirror.example:5000''] }}'"), 1, string(f.data))
		}
	}
	secrets, err := withLogin(password).RegistryLogins.secrets()
	assert.NilError(t, err)
	assert.Equal(t, secrets[0].path, "registry_logins.json")
	assert.DeepEqual(t, value(t, secrets[0].data), value(t, protocol(t, "registry_logins.json")))

	for name, inputs := range register(t, withLogin(password), nil) {
		text := fmt.Sprint(mocktest.Plain(resource.NewProperty(inputs.Inputs)))
		assert.Check(t, !strings.Contains(text, password) && !strings.Contains(text, encoded), name)
	}
}

// The shape lies in the open: who reads it must not be able to try passwords out.
func TestLoginsAreSealed(t *testing.T) {
	seal := func(key, password string) string {
		secrets, err := withLogin(password).RegistryLogins.secrets()
		assert.NilError(t, err)
		return sealed(key, secrets)
	}
	assert.Assert(t, seal("key", "one") != seal("key", "other"), "another password reaches the nodes")
	assert.Assert(t, seal("key", "one") != seal("another key", "one"))
	assert.Equal(t, sealed("key", nil), "")

	args := withLogin("one")
	known := resolvedFor(args, nil, "203.0.113.11")
	shapeWith := func(logins string) string {
		known.logins = logins
		shape, err := args.shapeOf(known)
		assert.NilError(t, err)
		return shape.Hash
	}
	assert.Assert(t, shapeWith("a") != shapeWith("b"))
	assert.Equal(t, shapeWith(""), func() string { args.RegistryLogins[0].Password = "other"; return shapeWith("") }())
}

func TestMirrorsThatCannotBeRead(t *testing.T) {
	args := demoArgs()
	args.RegistryMirrors = []RegistryMirror{{Registry: "docker.io", Mirrors: []string{"https://robot:hu/sh@mirror.example"}}}
	_, err := args.complete()
	assert.ErrorContains(t, err, "mirrors.registries[docker.io]: Invalid value: must be the mirror's address")
	assert.Assert(t, !is.Contains(err.Error(), "hu/sh")().Success())
}
