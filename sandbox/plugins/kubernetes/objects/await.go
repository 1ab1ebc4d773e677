package objects

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
)

// defaultTimeout is how long an object may take to become ready, or to go.
const defaultTimeout = 10 * time.Minute

// pollInterval is how often a waiting provider looks.
const pollInterval = 300 * time.Millisecond

// timeout is how long to wait for an object: what the resource says, or its annotation, or the default.
func timeout(inputs *object, custom time.Duration) time.Duration {
	if custom > 0 {
		return custom
	}
	if seconds, err := strconv.Atoi(inputs.GetAnnotations()[timeoutSeconds]); err == nil {
		return time.Duration(seconds) * time.Second
	}
	return defaultTimeout
}

// notReadyError tells why an object is not ready.
type notReadyError struct {
	id      string
	after   time.Duration
	reasons []string
}

func (e *notReadyError) Error() string {
	return fmt.Sprintf("%q timed out waiting to be Ready after %s", e.id, e.after.Round(time.Second))
}

// await waits until the object is ready and returns it as it then is, or as it was last seen with the reason why it is
// not.
func (o *Objects) await(ctx context.Context, inputs, made *object, custom time.Duration) (*object, error) {
	if inputs.GetAnnotations()[skipAwait] == "true" {
		return made, nil
	}
	check, wait := readiness[made.GetAPIVersion()+"/"+made.GetKind()]
	if !wait {
		return made, nil
	}
	client, err := o.Cluster.Client(made)
	if err != nil {
		return made, err
	}
	limit := timeout(inputs, custom)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	log := p.GetLogger(ctx)
	defer log.InfoStatus("")
	live, shown := made, ""
	for start := time.Now(); ; {
		reasons, err := check(ctx, o.Cluster.Typed(), live)
		if len(reasons) > 0 && reasons[0] != shown {
			shown = reasons[0]
			log.InfoStatus(shown)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			return live, err
		case err == nil && len(reasons) == 0:
			return live, nil
		}
		if cluster.Sleep(ctx, pollInterval) != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return live, fmt.Errorf("resource operation was cancelled for %q", id(live))
			}
			return live, &notReadyError{id: id(live), after: time.Since(start), reasons: reasons}
		}
		if now, err := client.Get(ctx, live.GetName(), metav1.GetOptions{}); err == nil {
			live = now
		} else if apierrors.IsNotFound(err) {
			return live, fmt.Errorf("%s %q was deleted", live.GetKind(), id(live))
		}
	}
}

// awaitDeletion waits until the object, or the one of that name with its UID, is gone.
func awaitDeletion(ctx context.Context, client dynamic.ResourceInterface, deleted *object, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		live, err := client.Get(ctx, deleted.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil && deleted.GetUID() != "" && live.GetUID() != deleted.GetUID() {
			return nil // another one has taken the name
		}
		if cluster.Sleep(ctx, pollInterval) != nil {
			return fmt.Errorf("timed out after %s waiting for %s %q to be deleted%s",
				limit, deleted.GetKind(), id(deleted), holding(live))
		}
	}
}

// holding tells what keeps an object from going.
func holding(live *object) string {
	if live == nil || len(live.GetFinalizers()) == 0 && live.GetKind() != "Namespace" {
		return ""
	}
	text := ""
	if finalizers := live.GetFinalizers(); len(finalizers) > 0 {
		text = ": finalizers " + strings.Join(finalizers, ", ")
	}
	for _, reason := range conditions(live, "True") {
		text += "; " + reason
	}
	return text
}
