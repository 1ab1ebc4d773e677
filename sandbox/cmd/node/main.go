//go:debug netdns=go

// Command node is the real software of a Kubernetes node in one binary: which of its programs runs is decided by the name it is called
// by, or else by its first argument. It has its like in command kube, whose nodes are simulated, and which is built without it.
//
// Build it as package tools does: the Kubernetes version is set at link time, and it is static, for machines and images. It shares what
// is compiled for command kube, with the C library where there is a compiler for that, but not that library's resolver, which needs
// more files than an image has.
package main

import (
	"context"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // for JSON log format registration
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // for client metric registration
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmutil "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"github.com/iransre/exchange-platform/sandbox/cmd/internal/programs"
)

func main() {
	os.Exit(programs.ControlPlane.With(programs.Set{
		"etcd":       runEtcd,
		"kubeadm":    runKubeadm,
		"kubelet":    func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
		"kube-proxy": func() int { return cli.Run(proxy.NewProxyCommand()) },
	}).Run())
}

// runEtcd is the real etcd, with its flags, its environment and its word to systemd.
func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

func runKubeadm() int {
	kubeadmutil.HandleError(kubeadm.Run()) // which exits if there is one
	return 0
}
