package world

import (
	"crypto/tls"
	"net/http"
	"runtime"
	"slices"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// trust is what machines have to trust to install from here.
func trust(w *workspace.Workspace) mirrors.Trust {
	return mirrors.NewTrust(w.Path("secrets", "mirrors"))
}

// newRegistry serves the images that real machines run.
func newRegistry(w *workspace.Workspace) (site, error) {
	settings, err := trust(w).Server(w.Address(1).String())
	if err != nil {
		return site{}, err
	}
	listener, err := listen(w.Address(1).String(), workspace.RegistryPort)
	if err != nil {
		return site{}, err
	}
	return site{tls.NewListener(listener, settings), mirrors.Registry(w.Images())}, nil
}

// mirrorFiles serves the programs of nodes by the paths that they have where they come from: mirrors.files, as users have it. They are
// one program, of one version, whatever name and version is asked for.
func mirrorFiles(mux *http.ServeMux, w *workspace.Workspace) {
	mux.HandleFunc("GET /mirror/dl.k8s.io/release/{version}/bin/linux/"+runtime.GOARCH+"/{program}", func(response http.ResponseWriter, request *http.Request) {
		if !slices.Contains([]string{"kubeadm", "kubectl", "kubelet"}, request.PathValue("program")) {
			http.NotFound(response, request)
			return
		}
		http.ServeFile(response, request, w.Binary("node"))
	})
}

// manifests is where those of the programs lie that machines run in place of simulated ones; empty where none does.
func manifests(w *workspace.Workspace) string {
	if w.Kind() == workspace.Real {
		return w.Manifests()
	}
	return ""
}
