package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// A Service that asks MetalLB for an address gets that one, wherever it is, once a pool has it; and another one when it asks for that.
func TestWhatMetalLBIsAskedForIsGivenWhenAPoolHasIt(t *testing.T) {
	pools, given := `{"items": []}`, ""
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPut {
			text, _ := io.ReadAll(r.Body)
			var service corev1.Service
			assert.Check(t, json.Unmarshal(text, &service) == nil)
			given = service.Status.LoadBalancer.Ingress[0].IP
			_, _ = w.Write(text)
			return
		}
		assert.Check(t, r.URL.Path == "/apis/metallb.io/v1beta1/ipaddresspools", r.URL.Path)
		_, _ = io.WriteString(w, pools)
	}))
	defer api.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	assert.NilError(t, err)
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	b := &loadBalancer{client: client, services: corelisters.NewServiceLister(indexer), pool: []netip.Addr{netip.MustParseAddr("127.1.2.3")}, given: map[string]netip.Addr{}}
	asks := func(address, has string) error {
		service := &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: "web", Annotations: map[string]string{"metallb.io/loadBalancerIPs": address}},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
		}
		if has != "" {
			service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: has}}
		}
		assert.NilError(t, indexer.Add(service))
		return b.assign(t.Context(), "ingress-nginx/web")
	}
	assert.ErrorContains(t, asks("10.20.0.250", ""), "no pool of MetalLB has 10.20.0.250/32")
	assert.Equal(t, given, "")
	pools = `{"items": [{"spec": {"addresses": ["10.20.0.250/32"]}}, {"spec": {"addresses": ["10.20.0.251/32"]}}]}`
	assert.NilError(t, asks("10.20.0.250", ""))
	assert.Equal(t, given, "10.20.0.250")
	assert.NilError(t, asks("10.20.0.251", "10.20.0.250"))
	assert.Equal(t, given, "10.20.0.251")
	b.metalLB = true
	assert.NilError(t, asks("10.20.0.250", "10.20.0.251"))
	assert.Equal(t, given, "10.20.0.251", "MetalLB runs, and gives it itself")
}
