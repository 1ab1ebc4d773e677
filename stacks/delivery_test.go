package stacks

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// delivered is the demo with a way of delivery, after an update that left something.
func delivered(t *testing.T, mode delivery.Mode, last ...mocktest.Left) *mocktest.Recording {
	t.Helper()
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Delivery.Mode = mode
	t.Chdir("..")
	defer t.Chdir("stacks")
	return mocktest.World{Last: last}.Run(t, func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
}

// Whoever builds images need not be who delivers them.
func TestGitLabsRunnerGoesWithTheProgramsOwnDelivery(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Delivery.GitLabRunner.URL, cfg.Delivery.GitLabRunner.Token = "https://gitlab.iransre.ir", "glrt-"+mocktest.Generated
	recording := deployedWith(t, cfg)
	assert.Check(t, waitsFor(recording, "delivery-gitlab-release", "monitoring-crds"))
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	for _, resource := range recording.Resources {
		assert.Check(t, !waitsFor(recording, resource.Name, "delivery-gitlab-release") || strings.HasPrefix(resource.Name, "delivery"), resource.Name)
	}
}

func leftRelease(description string) mocktest.Left {
	return mocktest.Left{Type: chart.ReleaseType, Name: "exchange-release", Outputs: map[string]any{
		"name": "exchange", "namespace": "exchange", "description": description,
	}}
}

func TestTheExchangeChangesHands(t *testing.T) {
	assert.Check(t, !slices.ContainsFunc(delivered(t, delivery.Pulumi).Names(), func(name string) bool { return strings.HasPrefix(name, "delivery") }))
	first := delivered(t, delivery.GitHub)
	assert.Assert(t, !slices.Contains(first.Names(), "exchange-release"), "a new environment has none")
	assert.Assert(t, slices.Contains(first.Names(), "exchange-values"))

	ran := leftRelease("chart 1")
	over := delivered(t, delivery.GitHub, ran)
	assert.Assert(t, slices.Contains(over.Get(t, "exchange-release").IgnoreChanges, "values"))

	byOthers := mocktest.Left{Type: exchange.Type, Name: "exchange", Outputs: map[string]any{"delivery": "github"}}
	for _, left := range [][]mocktest.Left{{ran, byOthers}, {byOthers}} {
		back := delivered(t, delivery.Pulumi, left...).Get(t, "exchange-release")
		assert.Equal(t, len(back.IgnoreChanges), 0)
		assert.Check(t, strings.HasSuffix(back.Inputs["description"].StringValue(), "; again, because others delivered it"))
		assert.Check(t, !back.Inputs["atomic"].BoolValue())
	}
}

// Argo CD is told of the exchange when all is there that its pods need, and others are told where it is.
func TestArgoCDIsToldOfTheExchange(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Delivery.Mode, cfg.Delivery.GitOps.Repository = delivery.ByGit, "https://gitlab.iransre.ir/iransre/exchange-devops.git"
	recording := deployedWith(t, cfg)
	for _, first := range []string{"exchange-secret", "exchange-values", "postgres-release", "objectstore-release"} {
		assert.Check(t, waitsFor(recording, "delivery-application", first), first)
	}
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	t.Chdir("..")
	defer t.Chdir("stacks")
	mocktest.Run(t, func(ctx *pulumi.Context) error {
		parts, err := deployAgain(ctx, cfg)
		if err != nil {
			return err
		}
		told, err := contract(parts)
		_, where := told["argocd"]
		assert.Check(t, where)
		return err
	})
}

// The next update takes the version that runs, and since when, from what this one left.
func TestAnUpdateRemembersSinceWhenAVersionRuns(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	ran := cfg.Exchange.Image.Reference()
	left := mocktest.Left{Type: exchange.Type, Name: "exchange", Outputs: map[string]any{"delivery": "", "image": ran, "since": "2026-11-27T10:00:00Z"}}
	t.Chdir("..")
	defer t.Chdir("stacks")
	mocktest.World{Last: []mocktest.Left{leftRelease("chart 1"), left}}.Run(t, func(ctx *pulumi.Context) error {
		parts, err := deployAgain(ctx, cfg)
		if err != nil {
			return err
		}
		known, err := internals.UnsafeAwaitOutput(ctx.Context(), pulumi.All(parts.Exchange.Image, parts.Exchange.Since))
		assert.DeepEqual(t, known.Value, []any{ran, "2026-11-27T10:00:00Z"})
		return err
	})
}

// It is on the first control plane, and Prometheus is told to look at it.
func TestGitHubsRunnerIsOnTheFirstControlPlane(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Delivery.Mode, cfg.Delivery.Runner.Repository, cfg.Delivery.Runner.Token = delivery.GitHub, "iransre/exchange", mocktest.Generated+"-by-github"
	recording := deployedWith(t, cfg)
	made := recording.Get(t, "delivery-runner")
	first := cfg.Nodes.First(arvan.ControlPlane)
	settled := recording.Get(t, first+"-root-disk")
	assert.DeepEqual(t, mocktest.Plain(made.Inputs["connection"]), mocktest.Plain(settled.Inputs["connection"]))
	for _, needed := range []string{"exchange-secret", "exchange-values"} {
		assert.Check(t, waitsFor(recording, "delivery-runner", needed), needed)
	}
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	rules, err := json.Marshal(mocktest.Plain(recording.Get(t, "monitoring-alerts").Inputs["spec"]))
	assert.NilError(t, err)
	assert.Check(t, strings.Contains(string(rules), `"GitHubsRunnerIsAway"`))
}

// A grant may be for Argo CD's namespace, which the same update makes.
func TestAGrantWaitsForArgoCDsNamespace(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Delivery.Mode, cfg.Delivery.GitOps.Repository = delivery.ByGit, "https://gitlab.iransre.ir/iransre/exchange-devops.git"
	cfg.Kubernetes.Access = access.Config{{Name: "deliverer", Role: "view", Namespaces: []string{"argocd"}}}
	assert.Check(t, waitsFor(deployedWith(t, cfg), "access-deliverer-view-argocd", "delivery-namespace"))
}

// waitsFor tells whether a resource depends on another, be it by way of others.
func waitsFor(recording *mocktest.Recording, name, first string) bool {
	seen := map[string]bool{}
	var look func(string) bool
	look = func(name string) bool {
		for _, each := range recording.Resources {
			if each.Name != name || seen[name] {
				continue
			}
			seen[name] = true
			for _, next := range each.DependsOn {
				if next == first || look(next) {
					return true
				}
			}
		}
		return false
	}
	return look(name)
}
