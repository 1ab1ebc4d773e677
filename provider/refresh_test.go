package provider

import (
	"fmt"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// crowd is that many servers of an account, as a state that knows only their ids.
func crowd(t testing.TB, cloud cloud, size int) []*thing {
	t.Helper()
	api, err := client.New(client.Options{Endpoint: cloud.url, APIKey: testKey, UserAgent: "crowd"})
	assert.NilError(t, err)
	images, err := api.Images(t.Context(), testZone)
	assert.NilError(t, err)
	var servers []*thing
	for i := range size {
		server, err := api.CreateServer(t.Context(), testZone, client.ServerRequest{
			Name: fmt.Sprintf("w%d", i), PlanID: "eco-1-1-0", ImageID: images[0].Images[0].ID, DiskSize: 25, PublicIPv4: true})
		assert.NilError(t, err)
		id := resource.Identity{Place: testZone, Object: server.ID}
		servers = append(servers, &thing{urn: urn(serverToken), id: id.String()})
	}
	return servers
}

// refreshAll reads all of them in one run of Pulumi, and as many at once as Pulumi does.
func refreshAll(t testing.TB, plugin plugin, servers []*thing) {
	t.Helper()
	failures := make(chan error, len(servers))
	slots := make(chan struct{}, 16)
	for _, server := range servers {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			response, err := plugin.Read(p.ReadRequest{ID: server.id, Urn: server.urn, Inputs: property.Map{}, Properties: property.Map{}})
			if err == nil && response.ID == "" {
				err = fmt.Errorf("the server %s was not found", server.id)
			}
			failures <- err
		}()
	}
	for range servers {
		assert.NilError(t, <-failures)
	}
}

func TestRefreshMakesAsManyCallsForManyServersAsForFew(t *testing.T) {
	calls := map[int]uint64{}
	for _, size := range []int{10, 500} {
		cloud := newCloud(t)
		servers := crowd(t, cloud, size)
		plugin := newPlugin(t, cloud)
		before := cloud.RequestCount()
		refreshAll(t, plugin, servers)
		calls[size] = uint64(cloud.RequestCount() - before)
	}
	assert.Equal(t, calls[10], calls[500])
	assert.Equal(t, calls[10], uint64(4), "the lists of servers, ports, plans and server groups")
}

// BenchmarkRefresh refreshes servers: time, memory and calls of the API, which run in the same process.
func BenchmarkRefresh(b *testing.B) {
	for _, size := range []int{10, 100, 500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			cloud := newCloud(b)
			servers := crowd(b, cloud, size)
			before, runs := cloud.RequestCount(), 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				plugin := newPlugin(b, cloud)
				b.StartTimer()
				refreshAll(b, plugin, servers)
				runs++
			}
			b.ReportMetric(float64(cloud.RequestCount()-before)/float64(runs), "calls/op")
		})
	}
}
