package stacks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func warningsOf(t *testing.T, cfg *Config) []string {
	t.Helper()
	said, err := warnings(cfg)
	assert.NilError(t, err)
	return said
}

// What prod refuses, demo may have, but not without a word.
func TestDemoIsWarnedOfWhatProdRefuses(t *testing.T) {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw[project+":cloud"] = `{"zone": "ir-thr-fr1", "adminCidrs": ["203.0.113.0/24", "0.0.0.0/1", "128.0.0.0/1", "::/0"]}`
	raw[project+":exchange"] = `{"host": "demo.iransre.ir", "image": {"repository": "ghcr.io/iransre/exchange", "tag": "latest"}}`
	cfg, err := Load(project, "demo", raw)
	assert.NilError(t, err)
	said := warningsOf(t, cfg)
	for _, wanted := range []string{
		"policy admin-ranges: cloud.adminCidrs[1] is 0.0.0.0/1: opens SSH and the Kubernetes API to everybody",
		"policy admin-ranges: cloud.adminCidrs[2] is 128.0.0.0/1", "policy admin-ranges: cloud.adminCidrs[3] is ::/0",
		"policy image-tag: exchange.image.tag is latest: is another image from one day to the next",
	} {
		assert.Check(t, slices.ContainsFunc(said, func(warning string) bool { return strings.HasPrefix(warning, wanted) }), "%q is not in %q", wanted, said)
	}
	assert.Equal(t, len(said), 4, "%q", said)
}

func TestTheStackFilesOfTheRepositoryOpenNothing(t *testing.T) {
	for _, stack := range theStacks {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		for _, warning := range warningsOf(t, cfg) {
			assert.Check(t, !strings.Contains(warning, "everybody"), warning)
		}
	}
}

// An exception lets prod be what it must not be, for a time, and is said at every update.
func TestAnExceptionHasAnEnd(t *testing.T) {
	raw := completed(t, "prod")
	raw[project+":cloud"] = `{"zone": "ir-thr-fr1", "adminCidrs": ["0.0.0.0/0"]}`
	except := func(until time.Time) {
		raw[project+":policy"] = `{"exceptions": [{"rule": "admin-ranges", "reason": "the office moves", "until": "` + until.Format(time.DateOnly) + `"}]}`
	}
	except(time.Now().AddDate(0, 0, 2))
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	assert.Assert(t, slices.ContainsFunc(warningsOf(t, cfg), func(said string) bool {
		return strings.HasPrefix(said, "policy admin-ranges: ") && strings.HasSuffix(said, ": the office moves")
	}))
	except(time.Now().AddDate(0, 0, -2))
	_, err = Load(project, "prod", raw)
	assert.ErrorContains(t, err, `cloud.adminCidrs[0]: Invalid value: "0.0.0.0/0": opens SSH and the Kubernetes API to everybody`)
	assert.ErrorContains(t, err, "(its exception ended on")
}
