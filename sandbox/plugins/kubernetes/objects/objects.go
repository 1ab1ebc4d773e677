// Package objects implements every Kubernetes kind as a Pulumi resource.
package objects

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// What the state holds beside the live object.
const (
	inputsKey       = "__inputs"
	apiVersionKey   = "__initialApiVersion"
	fieldManagerKey = "__fieldManager"
)

// creator is the field manager of what is not applied but created.
const creator = "pulumi-kubernetes"

// Annotations that steer the provider.
const (
	autonamed           = "pulumi.com/autonamed"
	skipAwait           = "pulumi.com/skipAwait"
	timeoutSeconds      = "pulumi.com/timeoutSeconds"
	patchForce          = "pulumi.com/patchForce"
	patchFieldManager   = "pulumi.com/patchFieldManager"
	deletionPropagation = "pulumi.com/deletionPropagationPolicy"
)

// Options are the parts of the provider's configuration that concern objects.
type Options struct {
	ServerSideApply  bool // else objects are replaced as a whole
	PatchForce       bool // take fields over from other managers
	Upsert           bool // creating an object that is there updates it
	MutableSecrets   bool // a Secret is changed in place
	MutableConfigMap bool // a ConfigMap is changed in place
}

// Objects makes and keeps objects in a cluster.
type Objects struct {
	Cluster *cluster.Cluster
	Options Options
}

type object = unstructured.Unstructured

// kindOf is the kind of a resource type such as "kubernetes:apps/v1:Deployment"; core kinds have the group "core".
func kindOf(urn resource.URN) (schema.GroupVersionKind, error) {
	parts := strings.Split(string(urn.Type()), ":")
	if len(parts) != 3 {
		return schema.GroupVersionKind{}, fmt.Errorf("%s is no Kubernetes type", urn.Type())
	}
	version, err := schema.ParseGroupVersion(strings.TrimPrefix(parts[1], "core/"))
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("type %s: %w", urn.Type(), err)
	}
	return version.WithKind(parts[2]), nil
}

// Check names the object, puts it into its namespace, and completes its kind.
func (o *Objects) Check(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
	kind, err := kindOf(req.Urn)
	if err != nil {
		return p.CheckResponse{}, err
	}
	if err := supported(kind); err != nil {
		return p.CheckResponse{}, err
	}
	inputs := &object{Object: props.Plain(req.Inputs)}
	if inputs.GetAPIVersion() == "" {
		inputs.SetAPIVersion(kind.GroupVersion().String())
	}
	if inputs.GetKind() == "" {
		inputs.SetKind(kind.Kind)
	}
	inputs.Object = cluster.Normalize(inputs.Object)
	if err := o.name(inputs, req); err != nil {
		return p.CheckResponse{}, err
	}
	if _, set, _ := unstructured.NestedFieldNoCopy(inputs.Object, "metadata", "namespace"); !set &&
		o.Cluster.Namespace != "" && o.Cluster.Namespaced(kind) {
		inputs.SetNamespace(o.Cluster.Namespace)
	}
	response := p.CheckResponse{Inputs: props.MarkSecrets(props.Properties(inputs.Object), req.Inputs)}
	for _, annotation := range unsupportedAnnotations {
		if _, there := inputs.GetAnnotations()[annotation]; there {
			response.Failures = append(response.Failures, p.CheckFailure{
				Property: "metadata.annotations",
				Reason:   fmt.Sprintf("this stand-in for the kubernetes plugin does not know %s: use the official one", annotation),
			})
		}
	}
	return response, nil
}

// unsupportedAnnotations steer the official provider in ways that this one does not have.
var unsupportedAnnotations = []string{"pulumi.com/waitFor", "pulumi.com/replaceUnready"}

// supported refuses the types that are no objects.
func supported(kind schema.GroupVersionKind) error {
	switch {
	case strings.HasSuffix(kind.Kind, "List"):
		return fmt.Errorf("list resources exist for compatibility with YAML manifests and Helm charts, " +
			"and cannot be created directly. Use the underlying resource type instead")
	case strings.HasSuffix(kind.Kind, "Patch") && cluster.Builtin(kind.GroupVersion()):
		return fmt.Errorf("this stand-in for the kubernetes plugin has no Patch resources, such as %s: use the official one",
			kind.Kind)
	}
	return nil
}

// name gives an object without a name one of its own, and keeps it.
func (o *Objects) name(inputs *object, req p.CheckRequest) error {
	if _, named, _ := unstructured.NestedFieldNoCopy(inputs.Object, "metadata", "name"); named {
		return nil
	}
	if inputs.GetGenerateName() != "" {
		return fmt.Errorf("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
	}
	old := &object{Object: props.Plain(req.State)}
	name := old.GetName()
	if name == "" || old.GetAnnotations()[autonamed] != "true" {
		var err error
		if name, err = resource.NewUniqueName(req.RandomSeed, req.Urn.Name()+"-", 0, 0, nil); err != nil {
			return err
		}
	}
	inputs.SetName(name)
	return unstructured.SetNestedField(inputs.Object, "true", "metadata", "annotations", autonamed)
}

// Diff compares what the program says now with what the server had of what it said before.
func (o *Objects) Diff(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	inputs, live, _ := parseState(req.State)
	wanted := cluster.Normalize(props.Plain(req.Inputs))
	had := props.Prune(live.Object, cluster.Normalize(inputs.Object))
	had["apiVersion"], had["kind"] = wanted["apiVersion"], wanted["kind"]
	wantedObject, hadObject := &object{Object: wanted}, &object{Object: had}
	gvk := wantedObject.GroupVersionKind()
	if o.Cluster.Namespaced(gvk) {
		defaultNamespace(wantedObject)
		defaultNamespace(hadObject)
	} else {
		hadObject.SetNamespace("")
		wantedObject.SetNamespace("")
	}
	if wantedObject.GetName() != "" {
		hadObject.SetName(live.GetName())
	}
	changes := withoutIgnored(props.Diff(had, wanted), req.IgnoreChanges)
	detailed := props.Detailed(changes, o.replaceOn(wantedObject))
	return p.DiffResponse{
		HasChanges:   len(detailed) > 0,
		DetailedDiff: detailed,
		// A fixed name can belong to one object only.
		DeleteBeforeReplace: props.Replaces(detailed) && wantedObject.GetAnnotations()[autonamed] != "true" &&
			wantedObject.GetName() == live.GetName() && wantedObject.GetNamespace() == live.GetNamespace(),
	}, nil
}

func defaultNamespace(object *object) {
	if _, set, _ := unstructured.NestedFieldNoCopy(object.Object, "metadata", "namespace"); !set {
		object.SetNamespace("default")
	}
}

// withoutIgnored leaves out the changes below the ignored paths.
func withoutIgnored(changes []props.Change, ignored []string) []props.Change {
	var kept []props.Change
next:
	for _, change := range changes {
		path, err := resource.ParsePropertyPath(change.Path.String())
		for _, pattern := range ignored {
			ignore, parseErr := resource.ParsePropertyPath(pattern)
			if err == nil && parseErr == nil && ignore.Contains(path) {
				continue next
			}
		}
		kept = append(kept, change)
	}
	return kept
}

// state is what Pulumi keeps of an object: the live one, the inputs it was made from, and who manages its fields.
func state(inputs, live *object, from property.Map, manager string) property.Map {
	result := props.MarkSecrets(props.Properties(live.Object), from)
	result = result.Set(inputsKey, property.New(props.MarkSecrets(props.Properties(inputs.Object), from)))
	result = result.Set(apiVersionKey, property.New(inputs.GetAPIVersion()))
	return result.Set(fieldManagerKey, property.New(manager))
}

// parseState is the reverse of state.
func parseState(m property.Map) (inputs, live *object, manager string) {
	content := props.Plain(m)
	manager, _ = content[fieldManagerKey].(string)
	old, _ := content[inputsKey].(map[string]any)
	for _, key := range []string{inputsKey, apiVersionKey, fieldManagerKey} {
		delete(content, key)
	}
	if old == nil {
		old = map[string]any{}
	}
	return &object{Object: old}, &object{Object: content}, manager
}

// manager is the field manager of an object: it stays the same for the life of the object.
func (o *Objects) manager(previous string, inputs *object) (string, error) {
	switch {
	case !o.Options.ServerSideApply:
		return creator, nil
	case inputs.GetAnnotations()[patchFieldManager] != "":
		return inputs.GetAnnotations()[patchFieldManager], nil
	case previous != "":
		return previous, nil
	}
	return resource.NewUniqueName(nil, creator+"-", 0, 0, nil)
}

// ID is "namespace/name", or the name of what lives in no namespace.
func id(object *object) string {
	if object.GetNamespace() == "" {
		return object.GetName()
	}
	return object.GetNamespace() + "/" + object.GetName()
}

func parseID(id string) (namespace, name string) {
	if namespace, name, both := strings.Cut(id, "/"); both {
		return namespace, name
	}
	return "", id
}
