package main

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/world"
)

func TestPagesAreSaidAsTheyAreReached(t *testing.T) {
	outputs := map[string]any{
		"contractVersion": "1",
		"exchange":        map[string]any{"url": "https://demo.iransre.ir", "host": "demo.iransre.ir"},
		"prometheus":      map[string]any{"url": "http://monitoring-prometheus.monitoring.svc:9090", "namespace": "monitoring"},
		"kubernetes":      map[string]any{"endpoint": "https://127.9.9.10:6443"},
		"grafana":         map[string]any{"url": "http://grafana.monitoring.svc:80"},
		"kibana":          map[string]any{"url": "https://logs.logging.svc:5601", "publicUrl": "https://kibana.iransre.ir"},
		"objectStore":     map[string]any{"endpoint": "http://minio:9000", "publicUrl": "https://demo-files.iransre.ir"},
		"panel":           map[string]any{"url": "http://panel.example"},
	}
	edge := &world.Edge{HTTP: "127.9.9.2:80", HTTPS: "127.9.9.2:7443", Names: []string{"demo.iransre.ir", "kibana.iransre.ir"}}
	simulated := func(namespace, service string) bool { return namespace == "monitoring" && service == "grafana" }
	found := pages(outputs, edge, "/ca.crt", simulated)
	assert.Equal(t, len(found), 5)
	assert.Equal(t, found[0].address, "https://demo.iransre.ir")
	assert.DeepEqual(t, found[0].how, []string{
		"curl --cacert /ca.crt --connect-to demo.iransre.ir:443:127.9.9.2:7443 https://demo.iransre.ir",
		`chromium --host-resolver-rules="MAP demo.iransre.ir 127.9.9.2:7443" --ignore-certificate-errors https://demo.iransre.ir`,
	})
	assert.Equal(t, found[1].address, "http://grafana.monitoring.svc:80   not served: its pods are simulated")
	assert.Equal(t, found[2].address, "https://kibana.iransre.ir", "it is published")
	assert.Equal(t, found[3].address, "http://panel.example   not through the CDN: no proxied record has this name")
	assert.Equal(t, found[4].address, "http://127.0.0.1:9090")
	assert.DeepEqual(t, found[4].how, []string{"while this runs: kubectl --namespace monitoring port-forward service/monitoring-prometheus 9090"})

	edge.HTTPS = "127.9.9.2:443"
	assert.Equal(t, pages(outputs, edge, "/ca.crt", simulated)[0].how[2], "or in any browser that trusts /ca.crt, with this line in /etc/hosts: 127.9.9.2 demo.iransre.ir")

	for _, page := range pages(outputs, nil, "", simulated) {
		assert.Assert(t, page.how == nil)
		fields := outputs[page.name].(map[string]any)
		address, published := fields["publicUrl"].(string)
		if !published {
			address = fields["url"].(string)
		}
		assert.Equal(t, page.address, address+"   not served: no container runs on light machines; take --machines real")
	}
}
