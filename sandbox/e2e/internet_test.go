//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// newInternet is what a program takes for the internet, as variables for it: each of these hosts is a handler here, and there is no
// other host. So it talks TLS with the names that it knows, and nothing has to be told of a sandbox.
func newInternet(t *testing.T, hosts map[string]http.Handler) []string {
	t.Helper()
	pair, certificate := certificateFor(t, slices.Sorted(maps.Keys(hosts)))
	sites := httptest.NewUnstartedServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		hosts[request.Host].ServeHTTP(response, request)
	}))
	sites.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	sites.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that are killed
	sites.StartTLS()
	proxy := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		name, _, err := net.SplitHostPort(request.Host)
		if request.Method != http.MethodConnect || err != nil || hosts[name] == nil {
			http.Error(response, request.Host+" is not part of this internet", http.StatusBadGateway)
			return
		}
		tunnel(response, sites.Listener.Addr().String())
	}))
	t.Cleanup(func() {
		sites.CloseClientConnections()
		sites.Close()
		proxy.Close()
	})
	return []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + certificate}
}

// tunnel joins a client of a proxy with an address.
func tunnel(response http.ResponseWriter, address string) {
	far, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadGateway)
		return
	}
	response.WriteHeader(http.StatusOK)
	near, _, err := http.NewResponseController(response).Hijack()
	if err != nil {
		far.Close()
		return
	}
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
	near.Close()
}

// certificateFor is a key pair for servers of these names, and the file of its certificate, which is its own authority.
func certificateFor(t *testing.T, names []string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NilError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	assert.NilError(t, err)
	file := filepath.Join(t.TempDir(), "authority.pem")
	assert.NilError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
