package tools

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// withoutClouds leaves out of Prometheus how it finds what runs in clouds: it doubles what there is to compile.
const withoutClouds = "remove_all_sd,enable_kubernetes_sd"

// What stacks say that need more than others: a database with an operator, a virtual address, Traefik as the ingress.
const (
	withOperator   = "profile: prod or postgres.engine: cloudnative-pg"
	virtualAddress = "edge.mode: vip"
	withTraefik    = "ingress.engine: traefik"
)

// Argo CD is chosen in a module of its own: it asks for libraries of Kubernetes that others cannot be built with.
var argoModule = filepath.Join("sandbox", "programs", "argocd")

const argoVersion = "3.2.11"

// noProviders leaves out of Traefik's ACME client the clients of two hundred providers of DNS: most of what there is to compile, and the platform
// asks it for no certificate.
const noProviders = `package dns

import (
	"fmt"

	"github.com/go-acme/lego/v5/challenge"
)

func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("%s is not in the sandbox", name)
}
`

// forImages are the programs that images of real machines are made of: see package mirrors. Those of other projects are chosen in
// programs/go.mod, and Traefik in programs/traefik/go.mod: it replaces modules that others have, too.
func forImages(w *workspace.Workspace) []Tool {
	own := func(name, purpose string) Tool {
		return Tool{Name: name, Purpose: purpose, Module: "sandbox", Package: "github.com/iransre/exchange-platform/sandbox/cmd/" + name}
	}
	other := func(name, purpose, pkg, version string) Tool {
		tool := Tool{Name: name, Purpose: "image: " + purpose, Module: filepath.Join("sandbox", "programs"), Package: pkg, Tags: withoutClouds}
		if version != "" {
			tool.LinkerFlags = " -X github.com/prometheus/common/version.Version=" + version
		}
		return tool
	}
	provisioner := other("local-path-provisioner", "the real local-path-provisioner", "github.com/rancher/local-path-provisioner", "")
	provisioner.LinkerFlags = " -X main.VERSION=v0.0.30"
	alertmanager := other("alertmanager", "the real Alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager", "0.34.0")
	alertmanager.Completed = &completion{module: "github.com/prometheus/alertmanager", files: map[string]string{
		"ui/app/dist/index.html": "<!DOCTYPE html>\n<title>Alertmanager</title>\n<p>Alertmanager's pages are not in the sandbox. Its API is: <a href=\"api/v2/alerts\">alerts</a>.\n",
	}}
	only := func(setting, name, purpose, pkg string) Tool {
		tool := other(name, purpose, pkg, "")
		tool.For = setting
		return tool
	}
	metallb := func(name, purpose string) Tool {
		tool := only(virtualAddress, "metallb-"+name, purpose, "go.universe.tf/metallb/"+name)
		tool.Completed = &completion{module: "go.universe.tf/metallb", changes: []change{{
			// as the controller-runtime that is chosen here has it
			"internal/k8s/webhook.go", "conversion.NewWebhookHandler(mgr.GetScheme())", "conversion.NewWebhookHandler(mgr.GetScheme(), mgr.GetConverterRegistry())",
		}}}
		return tool
	}
	argo := Tool{
		Name: "argocd", Purpose: "image: the real Argo CD", Module: argoModule, Package: "github.com/argoproj/argo-cd/v3/cmd", For: workspace.SaysGitOps,
		LinkerFlags: " -X github.com/argoproj/argo-cd/v3/common.version=" + argoVersion,
		Completed: &completion{module: "github.com/argoproj/argo-cd/v3", files: map[string]string{
			"ui/dist/app/index.html": "<!DOCTYPE html>\n<title>Argo CD</title>\n<p>Argo CD's pages are not in the sandbox. Its API is: <a href=\"api/version\">version</a>.\n",
		}},
	}
	kustomize := Tool{Name: "kustomize", Purpose: "image: the real kustomize, for Argo CD", Module: argoModule, Package: "sigs.k8s.io/kustomize/kustomize/v5", For: workspace.SaysGitOps}
	router := only(withTraefik, "traefik", "the real Traefik", "github.com/traefik/traefik/v3/cmd/traefik")
	router.Module, router.Tags, router.LinkerFlags = filepath.Join(router.Module, "traefik"), "", " -X github.com/traefik/traefik/v3/pkg/version.Version=3.7.13"
	router.Shared = true
	router.Completed = &completion{module: "github.com/go-acme/lego/v5", files: map[string]string{"providers/dns/zz_gen_dns_providers.go": noProviders}}
	ingress := own("ingress", "image: an ingress controller in ingress-nginx' place")
	ingress.Shared = true
	all := []Tool{
		ingress,
		own("pause", "image: what holds a pod's namespaces"),
		own("minio", "image: an object storage in MinIO's place, and its client"),
		other("coredns", "the real CoreDNS", "github.com/coredns/coredns", ""),
		provisioner,
		other("kube-network-policies", "what enforces network policies in Calico's place", "sigs.k8s.io/kube-network-policies/cmd", ""),
		other("node-exporter", "the real node exporter", "github.com/prometheus/node_exporter", "1.12.1"),
		other("kube-state-metrics", "the real kube-state-metrics", "k8s.io/kube-state-metrics/v2", "2.20.0"),
		other("prometheus-operator", "the real Prometheus operator", "github.com/prometheus-operator/prometheus-operator/cmd/operator", "0.93.1"),
		other("prometheus-config-reloader", "the real one, beside each Prometheus", "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader", "0.93.1"),
		alertmanager,
		other("prometheus", "the real Prometheus", "github.com/prometheus/prometheus/cmd/prometheus", "3.14.0"),
		only(withOperator, "cloudnative-pg", "the real operator of PostgreSQL", "github.com/cloudnative-pg/cloudnative-pg/cmd/manager"),
		only(withOperator, "plugin-barman-cloud", "the operator's real plugin for backups", "github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager"),
		metallb("controller", "the real MetalLB, which gives addresses to Services"),
		metallb("speaker", "the real MetalLB, which answers for them"),
		argo,
		kustomize,
		router,
	}
	for i := range all {
		all[i].Static, all[i].Target = true, ImageProgram(w, all[i].Name)
	}
	return all
}

// ImageProgram is where a program is that images are made of. What nodes have, too, lies with the rest.
func ImageProgram(w *workspace.Workspace, name string) string {
	if name == "node" {
		return w.Binary(name)
	}
	return filepath.Join(w.Images(), "programs", name)
}

// BuildForImages builds some of the programs that images are made of.
func BuildForImages(ctx context.Context, w *workspace.Workspace, out io.Writer, names ...string) error {
	for _, tool := range forImages(w) {
		if slices.Contains(names, tool.Name) {
			if err := tool.build(ctx, w, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// ImagesOf says what images of w are made with.
func ImagesOf(ctx context.Context, w *workspace.Workspace) (mirrors.Options, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return mirrors.Options{}, fmt.Errorf("go env GOROOT: %w", err)
	}
	return mirrors.Options{
		Dir: w.Images(), Checkout: w.Root, Program: func(name string) string { return ImageProgram(w, name) },
		TimeZones: filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"),
	}, nil
}
