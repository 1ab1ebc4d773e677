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
	core "github.com/iransre/exchange-platform/provider/internal/resource"
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
func impatient() core.Tuning {
	return core.Tuning{RetryInterval: time.Millisecond, PollInterval: time.Millisecond, MaxPoll: 2 * time.Millisecond,
		AskTimeout: 10 * time.Second, UserPatience: 300 * time.Millisecond}
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
	tuning.HTTP = http
	tuning.Warn = func(_ context.Context, message string) {
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
