//go:build pins

// Package pins names every outside package the sandbox builds, so that the module file keeps their versions
// although the parts that import them are separate programs.
package pins

import (
	_ "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	_ "github.com/creack/pty"
	_ "github.com/gliderlabs/ssh"
	_ "github.com/iransre/exchange-platform/provider"
	_ "github.com/pulumi/pulumi-go-provider/infer"
	_ "github.com/spf13/cobra"
	_ "go.etcd.io/etcd/etcdctl/v3/ctlv3"
	_ "go.etcd.io/etcd/etcdutl/v3/etcdutl"
	_ "go.etcd.io/etcd/server/v3/embed"
	_ "gotest.tools/v3/assert"
	_ "helm.sh/helm/v3/pkg/action"
	_ "k8s.io/kubectl/pkg/cmd"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	_ "k8s.io/kubernetes/cmd/kube-scheduler/app"
	_ "sigs.k8s.io/kwok/pkg/kwok/controllers"
	_ "sigs.k8s.io/yaml"
)
