package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Object is an object that is about to be made.
type Object struct{ APIVersion, Kind, Namespace, Name string }

// ID is the name that an import knows it by.
func (o Object) ID() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// kind is one that the cluster has.
type kind struct {
	Name, Kind string
	Namespaced bool
}

// path is where the object is or will be; empty if the cluster does not know its kind.
func (c *Client) path(ctx context.Context, o Object) (string, error) {
	root := "/apis/" + o.APIVersion
	if !strings.Contains(o.APIVersion, "/") {
		root = "/api/" + o.APIVersion
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.kinds[root] == nil {
		var list struct{ Resources []kind }
		if _, err := c.get(ctx, root, "", &list); err != nil && !isNotFound(err) {
			return "", err
		}
		c.kinds[root] = list.Resources
	}
	for _, found := range c.kinds[root] {
		switch {
		case found.Kind != o.Kind || strings.Contains(found.Name, "/"):
		case found.Namespaced:
			return fmt.Sprintf("%s/namespaces/%s/%s/%s", root, url.PathEscape(o.Namespace), found.Name, url.PathEscape(o.Name)), nil
		default:
			return fmt.Sprintf("%s/%s/%s", root, found.Name, url.PathEscape(o.Name)), nil
		}
	}
	delete(c.kinds, root) // it may come later
	return "", nil
}

// BeforeCreate looks whether an object is there that is about to be made. What carries the marks was made by an update of this
// stack that did not live to note it: the next create, an apply, may change it as if it were new. What does not is somebody else's.
func (r *Recovery) BeforeCreate(ctx context.Context, o Object) error {
	path, err := r.Client.path(ctx, o)
	if err != nil || path == "" {
		return err
	}
	found, err := r.present(ctx, o, path)
	if err != nil || found == nil {
		return err
	}
	if key, marked := r.marked(found.Labels); !marked {
		return fmt.Errorf("%s %s is in the cluster already, and this stack did not make it (its label %s is not this stack's): it is left as it is. "+
			"Remove it, or import it with the id %s (docs/state.md, Import)", o.Kind, o.ID(), key, o.ID())
	}
	if err := r.Client.patch(ctx, path, disown(found)); err != nil {
		return fmt.Errorf("take over %s %s: %w", o.Kind, o.ID(), err)
	}
	r.Say(fmt.Sprintf("%s %s: an interrupted update of this stack had made it; taken over", o.Kind, o.ID()))
	return nil
}

// present is the object's metadata; nil if it is not there. One that is being deleted is waited for.
func (r *Recovery) present(ctx context.Context, o Object, path string) (*metadata, error) {
	for said := false; ; said = true {
		var found struct{ Metadata metadata }
		_, err := r.Client.get(ctx, path, metadataOnly, &found)
		switch {
		case isNotFound(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("look for %s %s: %w", o.Kind, o.ID(), err)
		case found.Metadata.DeletionTimestamp == nil:
			return &found.Metadata, nil
		case !said:
			r.Say(fmt.Sprintf("%s %s is being deleted: waiting until it is gone", o.Kind, o.ID()))
		}
		if err := r.pause(ctx); err != nil {
			return nil, fmt.Errorf("%s %s is still being deleted: %w", o.Kind, o.ID(), err)
		}
	}
}

// marked says whether labels are those of this stack's objects. Earlier versions did not name the stack.
func (r *Recovery) marked(labels map[string]string) (missing string, marked bool) {
	for key, value := range r.Marks {
		if labels[key] != value {
			return key, false
		}
	}
	stack := labels[StackLabel]
	return StackLabel, stack == r.Stack || stack == ""
}

// StackLabel names the stack on every object that the program makes itself.
const StackLabel = "exchange-platform/stack"

// disown is a change that takes an object's fields from the plugin's earlier self: another one could not apply other values.
// One field stays owned, that of the label that never changes; an object without any owner would be taken for an old one.
func disown(found *metadata) any {
	kept := slices.DeleteFunc(slices.Clone(found.ManagedFields), func(entry managedFields) bool { return entry.ours() })
	version := "v1"
	for _, entry := range found.ManagedFields {
		version = entry.APIVersion
	}
	kept = append(kept, managedFields{
		Manager: "pulumi-kubernetes", Operation: "Update", APIVersion: version, Time: time.Now().UTC().Truncate(time.Second),
		FieldsType: "FieldsV1", FieldsV1: json.RawMessage(`{"f:metadata":{"f:labels":{"f:app.kubernetes.io/part-of":{}}}}`),
	})
	return map[string]any{"metadata": map[string]any{"resourceVersion": found.ResourceVersion, "managedFields": kept}}
}
