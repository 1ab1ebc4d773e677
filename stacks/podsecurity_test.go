package stacks

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// Each namespace whose pods may do more than "restricted" lets them stands in docs/edge.md with a reason, and no other does.
func TestPodsMayDoNoMoreThanThePageSays(t *testing.T) {
	page, err := os.ReadFile("../docs/edge.md")
	assert.NilError(t, err)
	said := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (privileged|baseline)\\b.* \\| .+ \\|$").FindAllStringSubmatch(string(page), -1) {
		said[row[1]] = row[2]
	}
	made := map[string]string{}
	for _, stack := range theStacks {
		cfg := withVIP(t, stack)
		cfg.Delivery.Mode, cfg.Delivery.GitOps.Repository = delivery.ByGit, "https://gitlab.example/iransre/exchange-devops.git"
		cfg.Delivery.GitLabRunner.URL, cfg.Delivery.GitLabRunner.Token = "https://gitlab.example", "glrt-"+mocktest.Generated
		cfg.Certificates.Engine = certificates.CertManager
		cfg.Kubernetes.Access = access.Config{{Name: "reader", Role: "view"}}
		names := []string{}
		for _, namespace := range deployedWith(t, cfg).OfType("kubernetes:core/v1:Namespace") {
			metadata := mocktest.Plain(resource.NewProperty(namespace.Inputs)).(map[string]any)["metadata"].(map[string]any)
			name, level := metadata["name"].(string), metadata["labels"].(map[string]any)["pod-security.kubernetes.io/enforce"]
			names = append(names, name)
			if level != chart.Restricted {
				assert.Check(t, made[name] == "" || made[name] == level)
				made[name], _ = level.(string)
			}
		}
		assert.Check(t, slices.Contains(names, "exchange") && len(names) > 7, "%s: %q", stack, names)
	}
	assert.DeepEqual(t, made, said)
}
