//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/world"
)

// home is the exchange's page.
const home = "https://demo.iransre.ir/"

// What of the page tells that something is there: the gift that a task gives to new users, an order, and what a task found out about a
// picture that it read from the object storage.
const (
	gift  = "<td>100000</td>"
	order = "<td>100.00</td>"
)

var digest = regexp.MustCompile(`<img src="https://[^"]*/media/pictures/[^>]*><figcaption><code>[0-9a-f]{16}</code>`)

// visitor is a user of the exchange, who trusts the CDN's authority and finds it without a DNS.
type visitor struct{ client *http.Client }

func newVisitor(t *testing.T, s *sandbox) *visitor {
	t.Helper()
	status, err := world.Ask(t.Context(), s.Workspace)
	assert.NilError(t, err)
	authority, err := os.ReadFile(s.Path("secrets", world.EdgeAuthorityFile))
	assert.NilError(t, err)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	jar, err := cookiejar.New(nil)
	assert.NilError(t, err)
	return &visitor{&http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true, // the CDN may be another process by the next request
		TLSClientConfig:   &tls.Config{RootCAs: trusted},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", status.Edge.HTTPS)
		},
	}}}
}

// send returns the page that a request ends at.
func (v *visitor) send(request *http.Request) (string, error) {
	request.Header.Set("Accept-Language", "en")
	response, err := v.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return string(text), err
}

func (v *visitor) get(path string) (string, error) {
	request, err := http.NewRequest(http.MethodGet, home+path, nil)
	if err != nil {
		return "", err
	}
	return v.send(request)
}

// sees waits until the page is so.
func (v *visitor) sees(t *testing.T, what string, is func(page string) bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		page, err := v.get("")
		if err == nil && is(page) {
			return poll.Success()
		}
		return poll.Continue("%s: %v %s", what, err, page)
	}, poll.WithDelay(time.Second), poll.WithTimeout(5*time.Minute))
}

// post sends a form as a browser does, with the token that its page has.
func (v *visitor) post(t *testing.T, path, kind string, body io.Reader) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, home+path, body)
	assert.NilError(t, err)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Referer", home)
	request.Header.Set("X-CSRFToken", v.token(t))
	page, err := v.send(request)
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(page, `class="errorlist"`) && !strings.Contains(page, `class="message"`), "%s is not taken: %s", path, page)
}

func (v *visitor) token(t *testing.T) string {
	t.Helper()
	_, err := v.get("signup/")
	assert.NilError(t, err)
	address, err := url.Parse(home)
	assert.NilError(t, err)
	for _, cookie := range v.client.Jar.Cookies(address) {
		if cookie.Name == "csrftoken" {
			return cookie.Value
		}
	}
	t.Fatal("the page gives no token")
	return ""
}

func (v *visitor) form(t *testing.T, path string, fields url.Values) {
	t.Helper()
	v.post(t, path, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
}

func (v *visitor) signUp(t *testing.T, name string) {
	t.Helper()
	const password = "a-password-of-tests"
	v.form(t, "signup/", url.Values{"username": {name}, "password1": {password}, "password2": {password}})
}

// buys places an order at the price of order.
func (v *visitor) buys(t *testing.T) {
	t.Helper()
	v.form(t, "orders/", url.Values{"side": {"buy"}, "price": {"100"}, "amount": {"2"}})
}

func (v *visitor) uploads(t *testing.T) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "picture.png")
	assert.NilError(t, err)
	assert.NilError(t, png.Encode(file, image.NewGray(image.Rect(0, 0, 8, 8))))
	assert.NilError(t, form.Close())
	v.post(t, "pictures/", form.FormDataContentType(), &body)
}

// hasAll tells whether a page has what a visitor has left there.
func hasAll(page string) bool { return strings.Contains(page, order) && digest.MatchString(page) }
