package world

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

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
	made, upstream := mirrors.Registry(w.Images()), mirrors.Upstream(http.DefaultTransport)
	return site{tls.NewListener(listener, settings), http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if w.Origin() == workspace.Upstream {
			upstream.ServeHTTP(response, request)
		} else {
			made.ServeHTTP(response, request)
		}
	})}, nil
}

// mirrorFiles serves the files that nodes are made of, by the paths that they have where they come from: mirrors.files, as users have it. A
// name that ends in .sha256 is that of a checksum: Kubespray's own tree asks for it in the place of those that it knows.
func mirrorFiles(mux *http.ServeMux, w *workspace.Workspace) {
	mux.HandleFunc("GET /mirror/{path...}", func(response http.ResponseWriter, request *http.Request) {
		name, asked := strings.CutSuffix(request.PathValue("path"), ".sha256")
		file, err := mirrored(w, name)
		if err != nil {
			http.NotFound(response, request)
			return
		}
		if !asked {
			http.ServeFile(response, request, file)
			return
		}
		sum, err := checksum(file)
		if err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(response, sum)
	})
}

// mirrored finds a file of the mirror: one that lies in the folder for them, or a program of nodes, which the sandbox builds. Those are one
// program, of one version, whatever name and version is asked for.
func mirrored(w *workspace.Workspace, name string) (string, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return "", err
	}
	given := filepath.Join(w.Files(), local)
	if info, err := os.Stat(given); err == nil && info.Mode().IsRegular() {
		return given, nil
	}
	const programs = "dl.k8s.io/release/*/bin/linux/" + runtime.GOARCH + "/kube*"
	if ours, err := path.Match(programs, name); err != nil || !ours || !slices.Contains([]string{"kubeadm", "kubectl", "kubelet"}, path.Base(name)) {
		return "", fs.ErrNotExist
	}
	return w.Binary("node"), nil
}

func checksum(file string) (string, error) {
	opened, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, opened)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// manifests is where those of the programs lie that machines run in place of simulated ones; empty where none does.
func manifests(w *workspace.Workspace) string {
	if w.Kind() == workspace.Real {
		return w.Manifests()
	}
	return ""
}
