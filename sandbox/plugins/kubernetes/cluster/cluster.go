package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// The limits on requests that the official provider sets.
const (
	queriesPerSecond = 50
	burst            = 120
)

// reachTimeout bounds the question whether the cluster is there at all.
const reachTimeout = 20 * time.Second

// Cluster is a cluster that may or may not be reachable.
type Cluster struct {
	// Namespace is where namespaced objects without one go.
	Namespace string

	loader    func(namespace string) clientcmd.ClientConfig
	config    *rest.Config
	dynamic   dynamic.Interface
	typed     kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper

	reach func() error
}

// Connect prepares a connection; nothing is sent yet. An empty kubeconfig means the one of the environment. A kubeconfig
// that does not work makes a cluster that is not reachable, because some operations can do without.
func Connect(kubeconfig string, selection Selection, userAgent string) *Cluster {
	c := &Cluster{Namespace: selection.Namespace}
	overrides := clientcmd.ConfigOverrides{CurrentContext: selection.Context}
	overrides.Context.Cluster = selection.Cluster
	overrides.Context.Namespace = selection.Namespace
	if kubeconfig == "" {
		rules := clientcmd.NewDefaultClientConfigLoadingRules()
		rules.DefaultClientConfig = &clientcmd.DefaultClientConfig
		c.loader = func(namespace string) clientcmd.ClientConfig {
			return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, in(overrides, namespace))
		}
	} else {
		parsed, err := ParseKubeconfig(kubeconfig)
		if err != nil {
			c.unreachable(fmt.Errorf("failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- %w", err))
			return c
		}
		c.loader = func(namespace string) clientcmd.ClientConfig {
			return clientcmd.NewDefaultClientConfig(*parsed, in(overrides, namespace))
		}
	}
	if err := c.prepare(userAgent); err != nil {
		c.unreachable(fmt.Errorf("unable to load Kubernetes client configuration from kubeconfig file: %w", err))
	}
	return c
}

func in(overrides clientcmd.ConfigOverrides, namespace string) *clientcmd.ConfigOverrides {
	if namespace != "" {
		overrides.Context.Namespace = namespace
	}
	return &overrides
}

func (c *Cluster) unreachable(err error) { c.reach = func() error { return err } }

func (c *Cluster) prepare(userAgent string) error {
	loader := c.loader("")
	namespace, _, err := loader.Namespace()
	if err != nil {
		return err
	}
	c.Namespace = namespace
	config, err := loader.ClientConfig()
	if err != nil {
		return err
	}
	config.QPS, config.Burst = queriesPerSecond, burst
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = userAgent
	c.config = config
	if c.typed, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	c.discovery = memory.NewMemCacheClient(c.typed.Discovery())
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.discovery)
	c.reach = sync.OnceValue(c.tryReach)
	return nil
}

func (c *Cluster) tryReach() error {
	config := rest.CopyConfig(c.config)
	config.Timeout = reachTimeout
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err == nil {
		_, err = client.ServerVersion()
	}
	if err != nil {
		return fmt.Errorf("unable to load schema information from the API server: %w", err)
	}
	return nil
}

// Unreachable is nil if the cluster answers, and else says why it does not.
func (c *Cluster) Unreachable() error { return c.reach() }

// Client is for objects of this kind in this namespace. A kind that came into being after the last look at the
// cluster's kinds is found.
func (c *Cluster) Client(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	if err := c.Unreachable(); err != nil {
		return nil, fmt.Errorf("configured Kubernetes cluster is unreachable: %w", err)
	}
	mapping, err := c.mapping(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.dynamic.Resource(mapping.Resource), nil
	}
	namespace := object.GetNamespace()
	if namespace == "" {
		namespace = c.Namespace
	}
	return c.dynamic.Resource(mapping.Resource).Namespace(namespace), nil
}

func (c *Cluster) mapping(gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		c.mapper.Reset()
		mapping, err = c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	return mapping, err
}

// Known says whether the cluster is there and has the kind.
func (c *Cluster) Known(gvk schema.GroupVersionKind) bool {
	if c.Unreachable() != nil {
		return false
	}
	_, err := c.mapping(gvk)
	return err == nil
}

// Namespaced says whether objects of the kind live in namespaces. A kind nobody knows yet passes for one that does.
func (c *Cluster) Namespaced(gvk schema.GroupVersionKind) bool {
	if namespaced, builtin := builtinScope(gvk); builtin {
		return namespaced
	}
	if c.Unreachable() != nil {
		return true
	}
	mapping, err := c.mapping(gvk)
	return err != nil || mapping.Scope.Name() == meta.RESTScopeNameNamespace
}

// clusterScoped are the built-in kinds that live in no namespace.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true,
	"ClusterRole": true, "ClusterRoleBinding": true,
	"StorageClass": true, "CSIDriver": true, "CSINode": true, "VolumeAttachment": true,
	"CustomResourceDefinition": true, "APIService": true,
	"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
	"IngressClass": true, "PriorityClass": true, "RuntimeClass": true,
	"FlowSchema": true, "PriorityLevelConfiguration": true, "CertificateSigningRequest": true,
}

func builtinScope(gvk schema.GroupVersionKind) (namespaced, builtin bool) {
	if !Builtin(gvk.GroupVersion()) {
		return false, false
	}
	return !clusterScoped[gvk.Kind], true
}

// Typed is the client for built-in kinds. The cluster must be reachable.
func (c *Cluster) Typed() kubernetes.Interface { return c.typed }

// Getter is what Helm reaches the cluster through; objects without a namespace go into the given one. Each one looks at
// the cluster's kinds anew, so that it sees those that others have just brought.
func (c *Cluster) Getter(namespace string) (genericclioptions.RESTClientGetter, error) {
	if err := c.Unreachable(); err != nil {
		return nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(c.config)
	if err != nil {
		return nil, err
	}
	cached := memory.NewMemCacheClient(client)
	return &getter{
		config: c.config, loader: c.loader(namespace), discovery: cached,
		mapper: restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil),
	}, nil
}

type getter struct {
	config    *rest.Config
	loader    clientcmd.ClientConfig
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.RESTMapper
}

func (g *getter) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(g.config), nil }
func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery, nil
}
func (g *getter) ToRESTMapper() (meta.RESTMapper, error)        { return g.mapper, nil }
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig { return g.loader }

// Sleep waits, but not longer than ctx.
func Sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
