package releases

import (
	"context"
	"errors"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// inputsKey is where the state keeps the inputs.
const inputsKey = "__inputs"

// Token is the type of a release.
const Token = "kubernetes:helm.sh/v3:Release"

// Releases makes and keeps releases in a cluster.
type Releases struct {
	Cluster *cluster.Cluster
	// Helm holds the places of Helm's configuration and caches.
	Helm *cli.EnvSettings
	// Driver is where Helm keeps its records: in Secrets, if empty.
	Driver string
}

// unsupported are inputs of the official provider's releases that this stand-in does without.
var unsupported = []string{"valueYamlFiles", "postrender"}

// Check completes the inputs and, when all of them are known, finds the chart: so a preview already tells of a wrong
// name, and a version constraint becomes the version that will be installed.
func (r *Releases) Check(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
	inputs := req.Inputs
	for _, name := range unsupported {
		if value := inputs.Get(name); !value.IsNull() && !(value.IsString() && value.AsString() == "") {
			return p.CheckResponse{Inputs: inputs, Failures: []p.CheckFailure{{
				Property: name, Reason: "this stand-in for the kubernetes plugin does not support it: use the official one",
			}}}, nil
		}
	}
	if name := inputs.Get("name"); name.IsNull() || name.IsString() && name.AsString() == "" {
		name = req.State.Get("name")
		if name.IsNull() {
			unique, err := resource.NewUniqueHex(req.Urn.Name()+"-", 0, 0)
			if err != nil {
				return p.CheckResponse{}, err
			}
			name = property.New(unique)
		}
		inputs = inputs.Set("name", name)
	}
	if namespace := inputs.Get("namespace"); namespace.IsNull() || namespace.IsString() && namespace.AsString() == "" {
		inputs = inputs.Set("namespace", property.New(r.Cluster.Namespace))
	}
	if wait := inputs.Get("skipAwait"); inputs.Get("timeout").IsNull() && !(wait.IsBool() && wait.AsBool()) {
		inputs = inputs.Set("timeout", property.New(float64(defaultTimeout)))
	}
	inputs = complete(inputs.Delete("compat", "resourceNames", "status"))
	if property.New(inputs).HasComputed() {
		return p.CheckResponse{Inputs: inputs}, nil
	}
	parsed, err := parse(inputs)
	if err != nil {
		return p.CheckResponse{}, err
	}
	chart, err := loadChart(parsed, r.Helm)
	if err != nil {
		return p.CheckResponse{Inputs: inputs, Failures: []p.CheckFailure{{
			Property: "chart",
			Reason:   fmt.Sprintf("%v; check the chart name and repository configuration.", err),
		}}}, nil
	}
	return p.CheckResponse{Inputs: inputs.Set("version", property.New(chart.Metadata.Version))}, nil
}

// Diff compares the new inputs with the state; an input that is gone is a change, an output that the inputs do not
// speak of is none.
func (r *Releases) Diff(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	state := props.Plain(req.State)
	old, _ := state[inputsKey].(map[string]any)
	wanted := props.Plain(req.Inputs)
	for _, ignored := range req.IgnoreChanges {
		if value, there := old[ignored]; there {
			wanted[ignored] = value
		}
	}
	// What the state has of the old or new inputs: values that Helm merged in from elsewhere are left out.
	had := props.Prune(state, merge(old, wanted))
	detailed := props.Detailed(props.Diff(had, wanted), []string{".name", ".namespace"})
	return p.DiffResponse{HasChanges: len(detailed) > 0, DetailedDiff: detailed}, nil
}

// merge is a with b laid over it.
func merge(a, b map[string]any) map[string]any {
	merged := props.Clone(a)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range b {
		inner, isMap := value.(map[string]any)
		if under, both := merged[key].(map[string]any); isMap && both {
			merged[key] = merge(under, inner)
		} else {
			merged[key] = value
		}
	}
	return merged
}

// state is what Pulumi keeps: inputs and outputs side by side, and the inputs once more, encrypted.
func state(inputs property.Map, outputs map[string]any) property.Map {
	result := inputs
	for name, value := range props.Properties(outputs).All {
		result = result.Set(name, value)
	}
	return result.Set(inputsKey, property.New(inputs).WithSecret(true))
}

// previewed is the state as far as a preview knows it.
func previewed(inputs property.Map) property.Map {
	return state(inputs, map[string]any{"resourceNames": props.Unknown{}, "status": props.Unknown{}})
}

// Create installs the release.
func (r *Releases) Create(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
	if req.DryRun {
		return p.CreateResponse{Properties: previewed(req.Properties)}, nil
	}
	s, err := parse(req.Properties)
	if err != nil {
		return p.CreateResponse{}, err
	}
	if err := r.Cluster.Unreachable(); err != nil {
		return p.CreateResponse{}, fmt.Errorf("can't create Helm Release with unreachable cluster: %w", err)
	}
	installed, failure := r.install(ctx, s)
	if installed == nil {
		return p.CreateResponse{}, failure
	}
	found, err := outputs(installed)
	if err != nil {
		return p.CreateResponse{}, err
	}
	response := p.CreateResponse{ID: s.id(), Properties: state(req.Properties, found)}
	if failure != nil {
		p.GetLogger(ctx).Warningf("Helm release %q was created but has a failed status. Use the `helm` command to "+
			"investigate the error, correct it, then retry. Reason: %v", s.Name, failure)
		err := fmt.Errorf("Helm release %q was created, but failed to initialize completely. Use Helm CLI to "+
			"investigate: %w", s.id(), failure)
		response.PartialState = partial(err)
		return response, err
	}
	return response, nil
}

// Update upgrades the release.
func (r *Releases) Update(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
	if req.DryRun {
		return p.UpdateResponse{Properties: previewed(req.Inputs)}, nil
	}
	s, err := parse(req.Inputs)
	if err != nil {
		return p.UpdateResponse{}, err
	}
	if err := r.Cluster.Unreachable(); err != nil {
		return p.UpdateResponse{}, fmt.Errorf("can't update Helm Release with unreachable cluster: %w", err)
	}
	upgraded, failure := r.upgrade(ctx, s)
	if upgraded == nil {
		return p.UpdateResponse{}, failure
	}
	found, err := outputs(upgraded)
	if err != nil {
		return p.UpdateResponse{}, err
	}
	response := p.UpdateResponse{Properties: state(req.Inputs, found)}
	if failure != nil {
		err := fmt.Errorf("Helm release %q failed to initialize completely. Use Helm CLI to investigate: %w", s.id(), failure)
		response.PartialState = partial(err)
		return response, err
	}
	return response, nil
}

// Read finds the release's record. Only Helm's record is read, not the objects, as in the official provider.
func (r *Releases) Read(_ context.Context, req p.ReadRequest) (p.ReadResponse, error) {
	s, err := parse(req.Properties)
	if err != nil {
		return p.ReadResponse{}, err
	}
	inputs := req.Properties.Get(inputsKey)
	if s.Name == "" {
		s.Namespace, s.Name = parseID(req.ID)
	}
	configuration, err := r.configuration(s.Namespace)
	if err != nil {
		return p.ReadResponse{}, err
	}
	live, err := action.NewGet(configuration.Configuration).Run(s.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return p.ReadResponse{}, nil
	}
	if err != nil {
		return p.ReadResponse{}, err
	}
	kept := req.Inputs
	if inputs.IsMap() {
		kept = inputs.WithSecret(false).AsMap()
	}
	if kept.Len() == 0 { // an import
		kept = props.Properties(map[string]any{
			"name": live.Name, "namespace": live.Namespace, "chart": live.Chart.Metadata.Name,
			"version": live.Chart.Metadata.Version, "values": props.Clone(live.Config), "timeout": defaultTimeout,
		})
	}
	found, err := outputs(live)
	if err != nil {
		return p.ReadResponse{}, err
	}
	return p.ReadResponse{ID: req.ID, Inputs: kept, Properties: state(kept, found)}, nil
}

// Delete uninstalls the release.
func (r *Releases) Delete(ctx context.Context, req p.DeleteRequest) error {
	s, err := parse(req.Properties)
	if err != nil {
		return err
	}
	if err := r.Cluster.Unreachable(); err != nil {
		return fmt.Errorf("can't delete Helm Release with unreachable cluster. Reason: %w", err)
	}
	return r.uninstall(ctx, s)
}
