package emulator_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// keyPair makes a certificate that signs itself, as PEM.
func keyPair(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NilError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "us"}, DNSNames: []string{"iransre.ir"}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	assert.NilError(t, err)
	encoded, err := x509.MarshalECPrivateKey(private)
	assert.NilError(t, err)
	block := func(kind string, data []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}) }
	return block("CERTIFICATE", der), block("EC PRIVATE KEY", encoded)
}

// upload sends files as a form.
func (a *account) upload(status int, path string, files map[string][]byte) {
	a.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, content := range files {
		part, err := form.CreateFormFile(name, name+".pem")
		assert.NilError(a.t, err)
		_, err = part.Write(content)
		assert.NilError(a.t, err)
	}
	assert.NilError(a.t, form.Close())
	request, err := http.NewRequestWithContext(a.t.Context(), "POST", a.server.URL+path, io.Reader(&body))
	assert.NilError(a.t, err)
	request.Header.Set("Authorization", "Apikey "+key)
	request.Header.Set("Content-Type", form.FormDataContentType())
	got, err := a.send(request)
	assert.NilError(a.t, err)
	assert.Equal(a.t, got.status, status, "%s", got.raw)
	assert.Assert(a.t, json.Valid(got.raw) && len(got.body.Data) == 0, "the reply tells no id")
}

// An uploaded certificate shows in the settings, can be chosen, and is not deleted while it is in use.
func TestUploadedCertificate(t *testing.T) {
	a := open(t, emulator.Options{})
	certificate, private := keyPair(t)
	_, other := keyPair(t)
	a.upload(422, demo+"/ssl/certificates", map[string][]byte{"certificate": certificate})
	a.upload(422, demo+"/ssl/certificates", map[string][]byte{"certificate": certificate, "private_key": other})
	a.call(422, "POST", demo+"/ssl/certificates", map[string]any{"certificate": string(certificate)})
	a.upload(201, demo+"/ssl/certificates", map[string][]byte{"certificate": certificate, "private_key": private})

	shown := a.call(200, "GET", demo+"/ssl", nil).object()["certificates"].([]any)[0].(map[string]any)
	assert.Equal(t, shown["type"], "user")
	assert.Equal(t, shown["key_type"], "ec")
	assert.DeepEqual(t, shown["domain_names"], []any{"iransre.ir"})
	id := shown["id"].(string)
	assert.Equal(t, a.call(200, "PATCH", demo+"/ssl", map[string]any{"certificate": id}).object()["certificate_mode"], "custom")
	a.call(422, "DELETE", demo+"/ssl/certificates/"+id, nil)
	a.call(200, "PATCH", demo+"/ssl", map[string]any{"certificate": "managed"})
	a.call(200, "DELETE", demo+"/ssl/certificates/"+id, nil)
	a.call(404, "DELETE", demo+"/ssl/certificates/"+id, nil)
}

// A managed certificate is ordered when HTTPS is switched on, and is there some reads later.
func TestManagedCertificate(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(422, "POST", demo+"/ssl/orders/action/retry", nil)
	settings := a.call(200, "PATCH", demo+"/ssl", map[string]any{"ssl_status": true}).object()
	assert.Equal(t, len(settings["certificates"].([]any)), 0)
	assert.Equal(t, settings["orders"].([]any)[0].(map[string]any)["status"], "processing")
	a.call(201, "POST", demo+"/ssl/orders/action/retry", nil)
	for a.call(200, "GET", demo+"/ssl/orders", nil).list()[0]["status"] != "valid" {
		continue
	}
	managed := a.call(200, "GET", demo+"/ssl", nil).object()["certificates"].([]any)[0].(map[string]any)
	assert.Equal(t, managed["type"], "arvan")
}
