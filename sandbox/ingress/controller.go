// Package ingress is an ingress controller for real machines. It stands where ingress-nginx does, which cannot be built from modules:
// it obeys ingress-nginx' flags, and of its ConfigMap and annotations what the platform sets, and it really routes.
package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

// Options are what ingress-nginx' flags say.
type Options struct {
	Client kubernetes.Interface
	// Class is the IngressClass that is served.
	Class string
	// ConfigMap is namespace/name of the settings.
	ConfigMap string
	// Certificate is namespace/name of the Secret with what hosts are served with that have none.
	Certificate string
	// PublishService is namespace/name of the Service whose addresses Ingress objects are told. Without, it is those of the machines of all pods
	// like Pod in Namespace, this one; without that, too, nothing is told.
	PublishService, Namespace, Pod string
	// HTTP, HTTPS and Health are where it listens; Health also has the metrics.
	HTTP, HTTPS, Health net.Listener
	Logger              *slog.Logger
}

// Controller serves Ingress objects.
type Controller struct {
	options  Options
	proxy    *proxy
	registry *prometheus.Registry
	reloads  prometheus.Gauge

	factories []informers.SharedInformerFactory
	changed   chan struct{} // holds one note at most
	served    chan struct{} // the same, of tables
	synced    []cache.InformerSynced
	read      func() (objects, error)
	said      string
}

// New makes a controller. Run serves.
func New(options Options) (*Controller, error) {
	// for hosts that have none, by ingress-nginx' name
	fallback, err := pki.SelfSigned("Kubernetes Ingress Controller Fake Certificate", "ingress.local")
	if err != nil {
		return nil, err
	}
	c := &Controller{options: options, registry: prometheus.NewRegistry(), changed: make(chan struct{}, 1), served: make(chan struct{}, 1)}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nginx_ingress_controller_requests", Help: "Requests, by where they led and how they were answered.",
	}, []string{"namespace", "ingress", "service", "status"})
	c.reloads = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nginx_ingress_controller_config_last_reload_successful", Help: "1 if what the objects say last is what is served.",
	})
	c.registry.MustRegister(requests, c.reloads)
	c.proxy = newProxy(&fallback, func(r *route, status int) {
		if r == nil {
			r = &route{}
		}
		requests.WithLabelValues(r.namespace, r.ingress, r.service, strconv.Itoa(status)).Inc()
	})
	return c, c.watch()
}

// watch makes every change of what a table is made of a reason to make another.
func (c *Controller) watch() error {
	all := informers.NewSharedInformerFactory(c.options.Client, 0)
	ofType := func(kind corev1.SecretType) informers.SharedInformerFactory {
		return informers.NewSharedInformerFactoryWithOptions(c.options.Client, 0, informers.WithTweakListOptions(func(list *metav1.ListOptions) {
			list.FieldSelector = fields.OneTermEqualSelector("type", string(kind)).String()
		}))
	}
	certificates, logins := ofType(corev1.SecretTypeTLS), ofType(corev1.SecretTypeOpaque)
	c.factories = []informers.SharedInformerFactory{all, certificates, logins}
	ingresses, services, slices := all.Networking().V1().Ingresses(), all.Core().V1().Services(), all.Discovery().V1().EndpointSlices()
	configMaps, secrets, passwords := all.Core().V1().ConfigMaps(), certificates.Core().V1().Secrets(), logins.Core().V1().Secrets()
	note := func(any) { leave(c.changed) }
	for _, informer := range []cache.SharedIndexInformer{ingresses.Informer(), services.Informer(), slices.Informer(), configMaps.Informer(), secrets.Informer(), passwords.Informer()} {
		handler := cache.ResourceEventHandlerFuncs{AddFunc: note, UpdateFunc: func(_, object any) { note(object) }, DeleteFunc: note}
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
		c.synced = append(c.synced, informer.HasSynced)
	}
	c.read = func() (objects, error) {
		found := objects{class: c.options.Class, certificate: c.options.Certificate}
		var err error
		if found.ingresses, err = ingresses.Lister().List(labels.Everything()); err != nil {
			return found, err
		}
		// what is not there is nil, and is told in the table's problems
		found.service = func(namespace, name string) *corev1.Service {
			object, _ := services.Lister().Services(namespace).Get(name)
			return object
		}
		found.slices = func(namespace, service string) []*discoveryv1.EndpointSlice {
			list, _ := slices.Lister().EndpointSlices(namespace).List(labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service}))
			return list
		}
		found.secret = func(namespace, name string) *corev1.Secret {
			object, _ := secrets.Lister().Secrets(namespace).Get(name)
			return object
		}
		found.passwords = func(namespace, name string) *corev1.Secret {
			object, _ := passwords.Lister().Secrets(namespace).Get(name)
			return object
		}
		found.configMap = func(namespace, name string) *corev1.ConfigMap {
			object, _ := configMaps.Lister().ConfigMaps(namespace).Get(name)
			return object
		}
		var data map[string]string
		if namespace, name, named := strings.Cut(c.options.ConfigMap, "/"); named {
			if settings := found.configMap(namespace, name); settings != nil {
				data = settings.Data
			}
		}
		if found.settings, err = readSettings(data); err != nil {
			return found, err
		}
		if namespace, name, named := strings.Cut(data["proxy-set-headers"], "/"); named {
			headers := found.configMap(namespace, name)
			if headers == nil {
				return found, fmt.Errorf("proxy-set-headers: there is no ConfigMap %s/%s", namespace, name)
			}
			found.settings.upstream = headers.Data
		}
		return found, nil
	}
	return nil
}

// leave leaves a note where there is none.
func leave(notes chan<- struct{}) {
	select {
	case notes <- struct{}{}:
	default:
	}
}

// gathering is how long changes are gathered before they are served.
const gathering = 50 * time.Millisecond

// reload makes a new table whenever something has changed.
func (c *Controller) reload(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.changed:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(gathering):
		}
		c.reloadOnce()
	}
}

// reloadOnce serves what the objects say now; if that cannot be read, what they said before.
func (c *Controller) reloadOnce() {
	found, err := c.read()
	if err != nil {
		c.reloads.Set(0)
		c.options.Logger.Error("the settings cannot be read: what was served before is served", "error", err)
		return
	}
	made := newTable(found)
	c.reloads.Set(1)
	c.proxy.current.Store(made)
	leave(c.served)
	if problems := strings.Join(made.problems, "; "); problems != c.said {
		c.said = problems
		if problems != "" {
			c.options.Logger.Warn("not everything can be served", "problems", problems)
		}
	}
}

// shutdownLimit is how long requests may take to end when the controller does.
const shutdownLimit = 60 * time.Second

// Run serves until the context ends, and then until the requests are answered that have come in.
func (c *Controller) Run(ctx context.Context) error {
	health := http.NewServeMux()
	health.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		for _, synced := range c.synced {
			if !synced() {
				http.Error(response, "the cluster's objects are being read", http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprintln(response, "ok")
	})
	health.Handle("/metrics", promhttp.HandlerFor(c.registry, promhttp.HandlerOpts{}))
	healthServer := &http.Server{Handler: health, ReadHeaderTimeout: answerTimeout}
	defer healthServer.Close()
	go func() { _ = healthServer.Serve(c.options.Health) }()

	for _, factory := range c.factories {
		factory.Start(ctx.Done())
		defer factory.Shutdown()
	}
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		return nil
	}
	c.reloadOnce()
	go c.reload(ctx)
	if c.options.Pod != "" || c.options.PublishService != "" {
		go c.publish(ctx)
	}

	plain := &http.Server{Handler: c.proxy, ReadHeaderTimeout: answerTimeout, IdleTimeout: 75 * time.Second}
	secure := &http.Server{Handler: c.proxy, ReadHeaderTimeout: answerTimeout, IdleTimeout: 75 * time.Second,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.proxy.certificate}}
	failed := make(chan error, 2)
	go func() { failed <- plain.Serve(c.options.HTTP) }()
	go func() { failed <- secure.ServeTLS(c.options.HTTPS, "", "") }()
	select {
	case err := <-failed:
		return errors.Join(err, plain.Close(), secure.Close())
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	return errors.Join(plain.Shutdown(last), secure.Shutdown(last))
}
