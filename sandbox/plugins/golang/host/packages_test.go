package host

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestRequiredPackagesAreThoseOfTheProvidersSDKs(t *testing.T) {
	dir := fs.NewDir(t, "program",
		fs.WithFile("go.mod", `module program

go 1.26

require (
	example.org/plain v1.0.0
	github.com/pulumi/pulumi-cloud/sdk v1.4.3
)

replace (
	example.org/plain => ./plain
	github.com/pulumi/pulumi-cloud/sdk => ./cloud
)
`),
		fs.WithDir("plain", fs.WithFile("go.mod", "module example.org/plain\n")),
		fs.WithDir("cloud", fs.WithFile("go.mod", "module github.com/pulumi/pulumi-cloud/sdk\n"),
			fs.WithDir("go", fs.WithDir("cloud",
				fs.WithFile("pulumi-plugin.json", `{"resource": true, "name": "cloud", "version": "1.4.3"}`)))))
	info := &pulumirpc.ProgramInfo{ProgramDirectory: dir.Path()}

	packages, err := New("", "").GetRequiredPackages(t.Context(), &pulumirpc.GetRequiredPackagesRequest{Info: info})
	assert.NilError(t, err)
	assert.Equal(t, len(packages.GetPackages()), 1)
	found := packages.GetPackages()[0]
	assert.Equal(t, found.GetName()+" "+found.GetVersion()+" "+found.GetKind(), "cloud 1.4.3 resource")

	modules, err := New("", "").GetProgramDependencies(t.Context(),
		&pulumirpc.GetProgramDependenciesRequest{Info: info, TransitiveDependencies: true})
	assert.NilError(t, err)
	assert.Equal(t, len(modules.GetDependencies()), 2)
}

func TestReleasedVersion(t *testing.T) {
	for version, expected := range map[string]string{
		"v4.33.0":                               "v4.33.0",
		"1.2.1":                                 "1.2.1",
		"v1.29.1-0.20200403140640-efb5e2a48a86": "v1.29.0",
		"v0.0.0-20200403140640-efb5e2a48a86":    "",
		"main":                                  "",
	} {
		released, _ := releasedVersion(version)
		assert.Equal(t, released, expected, version)
	}
}
