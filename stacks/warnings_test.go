package stacks

import (
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// What prod refuses, demo may have, but not without a word.
func TestDemoIsWarnedOfWhatProdRefuses(t *testing.T) {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw[project+":cloud"] = `{"zone": "ir-thr-fr1", "adminCidrs": ["203.0.113.0/24", "0.0.0.0/1", "128.0.0.0/1", "::/0"]}`
	raw[project+":exchange"] = `{"host": "demo.iransre.ir", "image": {"repository": "ghcr.io/iransre/exchange", "tag": "latest"}}`
	cfg, err := Load(project, "demo", raw)
	assert.NilError(t, err)
	said := warnings(cfg)
	for _, wanted := range []string{
		"cloud.adminCidrs has 0.0.0.0/1: SSH and the Kubernetes API are open to everybody", "cloud.adminCidrs has 128.0.0.0/1", "cloud.adminCidrs has ::/0",
		`exchange.image.tag "latest" is another image from one day to the next`,
	} {
		assert.Check(t, slices.ContainsFunc(said, func(warning string) bool { return strings.HasPrefix(warning, wanted) }), "%q is not in %q", wanted, said)
	}
	assert.Equal(t, len(said), 4, "%q", said)
}

func TestTheStackFilesOfTheRepositoryOpenNothing(t *testing.T) {
	for _, stack := range theStacks {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		for _, warning := range warnings(cfg) {
			assert.Check(t, !strings.Contains(warning, "everybody"), warning)
		}
	}
}
