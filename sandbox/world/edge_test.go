package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// servingMachines are machines of which one answers.
type servingMachines struct {
	hosts.Machines
	address string
}

func (m servingMachines) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	if from.String() != emulator.EdgeAddress || to.String() != "203.0.113.7:80" {
		return nil, fmt.Errorf("%s asks %s", from, to)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", m.address)
}

func TestTheCDNServesWhatMachinesServe(t *testing.T) {
	w := &workspace.Workspace{Dir: t.TempDir(), Network: netip.MustParsePrefix(loopback.Prefix(t) + ".0/24")}
	cloud, err := emulator.New(emulator.Options{})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, cloud.Close()) })
	record := httptest.NewRequest(http.MethodPost, "/cdn/4.0/domains/iransre.ir/dns-records",
		strings.NewReader(`{"type": "a", "name": "demo", "ttl": 120, "cloud": true, "upstream_https": "http", "value": [{"ip": "203.0.113.7"}]}`))
	record.Header.Set("Authorization", "Apikey any")
	record.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	cloud.ServeHTTP(answer, record)
	assert.Equal(t, answer.Code, http.StatusCreated, answer.Body)

	assert.NilError(t, w.ChooseKind(workspace.Real))
	none, err := newEdge(w, cloud, nil, slog.New(slog.DiscardHandler))
	assert.NilError(t, err)
	assert.Equal(t, none.status(), (*Edge)(nil), "machines that serve nothing have no CDN before them")
	none.close()

	page := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprint(response, request.Host, " ", request.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(page.Close)
	e, err := newEdge(w, cloud, servingMachines{address: page.Listener.Addr().String()}, slog.New(slog.DiscardHandler))
	assert.NilError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serveAll(ctx, slog.New(slog.DiscardHandler), e.sites()...) }()
	t.Cleanup(func() { stop(); assert.NilError(t, <-served) })
	status := e.status()
	assert.DeepEqual(t, status.Names, []string{"demo.iransre.ir"})

	client := func() *http.Client {
		authority, err := os.ReadFile(w.Path("secrets", edgeAuthority+".crt"))
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authority)
		assert.Check(t, err)
		return &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool},
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				to := status.HTTP
				if strings.HasSuffix(address, ":443") {
					to = status.HTTPS
				}
				return (&net.Dialer{}).DialContext(ctx, "tcp", to)
			},
		}}
	}
	for url, want := range map[string]string{"https://demo.iransre.ir/": "demo.iransre.ir https", "http://demo.iransre.ir/": "demo.iransre.ir http"} {
		response, err := client().Get(url)
		assert.NilError(t, err)
		text, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		assert.NilError(t, response.Body.Close())
		assert.Equal(t, string(text), want)
		assert.Equal(t, response.Header.Get("X-Sid"), "1000")
	}
}
