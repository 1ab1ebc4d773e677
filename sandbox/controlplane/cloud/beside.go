package cloud

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/pki"
)

// Beside is what is simulated in a cluster whose nodes are real: pods with an image that cannot be had go to a node of their own, and
// nothing that made them knows of it.
type Beside struct {
	// Real tells whether an image can be had.
	Real func(image string) bool
	// Address is the host and port at which the API server reaches this program.
	Address string
}

// besideNode is the node: its name, its role and its version are what `kubectl get nodes` shows of it.
func besideNode(version string) controlplane.Node {
	return controlplane.Node{
		Name: controlplane.SimulatedNode, Version: version,
		Labels: map[string]string{
			"node-role.kubernetes.io/" + controlplane.SimulatedNode:   "",
			"node.kubernetes.io/exclude-from-external-load-balancers": "",
		},
		Taints: []string{controlplane.SimulatedLabel + "=true:NoSchedule"},
	}
}

// begin makes the node, and sends pods there from then on, until the context ends.
func (b *Beside) begin(ctx context.Context, client kubernetes.Interface) error {
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("the cluster's version: %w", err)
	}
	if err := controlplane.ApplyNode(ctx, client, besideNode(version.GitVersion)); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(b.Address)
	if err != nil {
		return err
	}
	certificate, err := pki.SelfSigned(component, host)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", b.Address)
	if err != nil {
		return fmt.Errorf("where the API server asks about pods: %w", err)
	}
	server := &http.Server{Handler: admission{b.Real}, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.ServeTLS(listener, "", ""); ctx.Err() == nil {
			klog.ErrorS(err, "the API server is not answered any more")
		}
	}()
	return register(ctx, client, "https://"+b.Address+"/", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}))
}
