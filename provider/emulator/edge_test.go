package emulator_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// origin is a server behind the CDN that says what it was told. Its place on the Internet is another one than the one it has here.
func origin(t *testing.T, name string, secure bool) string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprint(response, name, " ", request.Host, " ", request.URL)
		for _, header := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"} {
			fmt.Fprint(response, " ", request.Header.Get(header))
		}
	}))
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestTheEdgePassesRequestsOnToTheAddressesOfProxiedRecords(t *testing.T) {
	a := open(t, emulator.Options{})
	record := func(name, upstream string, cloud bool, ips ...string) {
		var value []any
		for _, ip := range ips {
			value = append(value, map[string]any{"ip": ip})
		}
		a.call(201, "POST", records, map[string]any{"type": "A", "name": name, "ttl": 120, "cloud": cloud, "upstream_https": upstream, "value": value})
	}
	record("demo", "http", true, "192.0.2.1", "192.0.2.2")
	record("safe", "https", true, "192.0.2.3")
	record("bare", "http", false, "192.0.2.1")
	record("dead", "http", true, "192.0.2.4")
	places := map[string]string{"192.0.2.2:80": origin(t, "second", false), "192.0.2.3:443": origin(t, "safe", true)}
	edge := httptest.NewServer(a.emulator.Edge(func(ctx context.Context, origin netip.AddrPort) (net.Conn, error) {
		place, answers := places[origin.String()]
		if !answers {
			return nil, fmt.Errorf("%s: no route", origin)
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", place)
	}))
	t.Cleanup(edge.Close)
	assert.DeepEqual(t, a.emulator.ProxiedNames(), []string{"demo.iransre.ir", "safe.iransre.ir", "dead.iransre.ir"})

	ask := func(host string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, edge.URL+"/a?b=c", nil)
		assert.NilError(t, err)
		request.Host = host
		request.Header.Set("X-Forwarded-For", "9.9.9.9") // which is for the CDN to say
		response, err := http.DefaultClient.Do(request)
		assert.NilError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		assert.Equal(t, response.Header.Get("X-Cache"), "BYPASS")
		return response.StatusCode, string(text)
	}
	for range 2 { // the first of the two addresses does not answer, and the other one does for it
		status, text := ask("demo.iransre.ir")
		assert.Equal(t, status, http.StatusOK)
		assert.Equal(t, text, "second demo.iransre.ir /a?b=c 127.0.0.1 http 127.0.0.1")
	}
	status, text := ask("SAFE.iransre.ir:443")
	assert.Equal(t, status, http.StatusOK, text)
	assert.Assert(t, strings.HasPrefix(text, "safe SAFE.iransre.ir:443 /a?b=c 127.0.0.1"), text)
	status, text = ask("dead.iransre.ir")
	assert.Equal(t, status, http.StatusBadGateway)
	assert.Assert(t, strings.Contains(text, "192.0.2.4:80: no route"), text)
	status, text = ask("bare.iransre.ir")
	assert.Equal(t, status, http.StatusNotFound)
	assert.Equal(t, text, "The CDN serves no bare.iransre.ir. Names with a proxied record: demo.iransre.ir, safe.iransre.ir, dead.iransre.ir\n")
}
