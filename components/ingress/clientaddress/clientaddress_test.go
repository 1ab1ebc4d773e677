package clientaddress_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/ingress/clientaddress"
)

// told is what an application behind the middleware reads in both headers.
func told(t *testing.T, remote string, lists ...string) string {
	t.Helper()
	config := clientaddress.CreateConfig()
	config.Proxies = []string{"185.143.232.0/22", "2.144.3.128/28", "2a0a:e5c0::/32"}
	var client string
	middleware, err := clientaddress.New(t.Context(), http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		all := request.Header.Values("X-Forwarded-For")
		assert.Equal(t, len(all), 1)
		assert.Equal(t, request.Header.Get("X-Real-Ip"), all[0])
		client = all[0]
	}), config, "client-address@file")
	assert.NilError(t, err)
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.RemoteAddr = remote
	for _, list := range lists {
		request.Header.Add("X-Forwarded-For", list)
	}
	request.Header.Set("X-Real-Ip", "192.0.2.66") // a proxy may pass on what a client wrote there
	middleware.ServeHTTP(httptest.NewRecorder(), request)
	return client
}

func TestAnApplicationIsToldTheLastAddressThatIsNoProxys(t *testing.T) {
	const proxy = "185.143.233.7:50412"
	for _, each := range []struct {
		name, remote string
		lists        []string
		client       string
	}{
		{"the client", proxy, []string{"203.0.113.9"}, "203.0.113.9"},
		{"what the client wrote before it is not believed", proxy, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{"nor in a header of its own", proxy, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		{"nor an address of the proxies' among them", proxy, []string{"185.143.232.1, 203.0.113.9"}, "203.0.113.9"},
		{"several proxies", proxy, []string{"198.51.100.1,203.0.113.9, 2.144.3.130"}, "203.0.113.9"},
		{"an inner proxy that nobody stands before", proxy, []string{"2.144.3.130"}, "2.144.3.130"},
		{"no word of the proxy's", proxy, nil, "185.143.233.7"},
		{"no address", proxy, []string{"203.0.113.9, unknown"}, "185.143.233.7"},
		{"no address before a proxy", proxy, []string{"unknown, 2.144.3.130"}, "2.144.3.130"},
		{"a port", proxy, []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[2a0a:e5c0::7]:443", []string{"198.51.100.1, 2001:db8::9"}, "2001:db8::9"},
		{"IPv6 with a port", proxy, []string{"[2001:db8::9]:4711"}, "2001:db8::9"},
		{"IPv4 in IPv6", "[::ffff:185.143.233.7]:443", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
	} {
		assert.Equal(t, told(t, each.remote, each.lists...), each.client, each.name)
	}
}

func TestAMistakeInARangeIsNotPassedOver(t *testing.T) {
	_, err := clientaddress.New(t.Context(), nil, &clientaddress.Config{Proxies: []string{"185.143.232.0"}}, "client-address@file")
	assert.ErrorContains(t, err, "client-address@file: proxies:")
}
