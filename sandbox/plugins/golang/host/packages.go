package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// module is what the host needs of a required Go module.
type module struct {
	Path     string
	Version  string
	Indirect bool
	// Dir holds its source; empty when it is not downloaded.
	Dir     string
	Replace *struct{ Path, Version string }
}

// GetRequiredPackages names the plugins of the provider SDKs among the program's modules. An SDK says which plugin it
// needs in a pulumi-plugin.json. A program whose modules cannot be listed asks for nothing, as with the official host: if
// something is wrong with it, the build says so better.
func (h *Host) GetRequiredPackages(
	ctx context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	response := &pulumirpc.GetRequiredPackagesResponse{}
	modules, err := listModules(ctx, req.GetInfo().GetProgramDirectory())
	if err != nil {
		return response, nil //nolint:nilerr // see above
	}
	for _, module := range modules {
		dependency, err := module.plugin()
		if err != nil {
			return nil, fmt.Errorf("the plugin of module %s: %w", module.Path, err)
		}
		if dependency != nil {
			response.Packages = append(response.Packages, dependency)
		}
	}
	return response, nil
}

// GetProgramDependencies lists the modules the program requires.
func (h *Host) GetProgramDependencies(
	ctx context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	modules, err := listModules(ctx, req.GetInfo().GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, module := range modules {
		if module.Indirect && !req.GetTransitiveDependencies() {
			continue
		}
		version := module.Version
		if module.Replace != nil && module.Replace.Version == "" {
			version = "" // replaced by a folder: the required version says nothing
		}
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: module.Path, Version: version})
	}
	return response, nil
}

// listModules lists the modules that go.mod of the program in dir requires, without downloading anything.
func listModules(ctx context.Context, dir string) ([]module, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return nil, errNoGo(err)
	}
	gomod, err := goOutput(ctx, tool, dir, "mod", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var file struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(gomod, &file); err != nil {
		return nil, fmt.Errorf("read go.mod of %s: %w", dir, err)
	}
	if len(file.Require) == 0 {
		return nil, nil
	}
	args := []string{"list", "-m", "-json"}
	for _, required := range file.Require {
		args = append(args, required.Path)
	}
	listing, err := goOutput(ctx, tool, dir, args...)
	if err != nil {
		return nil, err
	}
	var modules []module
	for decoder := json.NewDecoder(bytes.NewReader(listing)); ; {
		var one module
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return vendored(dir, modules), nil
		} else if err != nil {
			return nil, fmt.Errorf("read the module list of %s: %w", dir, err)
		}
		modules = append(modules, one)
	}
}

// vendored points modules without a folder of their own into vendor/, if the program has one: `go list` does not.
func vendored(dir string, modules []module) []module {
	for i := range modules {
		if modules[i].Dir == "" {
			folder := filepath.Join(dir, "vendor", filepath.FromSlash(modules[i].Path))
			if _, err := os.Stat(folder); err == nil {
				modules[i].Dir = folder
			}
		}
	}
	return modules
}

func goOutput(ctx context.Context, tool, dir string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, tool, args...)
	command.Dir = dir
	// One module is meant: the one the program is in, not the others of a workspace.
	command.Env = append(environment(), "GOWORK=off")
	var problem bytes.Buffer
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s %s in %s: %w: %s", args[0], args[1], dir, err, strings.TrimSpace(problem.String()))
	}
	return output, nil
}

// plugin returns the plugin that goes with the module, or nil if it is no provider's SDK.
func (m module) plugin() (*pulumirpc.PackageDependency, error) {
	if m.Dir == "" {
		return nil, nil
	}
	description, err := m.pluginDescription()
	if err != nil || description == nil || !description.Resource {
		return nil, err
	}
	name := description.Name
	if name == "" {
		// github.com/pulumi/pulumi-NAME/sdk
		if parts := strings.Split(m.Path, "/"); len(parts) > 2 {
			_, name, _ = strings.Cut(parts[2], "-")
		}
	}
	version := description.Version
	if version == "" {
		version = m.Version
	}
	version, ok := releasedVersion(version)
	if name == "" || !ok {
		return nil, nil
	}
	return &pulumirpc.PackageDependency{
		Name: name, Version: version, Kind: "resource", Server: description.Server,
		Parameterization: parameterization(description.Parameterization),
		Extension:        parameterization(description.ExtensionParameterization),
	}, nil
}

// pluginDescription looks for pulumi-plugin.json where SDKs keep it.
func (m module) pluginDescription() (*plugin.PulumiPluginJSON, error) {
	for _, pattern := range []string{"", "go", filepath.Join("go", "*"), "*"} {
		paths, err := filepath.Glob(filepath.Join(m.Dir, pattern, "pulumi-plugin.json"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			description, err := plugin.LoadPulumiPluginJSON(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return description, err
		}
	}
	return nil, nil
}

func parameterization(p *plugin.PulumiParameterizationJSON) *pulumirpc.PackageParameterization {
	if p == nil {
		return nil
	}
	return &pulumirpc.PackageParameterization{Name: p.Name, Version: p.Version, Value: p.Value}
}

// pseudoVersion matches the versions Go makes up for a commit without a tag.
var pseudoVersion = regexp.MustCompile(`^v[0-9]+\.(0\.0-|\d+\.\d+-([^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(\+incompatible)?$`)

// releasedVersion turns a module version into the version of a plugin that exists: for a commit between two releases,
// the earlier one.
func releasedVersion(version string) (string, bool) {
	parsed, err := semver.ParseTolerant(version)
	if err != nil {
		return "", false
	}
	if !pseudoVersion.MatchString(version) {
		return version, true
	}
	if parsed.Major == 0 && parsed.Minor == 0 && parsed.Patch == 0 {
		return "", false
	}
	if parsed.Patch > 0 {
		parsed.Patch--
	}
	return fmt.Sprintf("v%d.%d.%d", parsed.Major, parsed.Minor, parsed.Patch), true
}
