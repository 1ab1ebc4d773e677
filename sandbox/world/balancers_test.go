package world

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/iransre/exchange-platform/sandbox/loopback"
)

func TestServicesAreReachedByTheirLoadBalancersAddress(t *testing.T) {
	here := netip.MustParseAddr(loopback.Prefix(t) + ".240")
	there := netip.MustParseAddr("198.18.9.240")
	node := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, "a node") }))
	t.Cleanup(node.Close)
	asked := make(chan int, 16)
	b := &balancers{here: map[netip.Addr]netip.Addr{there: here}, logger: slog.New(slog.DiscardHandler), dial: func(ctx context.Context, port int) (net.Conn, error) {
		asked <- port
		return (&net.Dialer{}).DialContext(ctx, "tcp", node.Listener.Addr().String())
	}}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "front"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 8080, NodePort: 30080, Protocol: corev1.ProtocolTCP}}},
		Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: there.String()}}}},
	}
	client := fake.NewClientset(service)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.run(ctx, client) }()

	ask := func() (string, error) {
		browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := browser.Get(fmt.Sprintf("http://%s:8080/", here))
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	eventuallyAnswers := func(answers bool) {
		t.Helper()
		deadline := time.Now().Add(20 * time.Second)
		for {
			text, err := ask()
			if answers && text == "a node" || !answers && err != nil {
				return
			}
			assert.Assert(t, time.Now().Before(deadline), "%s %v", text, err)
			time.Sleep(20 * time.Millisecond)
		}
	}
	eventuallyAnswers(true)
	assert.Equal(t, <-asked, 30080)

	service.Status.LoadBalancer.Ingress = nil
	_, err := client.CoreV1().Services("web").UpdateStatus(t.Context(), service, metav1.UpdateOptions{})
	assert.NilError(t, err)
	eventuallyAnswers(false)
	stop()
	<-done
}
