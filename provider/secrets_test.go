package provider

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRootPasswordIsTheOneTimeOneAndASecret(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	server := plugin.create(serverToken, serverInputs(plugin))
	password := server.state.Get("rootPassword")
	assert.Assert(t, password.Secret())
	assert.Assert(t, password.AsString() != "")
	server.settled()
	server.update(map[string]any{"planId": "g2-4-2-0"})
	assert.Equal(t, server.state.Get("rootPassword").AsString(), password.AsString(), "it is told once and kept")
	assert.Assert(t, server.state.Get("rootPassword").Secret())
}

// exchange is a request as it goes over the wire.
type exchange struct {
	userAgent string
	body      string
}

// wiretap notes requests.
type wiretap struct {
	mu   sync.Mutex
	seen []exchange
}

func (w *wiretap) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		request.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	w.mu.Lock()
	w.seen = append(w.seen, exchange{request.Header.Get("User-Agent"), string(body)})
	w.mu.Unlock()
	return http.DefaultTransport.RoundTrip(request)
}

func TestRequestsNameTheirSender(t *testing.T) {
	cloud, tap := newCloud(t), &wiretap{}
	plugin := configured(t, cloud, startPluginOver(t, &http.Client{Transport: tap}))
	plugin.create(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	for _, seen := range tap.seen {
		assert.Equal(t, seen.userAgent, "pulumi-resource-arvancloud/"+Version)
		assert.Assert(t, !strings.Contains(seen.body, testKey))
	}
	assert.Assert(t, len(tap.seen) > 1)
}

func TestWhatTheCDNSaysToAnOriginIsASecret(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	rule := plugin.create("arvancloud:traffic:PageRule", map[string]any{
		"domain": testDomain, "url": "demo.iransre.ir/**", "requestHeaders": []any{map[string]any{"name": "X-Cdn-Key", "value": "hush"}},
	})
	assert.Assert(t, rule.state.Get("requestHeaders").Secret())
	read := plugin.imported("arvancloud:traffic:PageRule", rule.id)
	assert.Assert(t, read.inputs.Get("requestHeaders").Secret())
	assert.Assert(t, read.state.Get("requestHeaders").Secret())
}
