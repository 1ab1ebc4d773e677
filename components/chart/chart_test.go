package chart_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// install runs a program with an Installer whose provider is named "cluster".
func install(t *testing.T, installer chart.Installer, program func(*pulumi.Context, *chart.Installer) error) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := kubernetes.NewProvider(ctx, "cluster", &kubernetes.ProviderArgs{})
		if err != nil {
			return err
		}
		installer.Provider = provider
		return program(ctx, &installer)
	})
}

func release(t *testing.T, installer chart.Installer, args *chart.ReleaseArgs) *mocktest.Resource {
	t.Helper()
	return install(t, installer, func(ctx *pulumi.Context, i *chart.Installer) error {
		_, err := i.Release(ctx, "it", args)
		return err
	}).Get(t, "it")
}

func TestReleaseIsInterchangeableWithTheSDKs(t *testing.T) {
	it := release(t, chart.Installer{}, &chart.ReleaseArgs{
		Entry: "minio", Namespace: pulumi.String("objectstore"), Values: pulumi.Map{"replicas": pulumi.Int(1)}, Atomic: true,
	})
	assert.Equal(t, it.Type, "kubernetes:helm.sh/v3:Release")
	assert.Equal(t, it.Version, "4.33.0")
	assert.Equal(t, it.Provider, "cluster")
	assert.DeepEqual(t, mocktest.Plain(resource.NewProperty(it.Inputs)), map[string]any{
		"chart": "minio", "repositoryOpts": map[string]any{"repo": "https://charts.min.io"}, "version": "5.4.0",
		"name": "minio", "namespace": "objectstore", "values": map[string]any{"replicas": 1.0},
		"atomic": true, "cleanupOnFail": true, "compat": "true", "createNamespace": false, "maxHistory": 5.0,
		"skipAwait": false, "timeout": 600.0,
	})
}

func TestMirrorReplacesTheSource(t *testing.T) {
	for name, test := range map[string]struct{ entry, mirror, chart, repository string }{
		"http repository as is":    {"minio", "", "minio", "https://charts.min.io"},
		"oci registry as is":       {"postgresql", "", "oci://registry-1.docker.io/bitnamicharts/postgresql", ""},
		"http mirror":              {"postgresql", "http://mirror.test/charts/", "postgresql", "http://mirror.test/charts"},
		"oci mirror":               {"minio", "oci://mirror.test/charts", "oci://mirror.test/charts/minio", ""},
		"absolute folder":          {"minio", "/srv/charts", "/srv/charts/minio-5.4.0.tgz", ""},
		"relative folder":          {"minio", "mirror/charts", "./mirror/charts/minio-5.4.0.tgz", ""},
		"relative folder with dot": {"minio", "../charts", "../charts/minio-5.4.0.tgz", ""},
	} {
		t.Run(name, func(t *testing.T) {
			it := release(t, chart.Installer{Mirror: test.mirror}, &chart.ReleaseArgs{Entry: test.entry, Namespace: pulumi.String("x")})
			assert.Equal(t, it.Inputs["chart"].StringValue(), test.chart)
			repository := ""
			if opts, ok := it.Inputs["repositoryOpts"]; ok {
				repository = opts.ObjectValue()["repo"].StringValue()
			}
			assert.Equal(t, repository, test.repository)
			assert.Assert(t, it.Inputs.HasValue("version"))
		})
	}
}

func TestReleaseOfOwnChart(t *testing.T) {
	folder := t.TempDir()
	description := func() string {
		it := release(t, chart.Installer{Mirror: "https://mirror.test"}, &chart.ReleaseArgs{
			Path: folder, Name: "exchange", Namespace: pulumi.String("exchange"),
		})
		assert.Equal(t, it.Inputs["chart"].StringValue(), folder)
		assert.Assert(t, !it.Inputs.HasValue("repositoryOpts"))
		return it.Inputs["description"].StringValue()
	}
	write := func(content string) {
		assert.NilError(t, os.WriteFile(filepath.Join(folder, "Chart.yaml"), []byte(content), 0o600))
	}
	write("name: exchange")
	first := description()
	assert.Equal(t, description(), first, "the same files must give the same release")
	write("name: exchange # changed")
	assert.Assert(t, description() != first, "a changed file must change the release")
}

func TestReleaseMistakes(t *testing.T) {
	for want, args := range map[string]*chart.ReleaseArgs{
		`release "it": no chart "nope" in the catalogue; it has`: {Entry: "nope", Namespace: pulumi.String("x")},
		`release "it": set either Entry or Path`:                 {Namespace: pulumi.String("x")},
		`release "it": set Namespace`:                            {Entry: "minio"},
		`release "it": set Name`:                                 {Path: "./x", Namespace: pulumi.String("x")},
		`release "it": chart folder ./no-such-folder: `:          {Path: "./no-such-folder", Name: "x", Namespace: pulumi.String("x")},
	} {
		_, err := mocktest.Try(func(ctx *pulumi.Context) error {
			_, err := (&chart.Installer{}).Release(ctx, "it", args)
			return err
		})
		assert.Check(t, is.ErrorContains(err, want))
	}
}

func TestWithoutProviderNothingIsInstalled(t *testing.T) {
	_, err := mocktest.Try(func(ctx *pulumi.Context) error {
		_, err := (&chart.Installer{}).Namespace(ctx, "it", &chart.NamespaceArgs{Name: "it"})
		return err
	})
	assert.ErrorContains(t, err, "no Provider")
}

func TestObjects(t *testing.T) {
	r := install(t, chart.Installer{}, func(ctx *pulumi.Context, i *chart.Installer) error {
		namespace, err := i.Namespace(ctx, "space", &chart.NamespaceArgs{Name: "space", PodSecurity: chart.Restricted})
		if err != nil {
			return err
		}
		secret, err := i.Secret(ctx, "secret", &chart.SecretArgs{
			Namespace: namespace.Name, Name: "login", Data: pulumi.StringMap{"password": pulumi.String("hunter2")},
		})
		if err != nil {
			return err
		}
		_, err = i.Object(ctx, "object", &chart.ObjectArgs{
			APIVersion: "storage.k8s.io/v1", Kind: "StorageClass", Name: "local",
			Fields: pulumi.Map{"provisioner": secret.Name},
		})
		return err
	})
	labels := map[string]any{"app.kubernetes.io/managed-by": "pulumi", "app.kubernetes.io/part-of": "exchange-platform", "exchange-platform/stack": "test"}
	assert.DeepEqual(t, mocktest.Plain(resource.NewProperty(r.Get(t, "secret").Inputs)), map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": "<secret>",
		"metadata": map[string]any{"name": "login", "namespace": "space", "labels": labels},
	})
	assert.DeepEqual(t, r.Get(t, "secret").IgnoreChanges, []string{`metadata.labels["exchange-platform/stack"]`})
	assert.DeepEqual(t, r.Get(t, "secret").SecretOutput, []string{"data", "stringData"})
	assert.Equal(t, r.Get(t, "space").Type, "kubernetes:core/v1:Namespace")
	assert.Equal(t, r.Get(t, "object").Type, "kubernetes:storage.k8s.io/v1:StorageClass")
	// A name waits for what it names.
	assert.DeepEqual(t, r.Get(t, "secret").DependsOn, []string{"space"})
	assert.DeepEqual(t, r.Get(t, "object").DependsOn, []string{"secret"})
}

func TestPartsWaitForTheirNamespaceAndTheirSecrets(t *testing.T) {
	recording := install(t, chart.Installer{}, func(ctx *pulumi.Context, i *chart.Installer) error {
		_, err := i.Install(ctx, "it", &chart.Parts{
			Namespace: chart.NamespaceArgs{Name: "space"},
			Secrets:   []chart.SecretArgs{{Name: "login", Data: pulumi.StringMap{"password": pulumi.String("hunter2")}}},
			Releases:  []chart.ReleaseArgs{{Part: "crds", Entry: "prometheus-operator-crds"}, {Entry: "minio", Needs: "crds"}},
		}, pulumi.Timeouts(nil))
		return err
	})
	assert.DeepEqual(t, recording.Get(t, "it-crds").DependsOn, []string{"it-namespace", "it-secret"})
	assert.DeepEqual(t, recording.Get(t, "it-release").DependsOn, []string{"it-crds", "it-namespace", "it-secret"})
}

func TestAReleaseCannotNeedOneThatComesLater(t *testing.T) {
	_, err := mocktest.Try(func(ctx *pulumi.Context) error {
		cluster, _, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		_, err = (&chart.Installer{Provider: cluster}).Install(ctx, "it", &chart.Parts{
			Namespace: chart.NamespaceArgs{Name: "space"}, Releases: []chart.ReleaseArgs{{Entry: "minio", Needs: "crds"}},
		}, pulumi.Timeouts(nil))
		return err
	})
	assert.ErrorContains(t, err, `release "release" of it needs "crds", which does not come before it`)
}

// TestAnInterruptedReleaseIsInstalledAgain: its state may say what is wanted although the cluster has something else.
func TestAnInterruptedReleaseIsInstalledAgain(t *testing.T) {
	const reason = "again, because revision 7 was left uninstalling"
	folder := t.TempDir()
	own := release(t, chart.Installer{}, &chart.ReleaseArgs{Path: folder, Name: "own", Namespace: pulumi.String("x")}).Inputs["description"].StringValue()
	for name, test := range map[string]struct {
		left              chart.Left
		catalogued, ofOwn string
	}{
		"new":                 {chart.Left{}, "", own},
		"uninterrupted":       {chart.Left{Description: own}, "", own},
		"interrupted":         {chart.Left{Busy: "uninstalling", Revision: 7}, reason, own + "; " + reason},
		"interrupted again":   {chart.Left{Busy: "uninstalling", Revision: 7, Description: "again, because revision 5 was left pending-upgrade"}, reason, own + "; " + reason},
		"was interrupted":     {chart.Left{Description: reason}, reason, own},
		"own was interrupted": {chart.Left{Description: own + "; " + reason}, "", own + "; " + reason},
	} {
		t.Run(name, func(t *testing.T) {
			installer := func() chart.Installer {
				return chart.Installer{Recovery: &chart.Recovery{Left: map[string]chart.Left{"it": test.left}, Kubeconfig: pulumi.String("").ToStringOutput()}}
			}
			description := func(args *chart.ReleaseArgs) string {
				it := release(t, installer(), args)
				if !it.Inputs.HasValue("description") {
					return ""
				}
				return it.Inputs["description"].StringValue()
			}
			assert.Equal(t, description(&chart.ReleaseArgs{Entry: "minio", Namespace: pulumi.String("x")}), test.catalogued)
			assert.Equal(t, description(&chart.ReleaseArgs{Path: folder, Name: "own", Namespace: pulumi.String("x")}), test.ofOwn)
		})
	}
}
