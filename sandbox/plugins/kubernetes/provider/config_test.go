package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

type values = map[string]property.Value

const providerURN = resource.URN("urn:pulumi:demo::exchange::pulumi:providers:kubernetes::cluster")

func newServer(t *testing.T) integration.Server {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "kubernetes", semver.MustParse("4.33.0"), integration.WithProvider(New("4.33.0")))
	assert.NilError(t, err)
	return server
}

// configuredServer is configured for the cluster of a kubeconfig.
func configuredServer(t *testing.T, config values) integration.Server {
	t.Helper()
	server := newServer(t)
	assert.NilError(t, server.Configure(p.ConfigureRequest{Args: property.NewMap(config)}))
	return server
}

// unreachable is the kubeconfig of a cluster that is not there.
func unreachable(address, token string) property.Value {
	return property.New(fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: it
contexts: [{name: it, context: {cluster: it, user: admin, namespace: default}}]
clusters: [{name: it, cluster: {server: "https://%s"}}]
users: [{name: admin, user: {token: %s}}]
`, address, token))
}

func TestDiffConfigTellsAnotherClusterFromAnotherLogin(t *testing.T) {
	unknown := property.New(property.Computed)
	named := func(name string) property.Value { return property.New(name) }
	base := unreachable("127.0.0.1:1", "old")
	for name, test := range map[string]struct {
		old, new values
		replaces string
		changes  bool
	}{
		"nothing": {old: values{"kubeconfig": base}, new: values{"kubeconfig": base}},
		"another login": {
			old: values{"kubeconfig": base}, new: values{"kubeconfig": unreachable("127.0.0.1:1", "new")}, changes: true,
		},
		"another server": {
			old: values{"kubeconfig": base}, new: values{"kubeconfig": unreachable("127.0.0.2:1", "old")},
			changes: true, replaces: "kubeconfig",
		},
		"unknown": {
			old: values{"kubeconfig": base}, new: values{"kubeconfig": unknown}, changes: true, replaces: "kubeconfig",
		},
		"unknown, but said to be the same": {
			old: values{"kubeconfig": base, identifier: named("demo")}, changes: true,
			new: values{"kubeconfig": unknown, identifier: named("demo")},
		},
		"another server, but said to be the same": {
			old: values{"kubeconfig": base, identifier: named("demo")}, changes: true,
			new: values{"kubeconfig": unreachable("127.0.0.2:1", "old"), identifier: named("demo")},
		},
		"said to be another one": {
			old: values{"kubeconfig": base, identifier: named("demo")}, changes: true, replaces: "clusterIdentifier",
			new: values{"kubeconfig": base, identifier: named("prod")},
		},
		"now said to be one": {
			old: values{"kubeconfig": base}, new: values{"kubeconfig": base, identifier: named("demo")}, changes: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			diff, err := newServer(t).DiffConfig(p.DiffRequest{
				Urn: providerURN, State: property.NewMap(test.old), OldInputs: property.NewMap(test.old), Inputs: property.NewMap(test.new),
			})
			assert.NilError(t, err)
			assert.Equal(t, diff.HasChanges, test.changes)
			var replaces []string
			for name, change := range diff.DetailedDiff {
				if change.Kind == p.UpdateReplace || change.Kind == p.AddReplace || change.Kind == p.DeleteReplace {
					replaces = append(replaces, name)
				}
			}
			assert.Equal(t, strings.Join(replaces, " "), test.replaces)
		})
	}
}

func TestCheckConfigRefusesWhatIsNotSupported(t *testing.T) {
	checked, err := newServer(t).CheckConfig(p.CheckRequest{
		Urn: providerURN, Inputs: property.NewMap(values{"renderYamlToDirectory": property.New("out")}),
	})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 1)
}

func TestUnreachableCluster(t *testing.T) {
	namespace := property.NewMap(values{
		"apiVersion": property.New("v1"), "kind": property.New("Namespace"),
		"metadata": property.New(values{"name": property.New("web")}),
	})
	urn := resource.URN("urn:pulumi:demo::exchange::kubernetes:core/v1:Namespace::web")

	t.Run("a preview needs none", func(t *testing.T) {
		server := configuredServer(t, values{"kubeconfig": unreachable("127.0.0.1:1", "t")})
		checked, err := server.Check(p.CheckRequest{Urn: urn, Inputs: namespace})
		assert.NilError(t, err)
		created, err := server.Create(p.CreateRequest{Urn: urn, Properties: checked.Inputs, DryRun: true})
		assert.NilError(t, err)
		assert.Assert(t, property.New(created.Properties).Equals(property.New(checked.Inputs)))
	})
	t.Run("an update fails", func(t *testing.T) {
		server := configuredServer(t, values{"kubeconfig": unreachable("127.0.0.1:1", "t")})
		_, err := server.Create(p.CreateRequest{Urn: urn, Properties: namespace})
		assert.ErrorContains(t, err, "configured Kubernetes cluster is unreachable")
		assert.ErrorContains(t, err, "127.0.0.1:1")
		_, err = server.Read(p.ReadRequest{Urn: urn, ID: "web", Properties: namespace})
		assert.ErrorContains(t, err, "PULUMI_K8S_DELETE_UNREACHABLE")
		assert.ErrorContains(t, server.Delete(p.DeleteRequest{Urn: urn, ID: "web", Properties: namespace}), "PULUMI_K8S_DELETE_UNREACHABLE")
	})
	t.Run("its resources can be given up", func(t *testing.T) {
		server := configuredServer(t, values{
			"kubeconfig": unreachable("127.0.0.1:1", "t"), "deleteUnreachable": property.New(true),
		})
		read, err := server.Read(p.ReadRequest{Urn: urn, ID: "web", Properties: namespace})
		assert.NilError(t, err)
		assert.Equal(t, read.ID, "")
		assert.NilError(t, server.Delete(p.DeleteRequest{Urn: urn, ID: "web", Properties: namespace}))
	})
	// the official plugin (v4.33): Delete in provider.go asks for releases before it looks at the switch, Read after
	t.Run("releases can be given up by a refresh only", func(t *testing.T) {
		server := configuredServer(t, values{
			"kubeconfig": unreachable("127.0.0.1:1", "t"), "deleteUnreachable": property.New(true),
		})
		release := resource.URN("urn:pulumi:demo::exchange::kubernetes:helm.sh/v3:Release::web")
		properties := property.NewMap(values{"name": property.New("web"), "namespace": property.New("web")})
		err := server.Delete(p.DeleteRequest{Urn: release, ID: "web/web", Properties: properties})
		assert.ErrorContains(t, err, "can't delete Helm Release with unreachable cluster. Reason: ")
		read, err := server.Read(p.ReadRequest{Urn: release, ID: "web/web", Properties: properties})
		assert.NilError(t, err)
		assert.Equal(t, read.ID, "")
	})
	t.Run("nor is a kubeconfig that is none", func(t *testing.T) {
		server := configuredServer(t, values{"kubeconfig": property.New("{")})
		_, err := server.Create(p.CreateRequest{Urn: urn, Properties: namespace})
		assert.ErrorContains(t, err, "failed to parse kubeconfig")
	})
}

func TestObjectsAreNamedAndComplete(t *testing.T) {
	server := configuredServer(t, values{"kubeconfig": unreachable("127.0.0.1:1", "t"), "namespace": property.New("web")})
	urn := resource.URN("urn:pulumi:demo::exchange::kubernetes:core/v1:Secret::login")
	checked, err := server.Check(p.CheckRequest{Urn: urn, Inputs: property.NewMap(values{
		"stringData": property.New(values{"password": property.New("x")}).WithSecret(true),
	})})
	assert.NilError(t, err)
	metadata := checked.Inputs.Get("metadata").AsMap()
	assert.Assert(t, cmp.Regexp("^login-[0-9a-f]{8}$", metadata.Get("name").AsString()))
	assert.Equal(t, metadata.Get("namespace").AsString(), "web")
	assert.Equal(t, checked.Inputs.Get("kind").AsString(), "Secret")
	data := checked.Inputs.Get("data")
	assert.Assert(t, data.Secret())
	assert.Equal(t, data.AsMap().Get("password").AsString(), "eA==", "as the server keeps it")
	assert.Assert(t, checked.Inputs.Get("stringData").IsNull())

	again, err := server.Check(p.CheckRequest{Urn: urn, State: checked.Inputs, Inputs: property.NewMap(values{})})
	assert.NilError(t, err)
	assert.Assert(t, again.Inputs.Get("metadata").Equals(checked.Inputs.Get("metadata")), "the name stays")
}

func TestUnknownInputs(t *testing.T) {
	server := configuredServer(t, values{"kubeconfig": unreachable("127.0.0.1:1", "t")})
	urn := resource.URN("urn:pulumi:demo::exchange::kubernetes:apps/v1:Deployment::web")
	unknown := property.New(property.Computed)
	inputs := property.NewMap(values{
		"apiVersion": property.New("apps/v1"), "kind": property.New("Deployment"),
		"metadata": property.New(values{"namespace": unknown, "annotations": property.New(values{"checksum": unknown})}),
		"spec":     property.New(values{"replicas": unknown}),
	})
	checked, err := server.Check(p.CheckRequest{Urn: urn, Inputs: inputs})
	assert.NilError(t, err)
	metadata := checked.Inputs.Get("metadata").AsMap()
	assert.Assert(t, metadata.Get("namespace").IsComputed() && metadata.Get("annotations").AsMap().Get("checksum").IsComputed())
	created, err := server.Create(p.CreateRequest{Urn: urn, Properties: checked.Inputs, DryRun: true})
	assert.NilError(t, err)
	assert.Assert(t, created.Properties.Get("spec").AsMap().Get("replicas").IsComputed())

	old := checked.Inputs.Set("spec", property.New(values{"replicas": property.New(1.0)}))
	diff, err := server.Diff(p.DiffRequest{
		Urn: urn, ID: "web/web", State: old.Set("__inputs", property.New(old)), Inputs: checked.Inputs,
	})
	assert.NilError(t, err)
	assert.Equal(t, diff.DetailedDiff["spec.replicas"].Kind, p.Update)
}

func TestWhatIsNotSupportedIsRefused(t *testing.T) {
	server := configuredServer(t, values{"kubeconfig": unreachable("127.0.0.1:1", "t")})
	_, err := server.Check(p.CheckRequest{Urn: "urn:pulumi:demo::exchange::kubernetes:core/v1:NamespacePatch::web"})
	assert.ErrorContains(t, err, "Patch")
	_, err = server.Check(p.CheckRequest{Urn: "urn:pulumi:demo::exchange::kubernetes:core/v1:PodList::web"})
	assert.ErrorContains(t, err, "list resources")
	checked, err := server.Check(p.CheckRequest{
		Urn: "urn:pulumi:demo::exchange::kubernetes:core/v1:Pod::web",
		Inputs: property.NewMap(values{"metadata": property.New(values{
			"annotations": property.New(values{"pulumi.com/waitFor": property.New("condition=Ready")}),
		})}),
	})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 1)
}
