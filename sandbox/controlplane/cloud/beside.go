package cloud

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
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
	answers := admission{b.Real}
	server := &http.Server{Handler: answers, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.ServeTLS(listener, "", ""); ctx.Err() == nil {
			klog.ErrorS(err, "the API server is not answered any more")
		}
	}()
	if err := register(ctx, client, "https://"+b.Address+"/", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})); err != nil {
		return err
	}
	if err := asked(ctx, client); err != nil {
		return err
	}
	if err := answers.daemonSetsBefore(ctx, client); err != nil {
		return err
	}
	return controlplane.ApplyNode(ctx, client, besideNode(version.GitVersion))
}

// noticed is how long an API server may take to notice a webhook.
const noticed = time.Minute

// asked returns when the API server asks, which is some time after it was told to.
func asked(ctx context.Context, client kubernetes.Interface) error {
	labels := map[string]string{"app": component}
	probe := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: component}, Spec: appsv1.DaemonSetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: component, Image: component}}}, // which cannot be had
		},
	}}
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, noticed, true, func(ctx context.Context) (bool, error) {
		made, err := client.AppsV1().DaemonSets(metav1.NamespaceDefault).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		last = err
		return err == nil && len(made.Spec.Template.Spec.NodeSelector) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("the API server does not ask about pods: %w", errors.Join(err, last))
	}
	return nil
}

// daemonSetsBefore changes the daemon sets about which nobody was asked.
func (a admission) daemonSetsBefore(ctx context.Context, client kubernetes.Interface) error {
	sets, err := client.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range sets.Items {
		set := &sets.Items[i]
		changes := a.daemonSet(set)
		if len(changes) == 0 {
			continue
		}
		patch, err := json.Marshal(changes)
		if err != nil {
			return err
		}
		_, err = client.AppsV1().DaemonSets(set.Namespace).Patch(ctx, set.Name, types.JSONPatchType, patch, metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("the daemon set %s/%s: %w", set.Namespace, set.Name, err)
		}
	}
	return nil
}
