package ingress

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// NGINX' own time-outs, and how many endpoints it tries.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 60 * time.Second
	mostTries      = 3
)

// proxy serves requests by the table of the moment.
type proxy struct {
	current  atomic.Pointer[table]
	reverse  *httputil.ReverseProxy
	fallback *tls.Certificate
	count    func(r *route, status int)
}

func newProxy(fallback *tls.Certificate, count func(*route, int)) *proxy {
	p := &proxy{fallback: fallback, count: count}
	p.current.Store(newTable(objects{}))
	p.reverse = &httputil.ReverseProxy{
		Rewrite: rewrite,
		Transport: tryEach{&http.Transport{
			DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost: 64, IdleConnTimeout: answerTimeout, DisableCompression: true,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // NGINX' own default, which the platform leaves
		}},
		ModifyResponse: func(response *http.Response) error {
			of(response.Request.Context()).route.setHeaders(response.Header)
			return nil
		},
		ErrorHandler:  refuse,
		FlushInterval: -1, // what an application says a bit at a time is passed on so
	}
	return p
}

// request is what was found out about a request.
type request struct {
	route                      *route
	settings                   settings
	client, scheme, host, port string
	forwardedFor, id           string // as they came
}

type requestKey struct{}

func of(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

func (p *proxy) ServeHTTP(response http.ResponseWriter, in *http.Request) {
	t := p.current.Load()
	host := in.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	asked := &request{route: t.find(host, in.URL.Path), settings: t.settings, client: t.settings.client(in.RemoteAddr, in.Header.Values("X-Forwarded-For"))}
	asked.scheme, asked.port = "http", "80"
	if in.TLS != nil {
		asked.scheme, asked.port = "https", "443"
	}
	asked.host = in.Host
	if t.settings.forwarded {
		asked.believe(in.Header)
	}
	counted := &countedWriter{ResponseWriter: response, status: http.StatusOK}
	defer func() { p.count(asked.route, counted.status) }()
	response = counted
	switch {
	case !t.settings.asked.answered(in.Header):
		http.Error(response, "403 Forbidden", http.StatusForbidden)
	case asked.route == nil:
		http.Error(response, "default backend - 404", http.StatusNotFound)
	case asked.route.access.closed:
		http.Error(response, "503 Service Temporarily Unavailable", http.StatusServiceUnavailable)
	case asked.scheme == "http" && (t.settings.onlyTLS || asked.route.onlyTLS || asked.route.redirect && t.certificate(host) != nil):
		http.Redirect(response, in, "https://"+host+in.URL.RequestURI(), http.StatusPermanentRedirect)
	case asked.route.elsewhere != "":
		http.Redirect(response, in, asked.route.elsewhere, http.StatusMovedPermanently)
	case asked.route.bodyLimit > 0 && in.ContentLength > asked.route.bodyLimit:
		http.Error(response, "413 Request Entity Too Large", http.StatusRequestEntityTooLarge)
	case !asked.route.access.admits(asked.client): // who is sent elsewhere is so in any case: NGINX does that before it looks at addresses
		http.Error(response, "403 Forbidden", http.StatusForbidden)
	case !asked.route.access.knows(in):
		response.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", asked.route.access.realm))
		http.Error(response, "401 Authorization Required", http.StatusUnauthorized)
	default:
		if limit := asked.route.bodyLimit; limit > 0 {
			in.Body = http.MaxBytesReader(response, in.Body, limit)
		}
		p.reverse.ServeHTTP(response, in.WithContext(context.WithValue(in.Context(), requestKey{}, asked)))
	}
}

// believe takes from a proxy's headers what the client asked the proxy for.
func (r *request) believe(header http.Header) {
	for name, field := range map[string]*string{"X-Forwarded-Proto": &r.scheme, "X-Forwarded-Host": &r.host, "X-Forwarded-Port": &r.port} {
		if value := header.Get(name); value != "" {
			*field = value
		}
	}
	r.forwardedFor = strings.Join(header.Values("X-Forwarded-For"), ", ")
	r.id = header.Get("X-Request-ID")
}

// rewrite makes the request that an application gets. What the client says of itself in these headers is not passed on.
func rewrite(request *httputil.ProxyRequest) {
	asked := of(request.In.Context())
	request.Out.URL.Scheme, request.Out.Host = "http", request.In.Host
	if asked.route.tls {
		request.Out.URL.Scheme = "https"
	}
	if asked.route.access.users != nil {
		request.Out.Header.Del("Authorization") // that was for the controller
	}
	forwardedFor := asked.client
	if asked.settings.fullForwarded && asked.forwardedFor != "" {
		forwardedFor = asked.forwardedFor + ", " + asked.client
	}
	id := asked.id
	if id == "" {
		random := make([]byte, 16)
		_, _ = rand.Read(random)
		id = hex.EncodeToString(random)
	}
	for name, value := range map[string]string{
		"X-Request-ID": id, "X-Real-IP": asked.client, "X-Forwarded-For": forwardedFor, "X-Forwarded-Host": asked.host,
		"X-Forwarded-Port": asked.port, "X-Forwarded-Proto": asked.scheme, "X-Forwarded-Scheme": asked.scheme, "X-Scheme": asked.scheme,
	} {
		request.Out.Header.Set(name, value)
	}
	for name, value := range asked.settings.upstream {
		request.Out.Header.Set(name, value)
		if value == "" {
			request.Out.Header.Del(name)
		}
	}
}

// errNobody: no pod of the Service is ready.
var errNobody = errors.New("no endpoint is ready")

// tryEach sends a request to one endpoint of its route, and to the next if it cannot be connected to.
type tryEach struct{ transport http.RoundTripper }

func (t tryEach) RoundTrip(out *http.Request) (*http.Response, error) {
	err := errNobody
	endpoints := of(out.Context()).route.next()
	for _, endpoint := range endpoints[:min(mostTries, len(endpoints))] {
		try := out.Clone(out.Context())
		try.URL.Host = endpoint
		if out.Body != nil {
			try.Body = io.NopCloser(out.Body) // a try that fails would close it; the proxy does so in the end
		}
		var response *http.Response
		response, err = t.transport.RoundTrip(try)
		var dial *net.OpError
		if err == nil || !errors.As(err, &dial) || dial.Op != "dial" {
			return response, err
		}
	}
	return nil, err
}

// refuse answers for an application that does not.
func refuse(response http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusBadGateway
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &large):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, errNobody):
		status = http.StatusServiceUnavailable
	case errors.As(err, &network) && network.Timeout():
		status = http.StatusGatewayTimeout
	}
	http.Error(response, strconv.Itoa(status)+" "+http.StatusText(status), status)
}

// countedWriter remembers an answer's status.
type countedWriter struct {
	http.ResponseWriter
	status int
}

func (w *countedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the server flush, and switch protocols.
func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// certificate is the one that a client is shown.
func (p *proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	t := p.current.Load()
	if found := t.certificate(strings.ToLower(hello.ServerName)); found != nil {
		return found, nil
	}
	if t.fallback != nil {
		return t.fallback, nil
	}
	return p.fallback, nil
}
