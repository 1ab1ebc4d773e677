package provider

import (
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
)

// thing is a resource in the state of a pretended stack.
type thing struct {
	plugin plugin
	urn    resource.URN
	id     string
	inputs property.Map
	state  property.Map
}

func (t *thing) get(name string) string { return t.state.Get(name).AsString() }

// check checks inputs that must be right.
func (g plugin) check(token tokens.Type, inputs property.Map) property.Map {
	g.t.Helper()
	checked, err := g.Check(p.CheckRequest{Urn: urnOf(token, inputs), Inputs: inputs})
	assert.NilError(g.t, err)
	assert.Equal(g.t, len(checked.Failures), 0, "%v", checked.Failures)
	return checked.Inputs
}

// failures are what is wrong with inputs, as "path: reason".
func (g plugin) failures(token tokens.Type, inputs property.Map) []string {
	g.t.Helper()
	checked, err := g.Check(p.CheckRequest{Urn: urnOf(token, inputs), Inputs: inputs})
	assert.NilError(g.t, err)
	var failures []string
	for _, failure := range checked.Failures {
		failures = append(failures, failure.Property+": "+failure.Reason)
	}
	return failures
}

// create previews and makes a resource.
func (g plugin) create(token tokens.Type, inputs map[string]any) *thing {
	g.t.Helper()
	made, err := g.tryCreate(token, inputs)
	assert.NilError(g.t, err)
	return made
}

func (g plugin) tryCreate(token tokens.Type, inputs map[string]any) (*thing, error) {
	g.t.Helper()
	checked, named := g.check(token, props(inputs)), urnOf(token, props(inputs))
	_, err := g.Create(p.CreateRequest{Urn: named, Properties: checked, DryRun: true})
	assert.NilError(g.t, err)
	response, err := g.Create(p.CreateRequest{Urn: named, Properties: checked})
	made := &thing{g, named, response.ID, checked, response.Properties}
	if response.PartialState != nil {
		return made, reasons(response.PartialState)
	}
	return made, err
}

// reasons are why a resource is in a partial state.
type partialError struct{ *p.InitializationFailed }

func (e partialError) Error() string { return "partial: " + strings.Join(e.Reasons, "; ") }

func reasons(failed *p.InitializationFailed) error { return partialError{failed} }

// diff compares the resource with other inputs.
func (t *thing) diff(inputs property.Map) p.DiffResponse {
	t.plugin.t.Helper()
	response, err := t.plugin.Diff(p.DiffRequest{ID: t.id, Urn: t.urn, State: t.state, Inputs: inputs, OldInputs: t.inputs})
	assert.NilError(t.plugin.t, err)
	return response
}

// with is the resource's inputs with some changed.
func (t *thing) with(changes map[string]any) property.Map {
	inputs := t.inputs
	for name, value := range props(changes).All {
		inputs = inputs.Set(name, value)
	}
	checked, err := t.plugin.Check(p.CheckRequest{Urn: t.urn, Inputs: inputs, State: t.inputs})
	assert.NilError(t.plugin.t, err)
	assert.Equal(t.plugin.t, len(checked.Failures), 0, "%v", checked.Failures)
	return checked.Inputs
}

// update changes the resource in place and returns what its preview said of the outputs.
func (t *thing) update(changes map[string]any) property.Map {
	t.plugin.t.Helper()
	preview, err := t.tryUpdate(changes)
	assert.NilError(t.plugin.t, err)
	return preview
}

func (t *thing) tryUpdate(changes map[string]any) (property.Map, error) {
	t.plugin.t.Helper()
	inputs := t.with(changes)
	for name, difference := range t.diff(inputs).DetailedDiff {
		assert.Assert(t.plugin.t, !strings.HasSuffix(string(difference.Kind), "replace"), "%s: %s", name, difference.Kind)
	}
	request := p.UpdateRequest{ID: t.id, Urn: t.urn, State: t.state, Inputs: inputs, OldInputs: t.inputs, DryRun: true}
	preview, err := t.plugin.Update(request)
	if err != nil {
		return property.Map{}, err
	}
	request.DryRun = false
	response, err := t.plugin.Update(request)
	if err != nil && response.PartialState == nil {
		return preview.Properties, err
	}
	t.inputs, t.state = inputs, response.Properties
	if response.PartialState != nil {
		return preview.Properties, reasons(response.PartialState)
	}
	return preview.Properties, nil
}

// refresh reads the resource again; gone tells that it does not exist any more.
func (t *thing) refresh() (gone bool) {
	t.plugin.t.Helper()
	response, err := t.plugin.Read(p.ReadRequest{ID: t.id, Urn: t.urn, Properties: t.state, Inputs: t.inputs})
	assert.NilError(t.plugin.t, err)
	if response.ID == "" {
		return true
	}
	t.inputs, t.state = response.Inputs, response.Properties
	return false
}

// delete deletes the resource.
func (t *thing) delete() {
	t.plugin.t.Helper()
	assert.NilError(t.plugin.t, t.tryDelete())
}

func (t *thing) tryDelete() error {
	return t.plugin.Delete(p.DeleteRequest{ID: t.id, Urn: t.urn, Properties: t.state, OldInputs: t.inputs})
}

// settled asserts that a refresh finds no drift, and that the same program changes nothing.
func (t *thing) settled() {
	t.plugin.t.Helper()
	inputs, state := t.inputs, t.state
	assert.Assert(t.plugin.t, !t.refresh(), "the resource is gone")
	assert.DeepEqual(t.plugin.t, plain(t.inputs), plain(inputs))
	assert.DeepEqual(t.plugin.t, plain(t.state), plain(state))
	difference := t.diff(inputs)
	assert.Assert(t.plugin.t, !difference.HasChanges, "%v", difference.DetailedDiff)
}

// imported reads the object as `pulumi import` does: by id alone.
func (g plugin) imported(token tokens.Type, id string) *thing {
	g.t.Helper()
	response, err := g.Read(p.ReadRequest{ID: id, Urn: urn(token)})
	assert.NilError(g.t, err)
	assert.Equal(g.t, response.ID, id)
	return &thing{g, urn(token), response.ID, response.Inputs, response.Properties}
}

// invoke calls a function.
func (g plugin) invoke(token tokens.Type, arguments map[string]any) (property.Map, error) {
	g.t.Helper()
	response, err := g.Invoke(p.InvokeRequest{Token: token, Args: props(arguments)})
	return response.Return, err
}

// image is the id of an image in the zone of the tests.
func (g plugin) image(distribution, version string) string {
	g.t.Helper()
	found, err := g.invoke("arvancloud:iaas:getImage", map[string]any{"distribution": distribution, "version": version})
	assert.NilError(g.t, err)
	return found.Get("imageId").AsString()
}
