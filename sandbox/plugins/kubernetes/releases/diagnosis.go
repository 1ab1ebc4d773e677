package releases

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/registry"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/objects"
)

// diagnosisTimeout bounds the search for reasons after a failure.
const diagnosisTimeout = 10 * time.Second

// configuration is Helm's, with a client that remembers what it waited for in vain.
type configuration struct {
	*action.Configuration
	client *diagnosingClient
}

func (c *configuration) lacking() []string { return c.client.lacking() }

// configuration is for releases in a namespace.
func (r *Releases) configuration(namespace string) (*configuration, error) {
	getter, err := r.Cluster.Getter(namespace)
	if err != nil {
		return nil, err
	}
	helm := &action.Configuration{}
	quiet := func(string, ...any) {}
	if err := helm.Init(getter, namespace, r.Driver, quiet); err != nil {
		return nil, err
	}
	helm.RegistryClient, err = registry.NewClient(registry.ClientOptWriter(io.Discard),
		registry.ClientOptEnableCache(true), registry.ClientOptCredentialsFile(r.Helm.RegistryConfig))
	if err != nil {
		return nil, err
	}
	client, ok := helm.KubeClient.(*kube.Client)
	if !ok {
		return nil, fmt.Errorf("unexpected Helm client %T", helm.KubeClient)
	}
	diagnosing := &diagnosingClient{Client: client, cluster: r.Cluster.Typed()}
	helm.KubeClient = diagnosing
	return &configuration{Configuration: helm, client: diagnosing}, nil
}

// diagnosingClient finds out, when waiting has failed, what is not ready: before an atomic release is undone and nobody
// can see it any more. Helm itself says only "context deadline exceeded".
type diagnosingClient struct {
	*kube.Client
	cluster kubernetes.Interface

	mu      sync.Mutex
	reasons []string
}

// Wait is Helm's Wait.
func (c *diagnosingClient) Wait(resources kube.ResourceList, timeout time.Duration) error {
	return c.diagnose(resources, c.Client.Wait(resources, timeout))
}

// WaitWithJobs is Helm's WaitWithJobs.
func (c *diagnosingClient) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return c.diagnose(resources, c.Client.WaitWithJobs(resources, timeout), kube.CheckJobs(true))
}

// WatchUntilReady is Helm's WatchUntilReady, with which it waits for hooks.
func (c *diagnosingClient) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	return c.diagnose(resources, c.Client.WatchUntilReady(resources, timeout), kube.CheckJobs(true))
}

func (c *diagnosingClient) lacking() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.reasons)
}

// diagnose passes err on; if it is one, it first looks which of the resources are not ready and which pods of their
// namespaces hold them up.
func (c *diagnosingClient) diagnose(resources kube.ResourceList, err error, options ...kube.ReadyCheckerOption) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), diagnosisTimeout)
	defer cancel()
	checker := kube.NewReadyChecker(c.cluster, nil, append(options, kube.PausedAsReady(true))...)
	var reasons []string
	for _, info := range resources {
		if ready, checkErr := checker.IsReady(ctx, info); ready && checkErr == nil {
			continue
		}
		reasons = append(reasons, fmt.Sprintf("%s %q is not ready", info.Mapping.GroupVersionKind.Kind, info.Name))
		reasons = append(reasons, c.podsOf(ctx, info)...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reasons = reasons
	return err
}

// podsOf tells of the pods that a workload selects.
func (c *diagnosingClient) podsOf(ctx context.Context, info *resource.Info) []string {
	selector, err := kube.SelectorsForObject(kube.AsVersioned(info))
	if err != nil {
		return nil
	}
	pods, err := c.cluster.CoreV1().Pods(info.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil
	}
	return objects.UnreadyPods(pods.Items)
}
