package ingress_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const prefix = "nginx.ingress.kubernetes.io/"

// The CDN says from where somebody comes; whoever is not the CDN says so in vain, and what a client tells the CDN itself counts for nothing.
func TestWhoComesFromElsewhereIsRefused(t *testing.T) {
	office := map[string]string{prefix + "whitelist-source-range": "203.0.113.0/24,198.51.100.7"}
	for _, each := range []struct {
		name, proxies, said string
		status              int
	}{
		{"from the office, by the CDN", "127.0.0.0/8", "203.0.113.9", 200},
		{"the one address", "127.0.0.0/8", "198.51.100.7", 200},
		{"from elsewhere, by the CDN", "127.0.0.0/8", "192.0.2.1", 403},
		{"the CDN itself", "127.0.0.0/8", "", 403},
		{"who tells the CDN that he is at the office", "127.0.0.0/8", "203.0.113.9, 192.0.2.1", 403},
		{"who comes around the CDN and says so", "10.0.0.0/8", "203.0.113.9", 403},
		{"where nobody is believed", "", "203.0.113.9", 403},
	} {
		settings := map[string]string{"use-forwarded-headers": fmt.Sprint(each.proxies != "")}
		if each.proxies != "" {
			settings["proxy-real-ip-cidr"] = each.proxies
		}
		f := start(t, join(service("web", application(t, "web")), []runtime.Object{rules("page", "page.example", office, path{"/", false, "web"}), config(settings)})...)
		header := map[string]string{"Host": "page.example"}
		if each.said != "" {
			header["X-Forwarded-For"] = each.said
		}
		response, _ := f.ask(t, http.MethodGet, "http://"+f.http, nil, header)
		assert.Check(t, response.StatusCode == each.status, "%s: %d", each.name, response.StatusCode)
		f.stop()
	}
}

// admin's password is "open sesame": printf 'open sesame' | openssl sha1 -binary | base64
const passwords = "admin:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=\n"

func TestALoginIsAskedFor(t *testing.T) {
	login := map[string]string{prefix + "auth-type": "basic", prefix + "auth-secret": "page", prefix + "auth-realm": "prometheus"}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "page"}, Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"auth": []byte(passwords)},
	}
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{rules("page", "page.example", login, path{"/", false, "web"}), secret})...)
	ask := func(user, password string) (*http.Response, string) {
		header := map[string]string{"Host": "page.example"}
		if user != "" {
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.SetBasicAuth(user, password)
			header["Authorization"] = request.Header.Get("Authorization")
		}
		return f.ask(t, http.MethodGet, "http://"+f.http+"/?headers=Authorization", nil, header)
	}
	response, _ := ask("", "")
	assert.Equal(t, response.StatusCode, http.StatusUnauthorized)
	assert.Equal(t, response.Header.Get("WWW-Authenticate"), `Basic realm="prometheus"`)
	for user, password := range map[string]string{"admin": "sesame", "nobody": "open sesame", "admin ": "open sesame"} {
		response, _ = ask(user, password)
		assert.Equal(t, response.StatusCode, http.StatusUnauthorized, user)
	}
	response, text := ask("admin", "open sesame")
	assert.Equal(t, response.StatusCode, http.StatusOK)
	assert.Equal(t, text, `web ""`, "the application is not told the password")
}

// A page whose rules cannot be held is closed, and not open to all.
func TestWhatCannotBeHeldIsClosed(t *testing.T) {
	for name, annotations := range map[string]map[string]string{
		"no Secret":     {prefix + "auth-type": "basic", prefix + "auth-secret": "page"},
		"no range":      {prefix + "whitelist-source-range": "office"},
		"another login": {prefix + "auth-type": "digest", prefix + "auth-secret": "page"},
	} {
		f := start(t, join(service("web", application(t, "web")), []runtime.Object{rules("page", "page.example", annotations, path{"/", false, "web"})})...)
		status, _ := f.get(t, "page.example", "/")
		assert.Check(t, status == http.StatusServiceUnavailable, "%s: %d", name, status)
		f.stop()
	}
}

func TestAPageIsHadByHTTPSOnlyIfItSaysSo(t *testing.T) {
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{
		rules("page", "page.example", map[string]string{prefix + "force-ssl-redirect": "true"}, path{"/", false, "web"}),
		config(map[string]string{"use-forwarded-headers": "true", "proxy-real-ip-cidr": "127.0.0.0/8"}),
	})...)
	for scheme, want := range map[string]int{"http": http.StatusPermanentRedirect, "https": http.StatusOK} {
		response, _ := f.ask(t, http.MethodGet, "http://"+f.http+"/a", nil, map[string]string{"Host": "page.example", "X-Forwarded-Proto": scheme})
		assert.Equal(t, response.StatusCode, want, scheme)
	}
}

func TestAnApplicationThatSpeaksTLSIsSpokenToSo(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, "kibana") }))
	t.Cleanup(server.Close)
	f := start(t, join(service("web", server.Listener.Addr().String()), []runtime.Object{
		rules("page", "page.example", map[string]string{prefix + "backend-protocol": "HTTPS"}, path{"/", false, "web"}),
	})...)
	status, text := f.get(t, "page.example", "/")
	assert.Equal(t, fmt.Sprint(status, text), "200kibana")
}
