package world

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// controlPlanes are machines of which the second is a control plane, once it has a kubeconfig.
type controlPlanes struct {
	address    string
	kubeconfig atomic.Pointer[[]byte]
}

func (m *controlPlanes) List() []hosts.Status {
	return []hosts.Status{{Name: "off"}, {Name: "m1", Running: true, PublicAddress: m.address}}
}

func (m *controlPlanes) ReadFile(machine, name string) ([]byte, error) {
	text := m.kubeconfig.Load()
	if machine != "m1" || name != "etc/kubernetes/admin.conf" || text == nil {
		return nil, os.ErrNotExist
	}
	return *text, nil
}

// Dial connects to a port of nodes on this machine.
func (m *controlPlanes) Dial(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
}

// apiServer answers whether it is ready, unless it is silent, and lists two pods.
func apiServer(t *testing.T, address string, silent *atomic.Bool) *httptest.Server {
	on := func(name, node string, ready corev1.ConditionStatus) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: corev1.PodSpec{NodeName: node},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		switch {
		case silent.Load():
			http.Error(response, "silence", http.StatusServiceUnavailable)
		case request.URL.Path == "/api/v1/pods":
			response.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(response).Encode(corev1.PodList{
				TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"},
				Items:    []corev1.Pod{on("web", "w1", corev1.ConditionFalse), on("search", "simulated", corev1.ConditionTrue)},
			})
		}
	}))
	listener, err := net.Listen("tcp", address+":6443")
	assert.NilError(t, err)
	assert.NilError(t, server.Listener.Close())
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestTheMachinesClusterIsAccompanied(t *testing.T) {
	prefix := loopback.Prefix(t)
	machines := &controlPlanes{address: prefix + ".10"}
	var silent atomic.Bool
	server := apiServer(t, machines.address, &silent)
	config := clientcmdapi.NewConfig()
	config.Clusters["demo"] = &clientcmdapi.Cluster{ // the name that it has in the cluster
		Server: "https://example.com:6443", CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	config.Contexts["demo"] = &clientcmdapi.Context{Cluster: "demo"}
	config.CurrentContext = "demo"
	text, err := clientcmd.Write(*config)
	assert.NilError(t, err)

	b := newBeside(&workspace.Workspace{Dir: t.TempDir(), Network: netip.MustParsePrefix(prefix + ".0/24")}, machines, slog.New(slog.DiscardHandler))
	assert.NilError(t, b.workspace.ChooseKind(workspace.Real))
	b.silence = 100 * time.Millisecond
	events := make(chan string)
	b.simulate = func(ctx context.Context, kubeconfig string) error {
		config, err := clientcmd.LoadFromFile(kubeconfig)
		if err != nil {
			return err
		}
		events <- config.Clusters["demo"].Server + " as " + config.Clusters["demo"].TLSServerName
		<-ctx.Done()
		events <- "end"
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.run(ctx) }()

	assert.Assert(t, b.pods(t.Context()) == nil)
	machines.kubeconfig.Store(&text)
	begin := fmt.Sprintf("https://%s:6443 as example.com", machines.address)
	assert.Equal(t, <-events, begin)
	kept, err := b.workspace.KeepKubeconfig(text)
	assert.NilError(t, err)
	assert.Assert(t, kept, "the kubeconfig leads to the cluster that is there")
	assert.DeepEqual(t, b.pods(t.Context()), &Pods{Real: 1, Simulated: 1, NotReady: []string{"shop/web"}})

	silent.Store(true)
	assert.Equal(t, <-events, "end")
	silent.Store(false)
	assert.Equal(t, <-events, begin)

	another := append([]byte("# of another cluster\n"), text...)
	machines.kubeconfig.Store(&another)
	assert.Equal(t, <-events, "end")
	assert.Equal(t, <-events, begin)
	stop()
	assert.Equal(t, <-events, "end")
	<-done
}

func TestAvailableImagesAreThoseThatTheTableHasARecipeFor(t *testing.T) {
	images := availableImages(func(setting string) bool { return setting == "profile: prod or postgres.engine: cloudnative-pg" })
	assert.Assert(t, len(images) > 0)
	for _, name := range []string{"registry.k8s.io/kube-proxy\n", "registry.k8s.io/pause\n"} {
		assert.Assert(t, strings.Contains(images, name))
	}
	for _, name := range []string{"docker.io/grafana/grafana\n", "quay.io/metallb/speaker\n"} {
		assert.Assert(t, !strings.Contains(images, name))
	}
}
