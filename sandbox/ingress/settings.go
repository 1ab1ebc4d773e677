package ingress

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// settings are what ingress-nginx' ConfigMap says, as far as the platform sets it; the rest has ingress-nginx' defaults.
type settings struct {
	bodyLimit int64 // in bytes; 0 is none
	onlyTLS   bool  // plain HTTP is sent to HTTPS, whether a host has a certificate or not
	// forwarded: the X-Forwarded headers of whoever is in proxies are believed.
	forwarded     bool
	proxies       []netip.Prefix
	fullForwarded bool
	// allowed are the headers that custom-headers may set, in canonical form.
	allowed []string
	// asked is the header that a request has to have; nil lets everybody in.
	asked *askedHeader
	// upstream are headers that applications get; those with an empty value are kept from them.
	upstream map[string]string
}

func readSettings(data map[string]string) (settings, error) {
	s := settings{bodyLimit: 1 << 20, forwarded: data["use-forwarded-headers"] == "true", fullForwarded: data["compute-full-forwarded-for"] == "true"}
	s.onlyTLS = data["force-ssl-redirect"] == "true"
	if text := data["proxy-body-size"]; text != "" {
		limit, err := readSize(text)
		if err != nil {
			return s, fmt.Errorf("proxy-body-size: %w", err)
		}
		s.bodyLimit = limit
	}
	ranges := data["proxy-real-ip-cidr"]
	if ranges == "" {
		ranges = "0.0.0.0/0"
	}
	for text := range strings.SplitSeq(ranges, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return s, fmt.Errorf("proxy-real-ip-cidr: %w", err)
		}
		s.proxies = append(s.proxies, prefix)
	}
	asked, err := readSnippets(data["http-snippet"], data["server-snippet"])
	if err != nil {
		return s, err
	}
	s.asked = asked
	s.allowed = strings.FieldsFunc(strings.ToLower(data["global-allowed-response-headers"]), func(r rune) bool { return r == ',' || r == ' ' })
	return s, nil
}

// readSize reads a size as NGINX writes it: "20m".
func readSize(text string) (int64, error) {
	number, factor := strings.ToLower(strings.TrimSpace(text)), int64(1)
	for suffix, times := range map[string]int64{"k": 1 << 10, "m": 1 << 20, "g": 1 << 30} {
		if before, found := strings.CutSuffix(number, suffix); found {
			number, factor = before, times
		}
	}
	size, err := strconv.ParseInt(number, 10, 64)
	if err != nil || size < 0 {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return size * factor, nil
}

func (s settings) trusts(address netip.Addr) bool {
	return s.forwarded && slices.ContainsFunc(s.proxies, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// client is who asks: whoever is connected, or, if that is a proxy to believe, the last one before it that is none.
func (s settings) client(remote string, forwardedFor []string) string {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(forwardedFor, ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(client); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
	}
	return client.String()
}
