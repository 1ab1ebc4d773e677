package objects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// createAttempts is how often the creation of an object is tried whose kind or namespace is not there yet.
const createAttempts = 6

// Create makes the object and waits until it is ready. A preview asks the server what it would make of it.
func (o *Objects) Create(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
	inputs := &object{Object: props.Plain(req.Properties)}
	if req.DryRun && (props.HasUnknown(inputs.Object) || !o.Options.ServerSideApply || !o.Cluster.Known(inputs.GroupVersionKind())) {
		return p.CreateResponse{Properties: req.Properties}, nil
	}
	manager, err := o.manager("", inputs)
	if err != nil {
		return p.CreateResponse{}, err
	}
	made, err := o.create(ctx, inputs, manager, req.DryRun)
	if req.DryRun {
		if err != nil {
			if apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) || apierrors.IsForbidden(err) || meta.IsNoMatchError(err) {
				return p.CreateResponse{Properties: req.Properties}, nil
			}
			return p.CreateResponse{}, o.createError(req, inputs, err)
		}
		delete(made.Object, "status")
		return p.CreateResponse{Properties: state(inputs, made, req.Properties, manager)}, nil
	}
	if err != nil {
		return p.CreateResponse{}, o.createError(req, inputs, err)
	}
	live, unready := o.await(ctx, inputs, made, time.Duration(req.Timeout*float64(time.Second)))
	response := p.CreateResponse{ID: id(live), Properties: state(inputs, live, req.Properties, manager)}
	if unready != nil {
		err := fmt.Errorf("resource %q was successfully created, but the Kubernetes API server reported that it failed "+
			"to fully initialize or become live: %w", req.Urn, unready)
		response.PartialState = partial(err)
		return response, err
	}
	return response, nil
}

func (o *Objects) create(ctx context.Context, inputs *object, manager string, dryRun bool) (*object, error) {
	var err error
	for attempt, delay := 1, time.Second; ; attempt, delay = attempt+1, 2*delay {
		var made *object
		if made, err = o.tryCreate(ctx, inputs, manager, dryRun); err == nil {
			return made, nil
		}
		if dryRun || attempt == createAttempts || !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return nil, err
		}
		p.GetLogger(ctx).InfoStatusf("Retry #%d; creation failed: %v", attempt-1, err)
		if cluster.Sleep(ctx, delay) != nil {
			return nil, err
		}
	}
}

func (o *Objects) tryCreate(ctx context.Context, inputs *object, manager string, dryRun bool) (*object, error) {
	client, err := o.Cluster.Client(inputs)
	if err != nil {
		return nil, err
	}
	if o.Options.ServerSideApply && o.Options.Upsert {
		return o.apply(ctx, client, inputs, manager, dryRun, dryRun) // only a preview passes over who owns the fields
	}
	return client.Create(ctx, inputs.DeepCopy(), metav1.CreateOptions{FieldManager: creator, DryRun: dry(dryRun)})
}

func (o *Objects) createError(req p.CreateRequest, inputs *object, err error) error {
	switch {
	case meta.IsNoMatchError(err):
		return fmt.Errorf("creation of resource %q with kind %s/%s failed because the Kubernetes API server reported "+
			"that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: %w",
			req.Urn, inputs.GetAPIVersion(), inputs.GetKind(), err)
	case apierrors.IsAlreadyExists(err):
		err = fmt.Errorf("%w\n\nThe resource already exists in the cluster: import it with `pulumi import`, "+
			"give a renamed resource an alias, or set upsertExistingObjects on the provider to take it over", err)
	}
	return fmt.Errorf("resource %q was not successfully created by the Kubernetes API server: %w", req.Urn, err)
}

// Update applies the changed object and waits until it is ready.
func (o *Objects) Update(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
	_, old, previous := parseState(req.State)
	inputs := &object{Object: cluster.Normalize(props.Plain(req.Inputs))}
	if req.DryRun && (props.HasUnknown(inputs.Object) || !o.Cluster.Known(inputs.GroupVersionKind())) {
		return p.UpdateResponse{Properties: req.Inputs}, nil
	}
	manager, err := o.manager(previous, inputs)
	if err != nil {
		return p.UpdateResponse{}, err
	}
	client, err := o.Cluster.Client(inputs)
	if err != nil {
		return p.UpdateResponse{}, fmt.Errorf("update of resource %q failed: %w", req.Urn, err)
	}
	updated, err := o.update(ctx, client, inputs, old.GetName(), manager, req)
	if err != nil {
		return p.UpdateResponse{}, fmt.Errorf("update of resource %q failed: %w", req.Urn, err)
	}
	if req.DryRun {
		return p.UpdateResponse{Properties: state(inputs, updated, req.Inputs, manager)}, nil
	}
	live, unready := o.await(ctx, inputs, updated, time.Duration(req.Timeout*float64(time.Second)))
	response := p.UpdateResponse{Properties: state(inputs, live, req.Inputs, manager)}
	if unready != nil {
		err := fmt.Errorf("the Kubernetes API server reported that %q failed to fully initialize or become live: %w",
			id(live), unready)
		response.PartialState = partial(err)
		return response, err
	}
	return response, nil
}

func (o *Objects) update(
	ctx context.Context, client dynamic.ResourceInterface, inputs *object, name, manager string, req p.UpdateRequest,
) (*object, error) {
	live, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if !o.Options.ServerSideApply || inputs.GetKind() == "CustomResourceDefinition" {
		// A CRD is put as a whole, so that versions that are gone are gone.
		wanted := inputs.DeepCopy()
		wanted.SetResourceVersion(live.GetResourceVersion())
		return client.Update(ctx, wanted, metav1.UpdateOptions{FieldManager: manager, DryRun: dry(req.DryRun)})
	}
	if !req.DryRun {
		if err := takeOver(ctx, client, live, manager); err != nil {
			return nil, err
		}
	}
	if err := keepIgnored(inputs, live, req.IgnoreChanges); err != nil {
		return nil, err
	}
	// A preview forces what the real change takes over first.
	force := len(live.GetManagedFields()) == 0 || req.DryRun && hasPredecessor(live)
	return o.apply(ctx, client, inputs, manager, req.DryRun, force)
}

// apply is a server-side apply of the object.
func (o *Objects) apply(
	ctx context.Context, client dynamic.ResourceInterface, inputs *object, manager string, dryRun, force bool,
) (*object, error) {
	force = force || o.Options.PatchForce || inputs.GetAnnotations()[patchForce] == "true"
	content, err := json.Marshal(inputs.Object)
	if err != nil {
		return nil, err
	}
	applied, err := client.Patch(ctx, inputs.GetName(), types.ApplyPatchType, content, metav1.PatchOptions{
		FieldManager: manager, Force: &force, DryRun: dry(dryRun),
	})
	if apierrors.IsConflict(err) {
		return nil, fmt.Errorf("server-side apply field conflict detected: the resource managed by field manager %q had an "+
			"apply conflict: %w; give it the annotation %s: \"true\" to take the fields over", manager, err, patchForce)
	}
	return applied, err
}

func dry(run bool) []string {
	if run {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// Delete deletes the object and waits until it is gone.
func (o *Objects) Delete(ctx context.Context, req p.DeleteRequest) error {
	inputs, live, _ := parseState(req.Properties)
	client, err := o.Cluster.Client(live)
	if meta.IsNoMatchError(err) {
		return nil // with its kind, the object is gone
	}
	if err != nil {
		return err
	}
	_, name := parseID(req.ID)
	policy := metav1.DeletePropagationForeground
	switch strings.ToLower(inputs.GetAnnotations()[deletionPropagation]) {
	case "orphan":
		policy = metav1.DeletePropagationOrphan
	case "background":
		policy = metav1.DeletePropagationBackground
	}
	err = client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return awaitDeletion(ctx, client, live, timeout(inputs, time.Duration(req.Timeout*float64(time.Second))))
}

// Read finds the object again. Of its live fields, those that the program has said become the new inputs, so that a
// change by another hand shows.
func (o *Objects) Read(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
	namespace, name := parseID(req.ID)
	if name == "" {
		return p.ReadResponse{}, fmt.Errorf("failed to read resource because of a failure to parse resource name from "+
			"request ID: %s", req.ID)
	}
	_, old, manager := parseState(req.Properties)
	inputs := &object{Object: cluster.Normalize(props.Plain(req.Inputs))}
	imported := len(inputs.Object) == 0
	if inputs.GroupVersionKind().Empty() {
		kind := old.GroupVersionKind()
		if kind.Empty() {
			var err error
			if kind, err = kindOf(req.Urn); err != nil {
				return p.ReadResponse{}, err
			}
		}
		inputs.SetGroupVersionKind(kind)
		inputs.SetName(name)
		if namespace != "" {
			inputs.SetNamespace(namespace)
		}
	}
	live, err := o.read(ctx, inputs, name)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return p.ReadResponse{}, nil // it is gone
	}
	if err != nil {
		return p.ReadResponse{}, err
	}
	if manager, err = o.manager(manager, inputs); err != nil {
		return p.ReadResponse{}, err
	}
	liveInputs := &object{Object: props.Prune(live.Object, inputs.Object)}
	if imported {
		liveInputs.Object = cluster.Normalize(live.Object)
		delete(liveInputs.Object, "status")
	}
	return p.ReadResponse{
		ID:         req.ID,
		Properties: state(liveInputs, live, req.Inputs, manager),
		Inputs:     props.MarkSecrets(props.Properties(liveInputs.Object), req.Inputs),
	}, nil
}

func (o *Objects) read(ctx context.Context, inputs *object, name string) (*object, error) {
	client, err := o.Cluster.Client(inputs)
	if err != nil {
		return nil, err
	}
	return client.Get(ctx, name, metav1.GetOptions{})
}

// partial reports an object that exists but is not ready, with everything found out about why.
func partial(err error) *p.InitializationFailed {
	reasons := []string{err.Error()}
	var notReady *notReadyError
	if errors.As(err, &notReady) {
		reasons = append(reasons, notReady.reasons...)
	}
	return &p.InitializationFailed{Reasons: reasons}
}
