package provider

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
)

const (
	testKey   = "11111111-2222-3333-4444-555555555555"
	testZone  = "ir-thr-ba1"
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl someone@example"
	otherKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMlP1kTX0kNNXpWb3XtRvUAVL1KO2lfP2XFqO7JbIuZX other@example"
)

const (
	sshKeyToken        = "arvancloud:iaas:SshKey"
	networkToken       = "arvancloud:iaas:Network"
	securityGroupToken = "arvancloud:iaas:SecurityGroup"
	serverToken        = "arvancloud:iaas:Server"
	dnsRecordToken     = "arvancloud:cdn:DnsRecord"
)

// impatient makes tests fast: the emulator moves on with each read.
func impatient() tuning {
	return tuning{retryInterval: time.Millisecond, pollInterval: time.Millisecond, maxPoll: 2 * time.Millisecond,
		askTimeout: 10 * time.Second}
}

// cloud is an emulated account.
type cloud struct {
	*emulator.Emulator
	url string
}

func newCloud(t testing.TB) cloud {
	t.Helper()
	e, err := emulator.New(emulator.Options{APIKey: testKey})
	assert.NilError(t, err)
	server := httptest.NewServer(e)
	t.Cleanup(func() {
		server.Close()
		assert.NilError(t, e.Close())
	})
	return cloud{e, server.URL}
}

func (c cloud) fail(t *testing.T, fault emulator.Fault) {
	t.Helper()
	_, err := c.AddFault(fault)
	assert.NilError(t, err)
}

// count is how many things of a kind the account holds.
func (c cloud) count(kind string) int {
	n := 0
	for _, item := range c.Contents() {
		if item.Kind == kind {
			n++
		}
	}
	return n
}

// requests lists the calls made so far that start with that.
func (c cloud) requests(start string) []string {
	var calls []string
	for _, request := range c.Requests(1000) {
		if call := request.Method + " " + request.Path; strings.HasPrefix(call, start) {
			calls = append(calls, call)
		}
	}
	return calls
}

// plugin is a provider process, as the engine sees it.
type plugin struct {
	t testing.TB
	integration.Server
	logs *logs
}

// logs is what a provider tells the user.
type logs struct {
	mu   sync.Mutex
	told []string
}

func (l *logs) warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told
}

// newPlugin starts a provider configured for the account. Another one for the same account stands for another run of Pulumi.
func newPlugin(t testing.TB, c cloud) plugin {
	t.Helper()
	return configured(t, c, startPlugin(t))
}

// configured configures a provider for the account.
func configured(t testing.TB, c cloud, plugin plugin) plugin {
	t.Helper()
	config := props(map[string]any{"apiKey": testKey, "endpoint": c.url, "zone": testZone})
	// To check the configuration first, as the engine does, makes the whole schema each time; its own tests do that.
	assert.NilError(t, plugin.Configure(p.ConfigureRequest{Args: config}))
	return plugin
}

// startPlugin starts a provider without configuring it.
func startPlugin(t testing.TB) plugin {
	t.Helper()
	return startPluginOver(t, nil)
}

// startPluginOver starts a provider that makes its requests by that client.
func startPluginOver(t testing.TB, http *http.Client) plugin {
	t.Helper()
	logs, tuning := &logs{}, impatient()
	tuning.http = http
	tuning.warn = func(_ context.Context, message string) {
		logs.mu.Lock()
		defer logs.mu.Unlock()
		logs.told = append(logs.told, message)
	}
	server, err := integration.NewServer(t.Context(), Name, semver.MustParse("0.1.0"), integration.WithProvider(build(tuning)))
	assert.NilError(t, err)
	return plugin{t, server, logs}
}

func props(values map[string]any) property.Map {
	return resource.FromResourcePropertyMap(resource.NewPropertyMapFromMap(values))
}

// plain turns properties into what they hold.
func plain(m property.Map) map[string]any { return resource.ToResourcePropertyMap(m).Mappable() }

func urn(token tokens.Type) resource.URN { return urnOf(token, property.Map{}) }

// urnOf is the URN of a resource that is called as its object is.
func urnOf(token tokens.Type, inputs property.Map) resource.URN {
	name := "it"
	if given := inputs.Get("name"); given.IsString() {
		name = given.AsString()
	}
	return urnNamed(token, name)
}

func urnNamed(token tokens.Type, name string) resource.URN {
	return resource.NewURN("test", "test", "", token, name)
}

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
	assert.NilError(t.plugin.t, t.plugin.Delete(p.DeleteRequest{ID: t.id, Urn: t.urn, Properties: t.state, OldInputs: t.inputs}))
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
