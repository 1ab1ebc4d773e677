package ingress_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/iransre/exchange-platform/sandbox/ingress"
)

// front is a controller that runs over a fake cluster.
type front struct {
	client              kubernetes.Interface
	http, https, health string
	stop                func()
}

func start(t *testing.T, objects ...runtime.Object) *front {
	t.Helper()
	return startWith(t, func(*ingress.Options) {}, objects...)
}

func startWith(t *testing.T, with func(*ingress.Options), objects ...runtime.Object) *front {
	t.Helper()
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		assert.NilError(t, err)
		return listener
	}
	f := &front{client: fake.NewClientset(objects...)}
	options := ingress.Options{
		Client: f.client, Class: "nginx", ConfigMap: "ingress-nginx/ingress-nginx-controller",
		HTTP: listen(), HTTPS: listen(), Health: listen(), Logger: slog.New(slog.DiscardHandler),
	}
	with(&options)
	f.http, f.https, f.health = options.HTTP.Addr().String(), options.HTTPS.Addr().String(), options.Health.Addr().String()
	controller, err := ingress.New(options)
	assert.NilError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- controller.Run(ctx) }()
	f.stop = func() {
		cancel()
		assert.NilError(t, <-ended)
	}
	t.Cleanup(cancel)
	f.eventually(t, "http://"+f.health+"/healthz", "", http.StatusOK, "ok\n")
	return f
}

func (f *front) ask(t *testing.T, method, url string, body io.Reader, header map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	assert.NilError(t, err)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	request.Host = header["Host"]
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	response, err := client.Do(request)
	assert.NilError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	return response, string(text)
}

func (f *front) get(t *testing.T, host, path string) (int, string) {
	t.Helper()
	response, text := f.ask(t, http.MethodGet, "http://"+f.http+path, nil, map[string]string{"Host": host})
	return response.StatusCode, text
}

func (f *front) eventually(t *testing.T, url, host string, status int, text string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		response, said := f.ask(t, http.MethodGet, url, nil, map[string]string{"Host": host})
		if response.StatusCode == status && said == text {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s answers %d: %s", url, response.StatusCode, said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// application answers with its name, and with what it was told of the client if it is asked for a header.
func application(t *testing.T, name string) string {
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		fmt.Fprint(response, name)
		for header := range strings.FieldsSeq(request.URL.Query().Get("headers")) {
			fmt.Fprintf(response, " %q", request.Header.Get(header))
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// service is a Service with a port named http, and these endpoints.
func service(name string, endpoints ...string) []runtime.Object {
	objects := []runtime.Object{&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}}
	for i, endpoint := range endpoints {
		address := netip.MustParseAddrPort(endpoint)
		port, portName := int32(address.Port()), "http"
		objects = append(objects, &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("%s-%d", name, i), Labels: map[string]string{discoveryv1.LabelServiceName: name}},
			Ports:      []discoveryv1.EndpointPort{{Name: &portName, Port: &port}},
			Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{address.Addr().String()}}},
		})
	}
	return objects
}

type path struct {
	path  string
	exact bool
	to    string
}

func rules(name, host string, annotations map[string]string, paths ...path) *networkingv1.Ingress {
	class := "nginx"
	http := &networkingv1.HTTPIngressRuleValue{}
	for _, each := range paths {
		kind := networkingv1.PathTypePrefix
		if each.exact {
			kind = networkingv1.PathTypeExact
		}
		http.Paths = append(http.Paths, networkingv1.HTTPIngressPath{Path: each.path, PathType: &kind, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: each.to, Port: networkingv1.ServiceBackendPort{Name: "http"}},
		}})
	}
	return &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Annotations: annotations},
		Spec: networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{
			{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: http}},
		}},
	}
}

func config(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}, Data: data}
}

func join(lists ...[]runtime.Object) (all []runtime.Object) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func TestRequestsGoWhereTheirHostAndPathLead(t *testing.T) {
	web, api, any := application(t, "web"), application(t, "api"), application(t, "any")
	other := rules("other", "other.example", nil, path{"/", false, "web"})
	className := "else"
	other.Spec.IngressClassName = &className
	f := start(t, join(service("web", web), service("api", api), service("any", any), service("denied"), []runtime.Object{
		rules("web", "shop.example", nil, path{"/", false, "web"}, path{"/api/", false, "api"}, path{"/api/one", true, "web"}, path{"/metrics", false, "denied"}),
		rules("any", "*.shop.example", nil, path{"/", false, "any"}), other,
	})...)
	for _, each := range []struct {
		host, path string
		status     int
		text       string
	}{
		{"shop.example", "/", 200, "web"},
		{"SHOP.example:8080", "/apis", 200, "web"},
		{"shop.example", "/api", 200, "api"},
		{"shop.example", "/api/two?x=/", 200, "api"},
		{"shop.example", "/api/one", 200, "web"},
		{"shop.example", "/metrics/x", 503, "503 Service Unavailable\n"},
		{"a.shop.example", "/", 200, "any"},
		{"other.example", "/", 404, "default backend - 404\n"},
	} {
		status, text := f.get(t, each.host, each.path)
		assert.Equal(t, fmt.Sprint(status, text), fmt.Sprint(each.status, each.text), "%s%s", each.host, each.path)
	}
	_, metrics := f.ask(t, http.MethodGet, "http://"+f.health+"/metrics", nil, nil)
	assert.Assert(t, strings.Contains(metrics, `nginx_ingress_controller_requests{ingress="web",namespace="shop",service="denied",status="503"} 1`), metrics)

	// a change is followed, and the last requests are answered
	_, err := f.client.NetworkingV1().Ingresses("shop").Create(t.Context(), rules("late", "late.example", nil, path{"/", false, "api"}), metav1.CreateOptions{})
	assert.NilError(t, err)
	f.eventually(t, "http://"+f.http, "late.example", http.StatusOK, "api")
	f.stop()
}

func TestAnEndpointThatIsGoneIsPassedOver(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	assert.NilError(t, gone.Close())
	f := start(t, join(service("web", gone.Addr().String(), application(t, "web")), []runtime.Object{
		rules("web", "shop.example", nil, path{"/", false, "web"}),
	})...)
	for range 4 {
		response, text := f.ask(t, http.MethodPost, "http://"+f.http, strings.NewReader("a body"), map[string]string{"Host": "shop.example"})
		assert.Equal(t, response.StatusCode, http.StatusOK)
		assert.Equal(t, text, "web")
	}
}

func TestBodiesAreAsLargeAsTheSettingsSay(t *testing.T) {
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{
		config(map[string]string{"proxy-body-size": "2k"}),
		rules("web", "shop.example", nil, path{"/", false, "web"}),
		rules("more", "more.example", map[string]string{"nginx.ingress.kubernetes.io/proxy-body-size": "1m"}, path{"/", false, "web"}),
	})...)
	for host, want := range map[string]int{"shop.example": http.StatusRequestEntityTooLarge, "more.example": http.StatusOK} {
		large := strings.Repeat("x", 3<<10)
		for kind, body := range map[string]io.Reader{"known": strings.NewReader(large), "chunked": io.MultiReader(strings.NewReader(large))} {
			response, _ := f.ask(t, http.MethodPost, "http://"+f.http, body, map[string]string{"Host": host})
			assert.Equal(t, response.StatusCode, want, "%s, %s", host, kind)
		}
	}
}

func TestOnlyProxiesSayWhoTheClientIs(t *testing.T) {
	web := service("web", application(t, "web"))
	route := rules("web", "shop.example", nil, path{"/", false, "web"})
	asked := "/?headers=X-Real-IP+X-Forwarded-For+X-Forwarded-Proto"
	told := map[string]string{"Host": "shop.example", "X-Forwarded-For": "9.9.9.9, 5.200.1.7, 127.3.3.3", "X-Forwarded-Proto": "https"}
	for proxies, want := range map[string]string{
		"127.0.0.0/8":         `web "5.200.1.7" "5.200.1.7" "https"`,
		"10.0.0.0/8, ::1/128": `web "127.0.0.1" "127.0.0.1" "https"`,
		"":                    `web "127.0.0.1" "127.0.0.1" "http"`,
	} {
		settings := map[string]string{"use-forwarded-headers": fmt.Sprint(proxies != "")}
		if proxies != "" {
			settings["proxy-real-ip-cidr"] = proxies
		}
		f := start(t, join(web, []runtime.Object{route, config(settings)})...)
		_, text := f.ask(t, http.MethodGet, "http://"+f.http+asked, nil, told)
		assert.Equal(t, text, want, proxies)
		f.stop()
	}
}

func TestCustomHeadersAreAddedIfTheyAreAllowed(t *testing.T) {
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{
		config(map[string]string{"global-allowed-response-headers": "Cache-Control"}),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "private"}, Data: map[string]string{"Cache-Control": "no-store", "Server": "me"}},
		rules("web", "shop.example", map[string]string{"nginx.ingress.kubernetes.io/custom-headers": "shop/private"}, path{"/", false, "web"}),
	})...)
	response, _ := f.ask(t, http.MethodGet, "http://"+f.http, nil, map[string]string{"Host": "shop.example"})
	assert.Equal(t, response.Header.Get("Cache-Control"), "no-store")
	assert.Equal(t, response.Header.Get("Server"), "")
}

func TestHostsHaveTheirCertificatesAndAreServedWithThem(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	secured := rules("web", "example.com", nil, path{"/", false, "web"})
	secured.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"example.com"}, SecretName: "tls"}}
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{secured, certificateOf(t, server, "shop", "tls")})...)
	response, _ := f.ask(t, http.MethodGet, "http://"+f.http+"/a?b=c", nil, map[string]string{"Host": "example.com"})
	assert.Equal(t, response.StatusCode, http.StatusPermanentRedirect)
	assert.Equal(t, response.Header.Get("Location"), "https://example.com/a?b=c")
	for host, name := range map[string]string{"example.com": "Acme Co", "elsewhere.example": "Kubernetes Ingress Controller Fake Certificate"} {
		connection, err := tls.Dial("tcp", f.https, &tls.Config{ServerName: host, InsecureSkipVerify: true})
		assert.NilError(t, err)
		subject := connection.ConnectionState().PeerCertificates[0].Subject.String()
		assert.Assert(t, strings.Contains(subject, name), subject)
		assert.NilError(t, connection.Close())
	}
}

// certificateOf is the certificate for example.com that httptest has, and its key.
func certificateOf(t *testing.T, server *httptest.Server, namespace, name string) *corev1.Secret {
	t.Helper()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	assert.NilError(t, err)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
			corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		},
	}
}

func TestHostsWithoutACertificateAreServedWithTheDefaultOne(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	f := startWith(t, func(options *ingress.Options) { options.Certificate = "ingress-nginx/given" }, join(service("web", application(t, "web")), []runtime.Object{
		rules("web", "example.com", nil, path{"/", false, "web"}), certificateOf(t, server, "ingress-nginx", "given"),
		config(map[string]string{"force-ssl-redirect": "true"}),
	})...)
	response, _ := f.ask(t, http.MethodGet, "http://"+f.http+"/a", nil, map[string]string{"Host": "example.com"})
	assert.Equal(t, response.Header.Get("Location"), "https://example.com/a")
	connection, err := tls.Dial("tcp", f.https, &tls.Config{ServerName: "example.com", RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
	assert.NilError(t, err, "a client checks it")
	assert.NilError(t, connection.Close())
}

func TestRequestsWithoutTheHeaderThatIsAskedForAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "origin-key.conf")
	assert.NilError(t, os.WriteFile(file, []byte("map $http_x_cdn_key $from_origin {\n  default 0;\n  \"hush\" 1;\n}\n"), 0o600))
	headers := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: "headers"}, Data: map[string]string{"X-Cdn-Key": ""},
	}
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{
		rules("web", "shop.example", nil, path{"/", false, "web"}), headers, config(map[string]string{
			"http-snippet": "include " + file + ";", "server-snippet": "if ($from_origin = 0) { return 403; }", "proxy-set-headers": "ingress-nginx/headers",
		}),
	})...)
	f.eventually(t, "http://"+f.http+"/", "shop.example", http.StatusForbidden, "403 Forbidden\n")
	for key, wanted := range map[string]string{"": "403 403 Forbidden\n", "guess": "403 403 Forbidden\n", "hush": `200 web "" "shop.example"`} {
		header := map[string]string{"Host": "shop.example", "X-Cdn-Key": key}
		response, text := f.ask(t, http.MethodGet, "http://"+f.http+"/?headers=X-Cdn-Key+X-Forwarded-Host", nil, header)
		assert.Equal(t, fmt.Sprint(response.StatusCode, " ", text), wanted, "key %q", key)
	}
	status, _ := f.get(t, "elsewhere.example", "/")
	assert.Equal(t, status, http.StatusForbidden)
}

func TestASnippetThatIsNotUnderstoodKeepsWhatWasServed(t *testing.T) {
	f := start(t, join(service("web", application(t, "web")), []runtime.Object{rules("web", "shop.example", nil, path{"/", false, "web"}), config(nil)})...)
	f.eventually(t, "http://"+f.http+"/", "shop.example", http.StatusOK, "web")
	_, err := f.client.CoreV1().ConfigMaps("ingress-nginx").Update(t.Context(), config(map[string]string{"server-snippet": "return 403;"}), metav1.UpdateOptions{})
	assert.NilError(t, err)
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, metrics := f.ask(t, http.MethodGet, "http://"+f.health+"/metrics", nil, nil)
		if strings.Contains(metrics, "nginx_ingress_controller_config_last_reload_successful 0") {
			break
		}
		assert.Assert(t, time.Now().Before(deadline), metrics)
		time.Sleep(20 * time.Millisecond)
	}
	status, _ := f.get(t, "shop.example", "/")
	assert.Equal(t, status, http.StatusOK)
}

func TestAHostThatSendsBrowsersElsewhere(t *testing.T) {
	f := start(t, join(service("web"), []runtime.Object{
		rules("www", "www.shop.example", map[string]string{"nginx.ingress.kubernetes.io/permanent-redirect": "https://shop.example"}, path{"/", false, "web"}),
		rules("variable", "variable.shop.example", map[string]string{"nginx.ingress.kubernetes.io/permanent-redirect": "https://shop.example$request_uri"}, path{"/", false, "web"}),
	})...)
	f.eventually(t, "http://"+f.http+"/a?b=c", "www.shop.example", http.StatusMovedPermanently, "<a href=\"https://shop.example\">Moved Permanently</a>.\n\n")
	status, _ := f.get(t, "variable.shop.example", "/")
	assert.Equal(t, status, http.StatusNotFound)
}

// Whoever waits for an Ingress to be well waits for its address.
func TestIngressObjectsAreToldWhereTheyAreReached(t *testing.T) {
	pod := func(name, machine string, phase corev1.PodPhase, labels map[string]string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: name, Labels: labels}, Status: corev1.PodStatus{Phase: phase, HostIP: machine}}
	}
	ours := map[string]string{"app": "controller", "controller-revision-hash": "new"}
	class, other := "nginx", "other"
	object := func(name string, class *string) *networkingv1.Ingress {
		return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: networkingv1.IngressSpec{IngressClassName: class}}
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: "controller"}}
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.7"}}
	objects := []runtime.Object{
		object("web", &class), object("others", &other), service, pod("own", "10.0.0.12", corev1.PodRunning, ours),
		pod("older", "10.0.0.9", corev1.PodRunning, map[string]string{"app": "controller", "controller-revision-hash": "old"}),
		pod("failed", "10.0.0.13", corev1.PodFailed, ours), pod("stranger", "10.0.0.14", corev1.PodRunning, map[string]string{"app": "web"}),
	}
	for published, wanted := range map[string][]string{"": {"10.0.0.9", "10.0.0.12"}, "ingress-nginx/controller": {"192.0.2.7"}} {
		f := startWith(t, func(options *ingress.Options) {
			options.Namespace, options.Pod, options.PublishService = "ingress-nginx", "own", published
		}, objects...)
		told := func(name string) (addresses []string) {
			found, err := f.client.NetworkingV1().Ingresses("shop").Get(t.Context(), name, metav1.GetOptions{})
			assert.NilError(t, err)
			for _, each := range found.Status.LoadBalancer.Ingress {
				addresses = append(addresses, each.IP)
			}
			return addresses
		}
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if addresses := told("web"); !slices.Equal(addresses, wanted) {
				return poll.Continue("%v", addresses)
			}
			return poll.Success()
		}, poll.WithDelay(10*time.Millisecond))
		assert.Equal(t, len(told("others")), 0)
		f.stop()
	}
}
