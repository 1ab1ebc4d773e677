package ingress

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// annotation is the prefix of ingress-nginx' annotations.
const annotation = "nginx.ingress.kubernetes.io/"

// objects are what a table is made of.
type objects struct {
	class       string
	certificate string // namespace/name of the one for hosts without
	settings    settings
	ingresses   []*networkingv1.Ingress
	service     func(namespace, name string) *corev1.Service
	slices      func(namespace, service string) []*discoveryv1.EndpointSlice
	secret      func(namespace, name string) *corev1.Secret // of certificates
	passwords   func(namespace, name string) *corev1.Secret // of logins
	configMap   func(namespace, name string) *corev1.ConfigMap
}

// table is where requests go, as the cluster's objects said at one moment.
type table struct {
	settings     settings
	routes       map[string][]*route // by host: "shop.example", "*.shop.example", "" for every other
	certificates map[string]*tls.Certificate
	fallback     *tls.Certificate // nil: the controller's own
	problems     []string
}

// route is one path of one Ingress.
type route struct {
	namespace, ingress, service string
	path                        string
	exact                       bool
	bodyLimit                   int64
	redirect                    bool // to HTTPS, where the host has a certificate
	onlyTLS                     bool // to HTTPS in any case
	tls                         bool // the application speaks nothing else; its certificate is not checked, as NGINX does not
	access                      access
	elsewhere                   string // where requests are sent instead
	headers                     map[string]string
	endpoints                   []string
	turn                        atomic.Uint32
}

// serves tells whether an Ingress is of the class that is served.
func (o objects) serves(ingress *networkingv1.Ingress) bool {
	if name := ingress.Spec.IngressClassName; name != nil {
		return *name == o.class
	}
	return ingress.Annotations["kubernetes.io/ingress.class"] == o.class
}

func newTable(o objects) *table {
	t := &table{settings: o.settings, routes: map[string][]*route{}, certificates: map[string]*tls.Certificate{}}
	// the oldest one has a path that two ask for
	sorted := slices.SortedFunc(slices.Values(o.ingresses), func(a, b *networkingv1.Ingress) int {
		if order := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); order != 0 {
			return order
		}
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	for _, ingress := range sorted {
		if o.serves(ingress) {
			t.add(o, ingress)
		}
	}
	if namespace, name, named := strings.Cut(o.certificate, "/"); named {
		var err error
		if t.fallback, err = pair(o.secret(namespace, name), name); err != nil {
			t.problems = append(t.problems, "default-ssl-certificate: "+err.Error())
		}
	}
	for host := range t.routes {
		slices.SortStableFunc(t.routes[host], func(a, b *route) int {
			if a.path == b.path && a.exact != b.exact {
				if a.exact {
					return -1
				}
				return 1
			}
			return len(b.path) - len(a.path)
		})
	}
	return t
}

func (t *table) problem(ingress *networkingv1.Ingress, format string, values ...any) {
	t.problems = append(t.problems, fmt.Sprintf("Ingress %s/%s: ", ingress.Namespace, ingress.Name)+fmt.Sprintf(format, values...))
}

func (t *table) add(o objects, ingress *networkingv1.Ingress) {
	// as ingress-nginx' validation of annotations, which leaves out the whole Ingress
	if strings.Contains(ingress.Annotations[annotation+"permanent-redirect"], "$") {
		t.problem(ingress, "permanent-redirect is no address")
		return
	}
	common := route{
		namespace: ingress.Namespace, ingress: ingress.Name, bodyLimit: t.settings.bodyLimit, redirect: ingress.Annotations[annotation+"ssl-redirect"] != "false",
		elsewhere: ingress.Annotations[annotation+"permanent-redirect"], access: t.readAccess(o, ingress),
		onlyTLS: ingress.Annotations[annotation+"force-ssl-redirect"] == "true", tls: ingress.Annotations[annotation+"backend-protocol"] == "HTTPS",
	}
	if text := ingress.Annotations[annotation+"proxy-body-size"]; text != "" {
		limit, err := readSize(text)
		if err != nil {
			t.problem(ingress, "proxy-body-size: %v", err)
		} else {
			common.bodyLimit = limit
		}
	}
	if name := ingress.Annotations[annotation+"custom-headers"]; name != "" {
		common.headers = t.customHeaders(o, ingress, name)
	}
	if backend := ingress.Spec.DefaultBackend; backend != nil {
		t.addPath(o, ingress, "", common.to("/", false), backend)
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			exact := path.PathType != nil && *path.PathType == networkingv1.PathTypeExact
			t.addPath(o, ingress, rule.Host, common.to(path.Path, exact), &path.Backend)
		}
	}
	for _, entry := range ingress.Spec.TLS {
		t.addCertificate(o, ingress, entry)
	}
}

// to is a route like r, for one path.
func (r *route) to(path string, exact bool) *route {
	return &route{
		namespace: r.namespace, ingress: r.ingress, bodyLimit: r.bodyLimit, redirect: r.redirect, elsewhere: r.elsewhere, headers: r.headers,
		onlyTLS: r.onlyTLS, tls: r.tls, access: r.access,
		path: "/" + strings.TrimPrefix(path, "/"), exact: exact,
	}
}

func (t *table) customHeaders(o objects, ingress *networkingv1.Ingress, name string) map[string]string {
	namespace, object, qualified := strings.Cut(name, "/")
	if !qualified {
		namespace, object = ingress.Namespace, name
	}
	source := o.configMap(namespace, object)
	if source == nil {
		t.problem(ingress, "custom-headers: there is no ConfigMap %s/%s", namespace, object)
		return nil
	}
	headers := maps.Clone(source.Data)
	for header := range headers {
		if !slices.Contains(t.settings.allowed, strings.ToLower(header)) {
			t.problem(ingress, "custom-headers: %s is not among global-allowed-response-headers", header)
			delete(headers, header)
		}
	}
	return headers
}

func (t *table) addPath(o objects, ingress *networkingv1.Ingress, host string, r *route, backend *networkingv1.IngressBackend) {
	if backend.Service == nil {
		t.problem(ingress, "path %s leads to no Service", r.path)
		return
	}
	r.service = backend.Service.Name
	t.routes[host] = append(t.routes[host], r)
	service := o.service(r.namespace, r.service)
	if service == nil {
		t.problem(ingress, "there is no Service %s", r.service)
		return
	}
	for _, port := range service.Spec.Ports {
		if port.Port == backend.Service.Port.Number || port.Name != "" && port.Name == backend.Service.Port.Name {
			r.endpoints = endpoints(o.slices(r.namespace, r.service), port.Name)
			return
		}
	}
	t.problem(ingress, "Service %s has no port %s%d", r.service, backend.Service.Port.Name, backend.Service.Port.Number)
}

// endpoints are the addresses of the pods that are ready.
func endpoints(all []*discoveryv1.EndpointSlice, portName string) []string {
	var found []string
	for _, slice := range all {
		for _, port := range slice.Ports {
			if port.Port == nil || port.Name != nil && *port.Name != portName {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				if ready := endpoint.Conditions.Ready; ready != nil && !*ready {
					continue
				}
				for _, address := range endpoint.Addresses {
					found = append(found, fmt.Sprintf("%s:%d", address, *port.Port))
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (t *table) addCertificate(o objects, ingress *networkingv1.Ingress, entry networkingv1.IngressTLS) {
	certificate, err := pair(o.secret(ingress.Namespace, entry.SecretName), entry.SecretName)
	if err != nil {
		t.problem(ingress, "%v", err)
		return
	}
	hosts := entry.Hosts
	if len(hosts) == 0 {
		hosts = certificate.Leaf.DNSNames
	}
	for _, host := range hosts {
		if t.certificates[host] == nil {
			t.certificates[host] = certificate
		}
	}
}

// pair reads a certificate and its key.
func pair(secret *corev1.Secret, name string) (*tls.Certificate, error) {
	if secret == nil {
		return nil, fmt.Errorf("there is no Secret %s of the type %s", name, corev1.SecretTypeTLS)
	}
	certificate, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, fmt.Errorf("Secret %s: %w", name, err)
	}
	return &certificate, nil
}

// find is the route of a request, or nil. A host that has routes of its own is not looked for elsewhere.
func (t *table) find(host, path string) *route {
	routes := lookUp(host, func(name string) []*route { return t.routes[name] }, func(found []*route) bool { return found != nil })
	if routes == nil {
		routes = t.routes[""]
	}
	for _, r := range routes {
		if r.matches(path) {
			return r
		}
	}
	return nil
}

func (t *table) certificate(host string) *tls.Certificate {
	return lookUp(host, func(name string) *tls.Certificate { return t.certificates[name] }, func(found *tls.Certificate) bool { return found != nil })
}

// lookUp looks for a host, and then for the wildcard that covers it.
func lookUp[V any](host string, get func(string) V, found func(V) bool) V {
	if value := get(host); found(value) {
		return value
	}
	_, parent, _ := strings.Cut(host, ".")
	return get("*." + parent)
}

func (r *route) matches(path string) bool {
	if r.exact {
		return path == r.path
	}
	prefix := strings.TrimSuffix(r.path, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// next are the route's endpoints in the order of trying: each request begins with another one.
func (r *route) next() []string {
	if len(r.endpoints) == 0 {
		return nil
	}
	first := int(r.turn.Add(1)) % len(r.endpoints)
	return slices.Concat(r.endpoints[first:], r.endpoints[:first])
}

// setHeaders adds what custom-headers says to an answer.
func (r *route) setHeaders(header http.Header) {
	for name, value := range r.headers {
		header.Set(name, value)
	}
}
