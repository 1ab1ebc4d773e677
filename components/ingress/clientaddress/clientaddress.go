// Package clientaddress is a middleware of Traefik's that tells the application one address of its client, as ingress-nginx does: of X-Forwarded-For,
// the last one that is not a proxy's. Traefik itself passes on the list as it came, whose first address is whatever the client wrote.
//
// Traefik reads this file as it is and interprets it (a local plugin; nothing is fetched for it), so it keeps to what Yaegi knows: Go without
// generics, and the standard library of Go 1.22. Its name is that of its folder. The program compiles it in tests only.
package clientaddress

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Config is what a middleware of the file provider says to the plugin.
type Config struct {
	// Proxies are the ranges in front of the workers, in CIDR notation.
	Proxies []string `json:"proxies"`
}

// CreateConfig is called by Traefik, which fills in what it returns.
func CreateConfig() *Config { return &Config{} }

type handler struct {
	next    http.Handler
	proxies []netip.Prefix
}

// New is called by Traefik for each router that has the middleware.
func New(_ context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	proxies := make([]netip.Prefix, 0, len(config.Proxies))
	for _, text := range config.Proxies {
		proxy, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: proxies: %v", name, err)
		}
		proxies = append(proxies, proxy.Masked())
	}
	return &handler{next: next, proxies: proxies}, nil
}

// ServeHTTP replaces both headers. Traefik has taken them away before where it is no proxy that connects.
func (h *handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	client := h.client(request.RemoteAddr, request.Header.Values("X-Forwarded-For"))
	request.Header.Set("X-Forwarded-For", client)
	request.Header.Set("X-Real-Ip", client)
	h.next.ServeHTTP(writer, request)
}

// client goes back from who connects as long as it is a proxy that says for whom, as NGINX does with real_ip_recursive.
func (h *handler) client(remote string, lists []string) string {
	client := remote
	if connected, err := netip.ParseAddrPort(remote); err == nil {
		client = connected.Addr().Unmap().WithZone("").String()
	}
	said := strings.Split(strings.Join(lists, ","), ",")
	for i := len(said) - 1; i >= 0; i-- {
		address, ok := parsed(strings.TrimSpace(said[i]))
		if !ok {
			break // what stands before it is nobody's word
		}
		client = address.String()
		if !h.isProxy(address) {
			break
		}
	}
	return client
}

// parsed reads an address, with a port or without.
func parsed(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Unmap().WithZone(""), true
	}
	pair, err := netip.ParseAddrPort(text)
	return pair.Addr().Unmap().WithZone(""), err == nil
}

func (h *handler) isProxy(address netip.Addr) bool {
	for _, proxy := range h.proxies {
		if proxy.Contains(address) {
			return true
		}
	}
	return false
}
