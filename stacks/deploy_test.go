package stacks

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// theStacks are the stack files of the repository.
var theStacks = []string{"demo", "prod"}

func deployed(t *testing.T, stack string) *mocktest.Recording {
	t.Helper()
	cfg, err := Load(project, stack, completed(t, stack))
	assert.NilError(t, err)
	return deployedWith(t, cfg)
}

func deployedWith(t *testing.T, cfg *Config) *mocktest.Recording {
	t.Helper()
	t.Chdir("..") // where Pulumi runs the program, and the exchange's chart is found
	defer t.Chdir("stacks")
	return mocktest.Run(t, func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
}

// deployAgain is what an update does once it has read its stack file.
func deployAgain(ctx *pulumi.Context, cfg *Config) (*platform, error) {
	last, err := recall(ctx)
	if err != nil {
		return nil, err
	}
	return deploy(ctx, cfg, last)
}

func TestTheStacksGraphs(t *testing.T) {
	for _, stack := range theStacks {
		golden.Assert(t, deployed(t, stack).Graph(), stack+".graph.txt")
	}
}

// What production keeps, and nothing else: nodes come and go, and commands and charts are made anew.
func TestWhatProdProtects(t *testing.T) {
	var protected []string
	for _, each := range deployed(t, "prod").Resources {
		if each.Protect {
			protected = append(protected, each.Type+" "+each.Name)
		}
	}
	golden.Assert(t, strings.Join(protected, "\n")+"\n", "prod.protected.txt")
	for _, each := range deployed(t, "demo").Resources {
		assert.Assert(t, !each.Protect, "demo protects %s", each.Name)
	}
}

// The name leads to every control plane, and whoever uses the cluster waits until it does.
func TestTheAPIsNameLeadsToEveryControlPlane(t *testing.T) {
	recording := deployed(t, "prod")
	record := mocktest.Plain(resource.NewProperty(recording.Get(t, "kubernetes-api-record").Inputs)).(map[string]any)
	assert.Equal(t, record["name"], "k8s")
	assert.Equal(t, record["cloud"], false)
	assert.Equal(t, len(record["addresses"].([]any)), 3)
	assert.Assert(t, slices.Contains(recording.Get(t, "kubernetes").DependsOn, "kubernetes-api-record"))
}

func TestWithoutANameTheAPIIsAtTheFirstControlPlane(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Kubernetes.APIHost = ""
	assert.Assert(t, !slices.Contains(deployedWith(t, cfg).Names(), "kubernetes-api-record"))
}

// With default providers disabled, a resource without one of its own fails only on a real run.
func TestEveryResourceHasItsProvider(t *testing.T) {
	for _, stack := range theStacks {
		for _, each := range deployed(t, stack).Resources {
			if each.Custom && !strings.HasPrefix(each.Type, "pulumi:") {
				assert.Assert(t, each.Provider != "", "%s: %s %s has no provider of its own", stack, each.Type, each.Name)
			}
		}
	}
}

func TestNoSecretLeavesItsPlace(t *testing.T) {
	for _, stack := range theStacks {
		assert.DeepEqual(t, deployed(t, stack).SecretsOutside(), []string(nil))
	}
}

// Releases that need nothing of each other are installed at the same time, also those of one component. All may wait for the
// kinds of monitoring's custom resources; which others wait for what is said here.
func TestReleasesWaitOnlyForWhatTheyNeed(t *testing.T) {
	needs := map[string][]string{
		"exchange-release":                {"objectstore-release", "postgres-operator-backup-plugin", "postgres-operator-release", "postgres-proxy"},
		"logging-collector-release":       {"logging-operator-release"},
		"postgres-operator-backup-plugin": {"postgres-operator-release"},
		"postgres-proxy":                  {"postgres-operator-backup-plugin", "postgres-operator-release"},
	}
	recording := deployed(t, "prod")
	for _, release := range recording.OfType(mocktest.ReleaseType) {
		waits := slices.DeleteFunc(recording.Waits(t, release.Name, mocktest.ReleaseType), func(name string) bool { return name == "monitoring-crds" })
		assert.Check(t, slices.Equal(waits, needs[release.Name]), "%s waits for %v, not %v", release.Name, waits, needs[release.Name])
	}
}

func TestServersAreMadeFromTheZonesImage(t *testing.T) {
	servers := deployed(t, "demo").OfType("arvancloud:iaas:Server")
	assert.Assert(t, len(servers) > 0)
	for _, server := range servers {
		assert.Assert(t, cmp.Regexp("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", server.Inputs["imageId"].StringValue()), server.Name)
	}
}

func TestTheDataPathIsWhereVolumesLie(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Kubernetes.DataPath = "/data/local-path"
	var left struct {
		State struct {
			Shape struct{ Variables map[string]string }
		}
	}
	assert.NilError(t, json.Unmarshal([]byte(stateOf(t, deployedWith(t, cfg))), &left))
	assert.Equal(t, left.State.Shape.Variables["local_path_provisioner_claim_root"], `"/data/local-path"`)
}
