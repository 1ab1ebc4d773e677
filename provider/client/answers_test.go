package client_test

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/client"
)

func TestTolerantTypes(t *testing.T) {
	a := serve(t, answer{status: 200, body: `{"data":[{"id":"p1","cpu_count":"2","memory":0.5,"disk":null,"price_per_hour":"10400.5"}]}`})
	plans, err := a.Plans(t.Context(), "z")
	assert.NilError(t, err)
	assert.DeepEqual(t, plans, []client.Plan{{ID: "p1", CPUs: 2, Memory: 0.5, PricePerHour: 10400.5}})

	a = serve(t, answer{status: 200, body: `[{"id":"1","instance_id":"s","network_id":"n","ips":["10.0.0.1",{"ip":"10.0.0.2"}]}]`})
	ports, err := a.Ports(t.Context(), "z")
	assert.NilError(t, err)
	assert.DeepEqual(t, ports[0].Addresses, []client.PortAddress{"10.0.0.1", "10.0.0.2"})
}

func TestDNSRecordsReadsEveryPage(t *testing.T) {
	a := serve(t,
		answer{status: 200, body: `{"data":[{"id":"1"}],"meta":{"last_page":2}}`},
		answer{status: 200, body: `{"data":[{"id":"2"}],"meta":{"last_page":2}}`})
	records, err := a.DNSRecords(t.Context(), "iransre.ir", "a")
	assert.NilError(t, err)
	assert.Equal(t, len(records), 2)
	assert.DeepEqual(t, a.made(), []string{
		"GET /cdn/4.0/domains/iransre.ir/dns-records?page=1&per_page=100&type=a",
		"GET /cdn/4.0/domains/iransre.ir/dns-records?page=2&per_page=100&type=a",
	})
}
