package cloud

import (
	"context"
	"embed"
	"fmt"
	"net/netip"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/log"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

const (
	// Long enough for a watcher to see that a pod is not ready at once, short enough to cost a bring-up nothing.
	podStartDelay = 300 * time.Millisecond
	podRunTime    = 300 * time.Millisecond
	// The node lifecycle controller is told to wait for several of these before it takes a node for dead.
	nodeHeartbeat = time.Minute
	// A real cluster's waits for as little as 20 seconds.
	besideHeartbeat = 5 * time.Second
)

//go:embed templates
var templates embed.FS

var (
	podKind  = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Pod"}
	nodeKind = internalversion.StageResourceRef{APIGroup: "v1", Kind: "Node"}
)

// startKubelets lets KWOK act for the kubelets of all nodes that carry controlplane.SimulatedLabel.
//
// Nodes show that they live by the heartbeat in their status, not by a Lease: KWOK leaves a node alone for as long as it does
// not hold its lease, and the lease of a node that is deleted and joins again is collected as garbage some time after.
func startKubelets(ctx context.Context, config *rest.Config, client kubernetes.Interface, pods netip.Prefix, heartbeat time.Duration) error {
	addresses := newPodAddresses(pods, func() (map[netip.Addr]bool, error) { return addressesInUse(ctx, client) })
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of the API server: %w", err)
	}
	controller, err := controllers.NewController(controllers.Config{
		Clock:                        clock.RealClock{},
		TypedClient:                  client,
		DynamicClient:                dynamicClient,
		RESTClient:                   client.CoreV1().RESTClient(),
		ManageNodesWithLabelSelector: controlplane.SimulatedLabel + "=true",
		CIDR:                         pods.String(),
		LocalStages: map[internalversion.StageResourceRef][]*internalversion.Stage{
			nodeKind: nodeStages(heartbeat),
			podKind:  podStages(),
		},
		NodePlayStageParallelism:  1,
		PodPlayStageParallelism:   4,
		PodsOnNodeSyncParallelism: 1,
		ID:                        component,
		FuncMap:                   map[string]any{"PodAddress": addresses.next},
	})
	if err != nil {
		return fmt.Errorf("simulated kubelets: %w", err)
	}
	logger := log.NewLogger(os.Stderr, log.LevelWarn)
	if err := controller.Start(log.NewContext(ctx, logger)); err != nil {
		return fmt.Errorf("simulated kubelets: %w", err)
	}
	return nil
}

// The stages exclude each other: KWOK would pick one at random of several that fit.

func nodeStages(heartbeat time.Duration) []*internalversion.Stage {
	const ready = `.status.conditions.[] | select( .type == "Ready" ) | .status`
	// A patch under way when its node falls silent would make it ready again, and for ever: the template names the version of
	// the node that it was made for, and the API server refuses it for a later one.
	nodeStatus := status("node-status")
	nodeStatus.Patch.Root = ""
	return []*internalversion.Stage{
		stage(nodeKind, "start", 0, nodeStatus, is(ready, internalversion.SelectorOpNotIn, "True")),
		// A heartbeat changes the node, which makes the node come by again for the next one.
		stage(nodeKind, "heartbeat", heartbeat, nodeStatus, is(ready, internalversion.SelectorOpIn, "True")),
	}
}

func podStages() []*internalversion.Stage {
	const in, notIn = internalversion.SelectorOpIn, internalversion.SelectorOpNotIn
	alive := is(".metadata.deletionTimestamp", internalversion.SelectorOpDoesNotExist)
	fate := `.metadata.annotations["` + controlplane.FateAnnotation + `"]`
	phase, restart := ".status.phase", ".spec.restartPolicy"
	return []*internalversion.Stage{
		stage(podKind, "start", podStartDelay, status("pod-running"),
			alive, is(phase, in, "Pending"), is(fate, notIn, controlplane.FateStuck)),
		stage(podKind, "finish", podRunTime, status("pod-finished"),
			alive, is(phase, in, "Running"), is(restart, notIn, "Always")),
		stage(podKind, "delete", 0, internalversion.StageStep{Delete: true},
			is(".metadata.deletionTimestamp", internalversion.SelectorOpExists)),
	}
}

func stage(kind internalversion.StageResourceRef, name string, delay time.Duration, step internalversion.StageStep, when ...internalversion.MatchExpression) *internalversion.Stage {
	milliseconds := delay.Milliseconds()
	return &internalversion.Stage{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: internalversion.StageSpec{
			ResourceRef: kind,
			Selector:    &internalversion.StageSelector{MatchExpressions: when},
			Delay:       &internalversion.StageDelay{DurationMilliseconds: &milliseconds},
			Steps:       []internalversion.StageStep{step},
		},
	}
}

func is(key string, operator internalversion.SelectorOperator, values ...string) internalversion.MatchExpression {
	return internalversion.MatchExpression{JQ: &internalversion.SelectorJQ{Key: key, Operator: operator, Values: values}}
}

// status patches the object's status with what the template of that name renders.
func status(template string) internalversion.StageStep {
	text, err := templates.ReadFile("templates/" + template + ".yaml")
	if err != nil {
		panic(err) // embedded: only a misspelt name gets here
	}
	return internalversion.StageStep{Patch: &internalversion.StagePatch{
		Subresource: "status", Root: "status", Template: string(text),
	}}
}
