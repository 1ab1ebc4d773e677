package stacks

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What a pipeline says runs apart from the platform, whether that is isolated or not.
func TestJobsOfPipelinesAreIsolatedInAnyCase(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	assert.Assert(t, !cfg.Network.Isolate)
	cfg.Delivery.GitLabRunner.URL, cfg.Delivery.GitLabRunner.Token = "https://gitlab.example", "glrt-"+mocktest.Generated
	recording := deployedWith(t, cfg)
	var isolated []string
	for _, policy := range recording.OfType("kubernetes:networking.k8s.io/v1:NetworkPolicy") {
		isolated = append(isolated, policy.Name)
	}
	assert.DeepEqual(t, isolated, []string{"delivery-gitlab-jobs-flows"})
	assert.Check(t, waitsFor(recording, "delivery-gitlab-release", "delivery-gitlab-jobs-flows"))
	// nor is a job that still runs when its namespace is deleted
	assert.Equal(t, recording.Get(t, "delivery-gitlab-jobs-flows").DeletedWith, "delivery-gitlab-jobs-namespace")
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
}

// A namespace that is added and forgotten in the table would be open to all, and could reach all.
func TestEachNamespaceIsIsolated(t *testing.T) {
	table, err := flows.Load()
	assert.NilError(t, err)
	for _, stack := range theStacks {
		cfg := withVIP(t, stack)
		cfg.Network.Isolate = true
		cfg.Delivery.Mode, cfg.Delivery.GitOps.Repository = delivery.ByGit, "https://gitlab.example/iransre/exchange-devops.git"
		cfg.Delivery.GitLabRunner.URL, cfg.Delivery.GitLabRunner.Token = "https://gitlab.example", "glrt-"+mocktest.Generated
		cfg.Certificates.Engine = certificates.CertManager
		recording := deployedWith(t, cfg)
		isolated := map[string]bool{}
		for _, policy := range recording.OfType("kubernetes:networking.k8s.io/v1:NetworkPolicy") {
			made := mocktest.Plain(resource.NewProperty(policy.Inputs)).(map[string]any)
			if metadata := made["metadata"].(map[string]any); metadata["name"] == "flows" {
				isolated[metadata["namespace"].(string)] = true
			}
		}
		for _, made := range recording.OfType("kubernetes:core/v1:Namespace") {
			name := made.Inputs["metadata"].ObjectValue()["name"].StringValue()
			assert.Check(t, isolated[name] || table.Others[name] != "", "%s: %s has no policy, and internal/flows/flows.yaml does not say why", stack, name)
		}
		assert.Check(t, len(isolated) > 5)
	}
}
