package stacks

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/refusals"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Each unsafe edit is refused with the message that docs/cluster.md shows. That nothing is touched in a running cluster is
// shown in sandbox/e2e.
func TestUnsafeEditsAreRefused(t *testing.T) {
	table, err := refusals.All()
	assert.NilError(t, err)
	prod, err := os.ReadFile("../Pulumi.prod.yaml")
	assert.NilError(t, err)
	base := edited(t, prod, table.Base)
	cfg, err := Load(project, "prod", stackFile(t, base))
	assert.NilError(t, err)
	running := leftBy(t, "prod", cfg)

	for _, refusal := range table.Refused {
		if refusal.By != refusals.Program {
			continue
		}
		t.Run(refusal.Edit, func(t *testing.T) {
			text, err := os.ReadFile(base)
			assert.NilError(t, err)
			err = judged(t, edited(t, text, refusal.Changes), running)
			assert.Assert(t, err != nil, "accepted")
			assert.Assert(t, strings.Contains(err.Error(), "nothing was"), "it does not say that nothing was touched: %v", err)
			assert.DeepEqual(t, reasons(err), refusal.Says)
		})
	}
}

// For each key that says that it is refused, there is an edit that is.
func TestEveryKeyThatCannotChangeHasItsRefusal(t *testing.T) {
	table, err := refusals.All()
	assert.NilError(t, err)
	var tried []string
	for _, refusal := range table.Refused {
		for _, change := range refusal.Changes {
			tried = append(tried, change.Set)
		}
	}
	for _, path := range settings.RefusedPaths(Defaults(settings.Prod)) {
		assert.Check(t, slices.Contains(tried, path), "internal/refusals/refusals.yaml has no edit of %s", path)
	}
}

// Its machines, their keys and the cluster are named after the stack.
func TestAnotherNameOfTheStackIsRefused(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	err = refuse("staging", cfg, &memory{name: "demo", cluster: "{}"})
	assert.ErrorContains(t, err, `refused, nothing was touched:`)
	assert.ErrorContains(t, err, `the stack cannot change its name from "demo" to "staging"`)
	assert.ErrorContains(t, err, "pulumi stack rename demo")
}

// What earlier versions left among the stack's public outputs counts until an update has left it elsewhere.
func TestTheMemoryOfEarlierVersionsCounts(t *testing.T) {
	last := &memory{cluster: "{}"}
	const urn = "urn:pulumi:demo::exchange-platform::"
	assert.NilError(t, last.take(urn+"pulumi:pulumi:Stack::exchange-platform-demo", "pulumi:pulumi:Stack", map[string]any{
		"settled": map[string]any{"cloud.zone": "ir-thr-fr1"},
		"access":  map[string]any{"reader": map[string]any{"issued": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z", "renewals": 2}},
	}))
	assert.NilError(t, last.take(urn+arvan.MachinesType+"::demo", arvan.MachinesType, nil))
	assert.NilError(t, last.take(urn+kubespray.ClusterType+"::demo-cluster", kubespray.ClusterType, map[string]any{"state": `{"state":null}`}))
	assert.Equal(t, last.name, "demo")
	assert.Equal(t, last.cluster, `{"state":null}`)
	assert.Equal(t, last.tokens["reader"].Renewals, 2)
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Cloud.Zone = "ir-thr-ba1"
	assert.ErrorContains(t, refuse("demo", cfg, last), `cloud.zone cannot change from "ir-thr-fr1" to "ir-thr-ba1"`)
}

// judged is what the program says of a stack file before it registers anything.
func judged(t *testing.T, path string, running *memory) error {
	t.Helper()
	cfg, err := Load(project, "prod", stackFile(t, path))
	if err != nil {
		return err
	}
	return refuse("prod", cfg, running)
}

// reasons are the lines below the first one, without what makes a list of them.
func reasons(err error) []string {
	var lines []string
	for _, line := range strings.Split(err.Error(), "\n")[1:] {
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return lines
}

// leftBy is what an update of that configuration leaves for the next one.
func leftBy(t *testing.T, stack string, cfg *Config) *memory {
	t.Helper()
	recording := deployedWith(t, cfg)
	left := &memory{name: stack, cluster: stateOf(t, recording), settled: settings.Settled(cfg), machines: arvan.Running{}, data: arvan.Data{}}
	for _, each := range append(leftOf(recording, arvan.ServerType), leftOf(recording, arvan.VolumeType)...) {
		assert.NilError(t, left.take("urn:pulumi:prod::exchange-platform::"+each.Type+"::"+each.Name, each.Type, each.Outputs))
	}
	return left
}

func edited(t *testing.T, text []byte, changes []refusals.Change) string {
	t.Helper()
	changed, err := refusals.Apply(text, changes...)
	assert.NilError(t, err)
	path := filepath.Join(t.TempDir(), "Pulumi.prod.yaml")
	assert.NilError(t, os.WriteFile(path, changed, 0o600))
	return path
}

// stateOf is what an update of these resources would have left: the cluster as the uploaded bundle wants it.
func stateOf(t *testing.T, recording *mocktest.Recording) string {
	t.Helper()
	packed := recording.Get(t, mocktest.Stack+"-cluster-bundle").Inputs["stdin"].SecretValue().Element.StringValue()
	for files := tar.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed))); ; {
		header, err := files.Next()
		assert.Assert(t, !errors.Is(err, io.EOF), "the bundle has no wanted.json")
		assert.NilError(t, err)
		if header.Name != "wanted.json" {
			continue
		}
		shape, err := io.ReadAll(files)
		assert.NilError(t, err)
		state, err := json.Marshal(map[string]any{"state": map[string]any{"revision": 1, "shape": json.RawMessage(shape)}})
		assert.NilError(t, err)
		return string(state)
	}
}

// What switches off no two machines of a quorum is not refused, and nothing is while no cluster stands.
func TestMachinesMayBeResizedOneAfterTheOther(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(*Config)
		noCluster bool
	}{
		"one control plane and one worker": {change: func(c *Config) { c.Nodes[1].Plan, c.Nodes[4].DiskGiB = "g2-16-8-0", 300 }},
		"the bastion and a control plane":  {change: func(c *Config) { c.Nodes[0].Plan, c.Nodes[3].DiskGiB = "g2-8-4-0", 80 }},
		"two workers, forced": {change: func(c *Config) {
			c.Nodes[4].DiskGiB, c.Nodes[5].DiskGiB, c.Kubernetes.Force = 300, 300, true
		}},
		"all control planes, before there is a cluster": {noCluster: true, change: func(c *Config) {
			c.Nodes[1].DiskGiB, c.Nodes[2].DiskGiB, c.Nodes[3].DiskGiB = 80, 80, 80
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(project, "prod", completed(t, "prod"))
			assert.NilError(t, err)
			last := leftBy(t, "prod", cfg)
			if test.noCluster {
				last.cluster = "{}"
			}
			test.change(cfg)
			assert.NilError(t, refuse("prod", cfg, last))
		})
	}
}

// What a machine runs counts, not what new ones are made from.
func TestTheRunnersPythonIsJudgedByTheSystemItHas(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	running := leftBy(t, "prod", cfg)
	cfg.Cloud.Image.Version = "22.04"
	assert.ErrorContains(t, refuse("prod", cfg, &memory{cluster: "{}"}),
		"arvan-prod-b1, on which Ansible runs, has Python 3.10 with ubuntu 22.04, and Kubespray v2.31.0 needs 3.11 or newer there")
	assert.NilError(t, refuse("prod", cfg, running))
}

// What a machine's command printed is who may log in there; what other commands print is nobody's key.
func TestTheKeysThatWereLetInAreRemembered(t *testing.T) {
	last := &memory{adminKeys: arvan.AdminKeys{}}
	for name, printed := range map[string]string{"arvan-k8s-w1-admin-keys": "[\"ssh-ed25519 AAAA alice\"]\n", "demo-cluster-run": "done"} {
		const token = "command:remote:Command"
		assert.NilError(t, last.take("urn:pulumi:demo::exchange-platform::"+token+"::"+name, token, map[string]any{"stdout": printed}))
	}
	assert.DeepEqual(t, last.adminKeys, arvan.AdminKeys{"arvan-k8s-w1": {"ssh-ed25519 AAAA alice"}})
}

// A machine that the cloud had no room for is made anew, so that nothing of how it was asked for binds the next one.
func TestAServerThatFailedIsNoneThatRuns(t *testing.T) {
	last := &memory{machines: arvan.Running{}, groups: arvan.Groups{}}
	for name, status := range map[string]string{"arvan-prod-w1": "ACTIVE", "arvan-prod-w5": "ERROR"} {
		assert.NilError(t, last.take("urn:pulumi:prod::exchange-platform::"+arvan.ServerType+"::"+name, arvan.ServerType,
			map[string]any{"planId": "g2-16-8-0", "serverGroupId": "group", "status": status}))
	}
	assert.NilError(t, last.take("urn:pulumi:prod::exchange-platform::"+arvan.GroupType+"::prod-workers-apart", arvan.GroupType,
		map[string]any{"serverGroupId": "group", "policy": "anti-affinity"}))
	assert.DeepEqual(t, last.machines, arvan.Running{"arvan-prod-w1": {Plan: "g2-16-8-0", Group: "group", Status: "ACTIVE"}})
	assert.DeepEqual(t, last.groups, arvan.Groups{"prod-workers-apart": {ID: "group", Policy: "anti-affinity"}})
}
