package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// application is what Argo CD says of the exchange.
type application struct {
	Spec struct {
		Source struct {
			Path           string `json:"path"`
			TargetRevision string `json:"targetRevision"`
		} `json:"source"`
		SyncPolicy struct {
			Automated map[string]any `json:"automated"`
		} `json:"syncPolicy"`
	} `json:"spec"`
	Status struct {
		Conditions []struct{ Type, Message string }  `json:"conditions"`
		Health     struct{ Status string }           `json:"health"`
		Sync       struct{ Status, Revision string } `json:"sync"`
		// OperationState is the last sync, with the attempts that it made.
		OperationState struct {
			Phase, Message string
			RetryCount     int `json:"retryCount"`
			SyncResult     struct {
				Revision  string
				Resources []struct{ Kind, Name, HookPhase, Message string }
			} `json:"syncResult"`
		} `json:"operationState"`
	} `json:"status"`
}

func (d *delivery) application(ctx context.Context) (*application, error) {
	text, err := d.Ask(ctx, argoCD, "", "get", "applications.argoproj.io", exchange, "--output=json")
	if err != nil {
		return nil, err
	}
	found := &application{}
	return found, json.Unmarshal([]byte(text), found)
}

// migrations is the Job that runs before anything else of a version.
const migrations = "exchange-migrations"

// unsettled says what is missing to a commit being all that there is; empty if nothing is.
func (a *application) unsettled(revision string) string {
	s := a.Status
	if s.Sync.Status == "Synced" && s.Sync.Revision == revision && s.Health.Status == "Healthy" && s.OperationState.Phase == "Succeeded" {
		return ""
	}
	said := []string{fmt.Sprintf("it is %s and %s at %.8s, its last sync is %s: %s", s.Sync.Status, s.Health.Status, s.Sync.Revision, s.OperationState.Phase, s.OperationState.Message)}
	for _, condition := range s.Conditions {
		said = append(said, condition.Type+": "+condition.Message)
	}
	return strings.Join(said, "; ")
}

// stopped is what Argo CD says of a commit whose migrations have failed; amiss is what there is instead.
func (a *application) stopped(revision string) (said, amiss string) {
	state := a.Status.OperationState
	for _, each := range state.SyncResult.Resources {
		if state.SyncResult.Revision == revision && each.Kind == "Job" && each.Name == migrations && each.HookPhase == "Failed" {
			return fmt.Sprintf("%s; Job %s: %s", state.Message, each.Name, each.Message), ""
		}
	}
	return "", a.unsettled(revision)
}

// tell has Argo CD look at the repository now, as its page's button does. What it remembers of a failure does not count.
func (d *delivery) tell(ctx context.Context) error {
	_, err := d.Ask(ctx, argoCD, "", "annotate", "applications.argoproj.io", exchange, "argocd.argoproj.io/refresh=hard", "--overwrite")
	return err
}

// real says whether there is an Argo CD that does what it is told, and what it watches.
func (d *delivery) real(ctx context.Context) (*application, error) {
	found, err := d.application(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for Argo CD's application: %w; the stack needs delivery.mode gitops", err)
	}
	if found.Spec.SyncPolicy.Automated == nil {
		return nil, errors.New("Argo CD only looks: the stack says delivery.gitops.automated false")
	}
	nodes, err := d.Ask(ctx, argoCD, "", "get", "pods", "--output=jsonpath={.items[*].spec.nodeName}")
	if err != nil {
		return nil, err
	}
	if nodes == "" || slices.Contains(strings.Fields(nodes), "simulated") {
		return nil, errors.New("Argo CD is simulated: take real machines, ./scripts/sandbox up demo --machines real")
	}
	return found, nil
}

// environment is the folder below overlays that is watched.
func (a *application) environment() string { return path.Base(a.Spec.Source.Path) }

// runs says what is missing to a version being the one that runs: in what is wanted, and in each pod, by the digest that its machine has pulled.
func (d *delivery) runs(ctx context.Context, wanted version) (amiss string, err error) {
	const of = "--selector=app.kubernetes.io/part-of=exchange-platform,app.kubernetes.io/component in (web,worker)"
	deployments, err := d.Ask(ctx, exchange, "", "get", "deployments", of, "--output=jsonpath={.items[*].spec.template.spec.containers[*].image}")
	if err != nil {
		return "", err
	}
	pods, err := d.Ask(ctx, exchange, "", "get", "pods", of, "--output=jsonpath={.items[*].status.containerStatuses[*].imageID}")
	if err != nil {
		return "", err
	}
	for what, images := range map[string][]string{"the Deployments": strings.Fields(deployments), "the pods": strings.Fields(pods)} {
		others := func(image string) bool { return !strings.HasSuffix(image, "@"+wanted.digest) }
		if len(images) == 0 || slices.ContainsFunc(images, others) {
			return fmt.Sprintf("%s are of %v, and not of %s", what, images, wanted.digest), nil
		}
	}
	return "", nil
}

// reason is why the migrations failed, by their log, as the documentation says to read it.
func (d *delivery) reason(ctx context.Context) (string, error) {
	log, err := d.Ask(ctx, exchange, "", "logs", "job/"+migrations, "--all-containers")
	if err != nil {
		return "", err
	}
	if found := exception.FindAllString(log, -1); found != nil {
		return strings.TrimSpace(found[len(found)-1]), nil
	}
	return "", fmt.Errorf("the log of the migrations names no error, so that nobody could say why the version did not arrive: %s", log)
}

// exception is how Python ends a traceback. What it writes to standard output may come after that.
var exception = regexp.MustCompile(`(?m)^[\w.]*(Error|Exception): .*$`)
