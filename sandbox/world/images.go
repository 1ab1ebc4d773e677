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

	"github.com/iransre/exchange-platform/sandbox/gitserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// Trust is what machines have to trust to install from here, and pods to read from its Git server.
func Trust(w *workspace.Workspace) mirrors.Trust {
	return mirrors.NewTrust(w.Path("secrets", "mirrors"))
}

// forMachines are what only machines of the real kind ask for, by TLS: the images that they run, and the repository that an Argo CD on
// them watches.
func forMachines(w *workspace.Workspace) ([]site, error) {
	names := []string{w.Address(1).String()}
	if there, err := real.OnPublicSide(w.Address(1)); err == nil {
		names = append(names, there.String())
	}
	settings, err := Trust(w).Server(names...)
	if err != nil {
		return nil, err
	}
	git, err := newGit(w)
	if err != nil {
		return nil, err
	}
	var sites []site
	for _, each := range []struct {
		port    int
		handler http.Handler
	}{{workspace.RegistryPort, registry(w)}, {workspace.GitPort, git}} {
		listener, err := listen(w.Address(1).String(), each.port)
		if err != nil {
			for _, opened := range sites {
				_ = opened.listener.Close()
			}
			return nil, err
		}
		sites = append(sites, site{tls.NewListener(listener, settings), each.handler})
	}
	return sites, nil
}

// registry has the images of the origin that the sandbox's are of.
func registry(w *workspace.Workspace) http.Handler {
	made, upstream := mirrors.Registry(w.Images()), mirrors.Upstream(http.DefaultTransport)
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if w.Origin() == workspace.Upstream {
			upstream.ServeHTTP(response, request)
		} else {
			made.ServeHTTP(response, request)
		}
	})
}

// newGit is where Exchange-DevOps is.
func newGit(w *workspace.Workspace) (http.Handler, error) {
	accounts := []gitserver.Account{{Name: workspace.GitReader}, {Name: workspace.GitWriter, MayPush: true}}
	for i, secret := range []string{workspace.GitReaderSecret, workspace.GitWriterSecret} {
		var err error
		if accounts[i].Password, err = w.Secret(secret); err != nil {
			return nil, err
		}
	}
	return gitserver.New(w.Path(workspace.DevOps), accounts...), nil
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
