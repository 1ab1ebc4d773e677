package emulator

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Edge is the CDN as browsers meet it: it passes requests for the names of proxied records on to the addresses that these have, with
// the headers that ArvanCloud describes (docs.arvancloud.ir/en/cdn/headers) and those of the page rule that is for the request. It keeps and
// inspects nothing: no cache, no WAF.
type Edge struct {
	emulator *Emulator
	reverse  *httputil.ReverseProxy
	turn     atomic.Uint32
}

// Dialer connects to an origin: to a public address of a machine, as the CDN does.
type Dialer func(ctx context.Context, origin netip.AddrPort) (net.Conn, error)

// EdgeAddress is where the CDN connects from, one of its ranges' addresses.
const EdgeAddress = "185.143.232.10"

// edgeSID is the number that this edge server gives as its own.
const edgeSID = "1000"

// originLimit is how long an origin may take to be connected to, before the next one is tried.
const originLimit = 5 * time.Second

// Edge makes an edge server that connects to origins by dial.
func (e *Emulator) Edge(dial Dialer) *Edge {
	edge := &Edge{emulator: e}
	edge.reverse = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", r.In.Host, r.In.Host
			if chosen(r.In.Context()).secure {
				r.Out.URL.Scheme = "https"
			}
			r.SetXForwarded()
			client, _, _ := net.SplitHostPort(r.In.RemoteAddr)
			r.Out.Header.Set("X-Real-IP", client)
			for name, value := range chosen(r.In.Context()).rule.headers {
				r.Out.Header.Set(name, value)
			}
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return edge.connect(ctx, dial)
			},
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // origins have certificates of their own making
			// an origin is chosen for each request
			DisableKeepAlives: true, DisableCompression: true,
		},
		ModifyResponse: func(response *http.Response) error {
			edge.sign(response.Header)
			return nil
		},
		ErrorHandler: func(response http.ResponseWriter, request *http.Request, err error) {
			e.logger.Warn("emulator: an origin does not answer", "host", request.Host, "error", err)
			edge.refuse(response, http.StatusBadGateway, "The origin does not answer: "+err.Error())
		},
	}
	return edge
}

// upstream is what lies behind one name.
type upstream struct {
	addresses []netip.AddrPort
	secure    bool // the CDN speaks TLS to them
	rule      edgeRule
}

type upstreamKey struct{}

func chosen(ctx context.Context) upstream {
	found, _ := ctx.Value(upstreamKey{}).(upstream)
	return found
}

func (edge *Edge) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	host, _, err := net.SplitHostPort(request.Host)
	if err != nil {
		host = request.Host
	}
	found, known := edge.emulator.upstream(host)
	if !known {
		names := strings.Join(edge.emulator.ProxiedNames(), ", ")
		if names == "" {
			names = "none"
		}
		edge.refuse(response, http.StatusNotFound, "The CDN serves no "+host+". Names with a proxied record: "+names)
		return
	}
	if found.rule = edge.emulator.ruleFor(host, request.URL.Path); found.rule.redirect != "" {
		edge.sign(response.Header())
		http.Redirect(response, request, found.rule.redirect, found.rule.status)
		return
	}
	edge.reverse.ServeHTTP(response, request.WithContext(context.WithValue(request.Context(), upstreamKey{}, found)))
}

func (edge *Edge) refuse(response http.ResponseWriter, status int, text string) {
	edge.sign(response.Header())
	http.Error(response, text, status)
}

func (edge *Edge) sign(header http.Header) {
	header.Set("X-Request-Id", newID())
	header.Set("X-Sid", edgeSID)
	header.Set("X-Cache", "BYPASS")
}

// connect connects to one of the origins of a request, and to the next if that fails.
func (edge *Edge) connect(ctx context.Context, dial Dialer) (net.Conn, error) {
	addresses := chosen(ctx).addresses
	failed := []error{errors.New("no address of the record can be connected to")}
	first := int(edge.turn.Add(1))
	for i := range addresses {
		limited, cancel := context.WithTimeout(ctx, originLimit)
		conn, err := dial(limited, addresses[(first+i)%len(addresses)])
		cancel()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// upstream finds the addresses of the proxied record of this name.
func (e *Emulator) upstream(host string) (found upstream, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.eachProxied(func(name string, r *dnsRecord) {
		var values []addressValue
		if known || !strings.EqualFold(name, host) || json.Unmarshal(r.Value, &values) != nil {
			return
		}
		known, found.secure = true, r.UpstreamHTTPS == "https"
		for _, value := range values {
			port := 80
			if found.secure {
				port = 443
			}
			if value.Port != nil && *value.Port > 0 {
				port = *value.Port
			}
			if origin, err := netip.ParseAddrPort(net.JoinHostPort(value.IP, strconv.Itoa(port))); err == nil {
				found.addresses = append(found.addresses, origin)
			}
		}
	})
	return found, known
}

// ProxiedNames are the names that the CDN answers for.
func (e *Emulator) ProxiedNames() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	e.eachProxied(func(name string, _ *dnsRecord) { names = append(names, name) })
	return names
}

// eachProxied visits the proxied addresses of active domains.
func (e *Emulator) eachProxied(visit func(name string, r *dnsRecord)) {
	for _, d := range e.world.Domains {
		if d.Status != "active" {
			continue
		}
		for _, r := range d.Records {
			if !r.Cloud || r.Type != "a" {
				continue
			}
			name := d.Name
			if r.Name != "@" {
				name = r.Name + "." + d.Name
			}
			visit(name, r)
		}
	}
}
