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

func TestTheFirstPageRuleThatIsForARequestCounts(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(201, "POST", records, map[string]any{
		"type": "A", "name": "demo", "ttl": 120, "cloud": true, "upstream_https": "http", "value": []any{map[string]any{"ip": "192.0.2.1"}},
	})
	rule := func(place int, url string, on bool, more map[string]any) {
		more["seq"], more["url"], more["status"] = place, url, on
		a.call(201, "POST", demo+"/page-rules", more)
	}
	key := func(value string) map[string]any {
		return map[string]any{"req_custom_headers": []any{map[string]any{"name": "X-Cdn-Key", "value": value}}}
	}
	rule(30, "demo.iransre.ir/**", true, key("any"))
	rule(20, "demo.iransre.ir/static/*", true, key("static"))
	rule(10, "demo.iransre.ir/**", false, key("none"))
	rule(15, "demo.iransre.ir/old/**", true, map[string]any{"redirect": map[string]any{"enable": true, "status_code": 302, "url": "https://iransre.ir/new"}})
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprint(response, request.Header.Get("X-Cdn-Key"))
	}))
	t.Cleanup(server.Close)
	edge := httptest.NewServer(a.emulator.Edge(func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}))
	t.Cleanup(edge.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, wanted := range map[string]string{
		"/": "200 any", "/static/a.css": "200 static", "/static/a/b.css": "200 any", "/old/a": "302 https://iransre.ir/new",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, edge.URL+path, nil)
		assert.NilError(t, err)
		request.Host = "demo.iransre.ir"
		request.Header.Set("X-Cdn-Key", "forged")
		response, err := client.Do(request)
		assert.NilError(t, err)
		text, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		assert.NilError(t, response.Body.Close())
		if response.StatusCode != http.StatusOK {
			text = []byte(response.Header.Get("Location"))
		}
		assert.Equal(t, fmt.Sprint(response.StatusCode, " ", string(text)), wanted, path)
	}
}
