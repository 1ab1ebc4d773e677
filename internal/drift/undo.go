package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/internal/objects"
)

// maker is the plugin as the cluster knows it when it makes something.
const maker = "pulumi-kubernetes"

// Undo makes one object as the program wants it, in the name of who made it, so that the program's next update finds its own fields. It
// returns what it undid.
func (c *Cluster) Undo(ctx context.Context, id string) ([]Finding, error) {
	known, err := Known()
	if err != nil {
		return nil, err
	}
	report := &Report{}
	wanted, _ := c.wanted(ctx, report)
	i := slices.IndexFunc(wanted, func(w Wanted) bool { return w.ID() == id })
	if i < 0 {
		return nil, fmt.Errorf("the program wants no %s; a report names what can be undone%s", id, strings.Join(append([]string{""}, report.Unasked...), "\n  - "))
	}
	w := &wanted[i]
	findings, err := c.compare(ctx, w)
	if err != nil {
		return nil, err
	}
	report.add(known, findings...)
	if len(report.Findings) == 0 {
		return nil, nil
	}
	for attempt := 1; ; attempt++ {
		// a controller may have written its status meanwhile
		if err := c.undo(ctx, w, report.Findings); !kube.IsConflict(err) || attempt == attempts {
			return report.Findings, err
		}
	}
}

// attempts are how often an object is written that others write as well.
const attempts = 10

func (c *Cluster) undo(ctx context.Context, w *Wanted, findings []Finding) error {
	seen, err := c.look(ctx, w)
	if err != nil {
		return err
	}
	if seen.live == nil {
		return c.Client.Write(ctx, http.MethodPost, collection(seen.path), maker, false, w.Content, nil)
	}
	manager := maker
	for _, each := range owners(seen.live) {
		if !each.ours() || each.Subresource != "" {
			continue
		}
		manager = each.Manager
		if each.Operation == "Apply" {
			if err := c.Client.Write(ctx, http.MethodPatch, seen.path, manager, false, w.Content, nil); err != nil {
				return err
			}
			if seen, err = c.look(ctx, w); err != nil || seen.live == nil {
				return err
			}
			break
		}
	}
	next, _ := objects.Clone(seen.live).(object)
	for _, each := range seen.changes {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Field == each.Path.String() }) {
			put(next, each.Path, each.Wanted)
		}
	}
	if metadata, is := next["metadata"].(object); is {
		delete(metadata, "managedFields") // the cluster keeps its own
	}
	return c.Client.Write(ctx, http.MethodPut, seen.path, manager, false, next, nil)
}

// put has a field of a tree be a value, or go where there is none.
func put(tree object, at path, wanted any) {
	if wanted == nil {
		objects.Without(tree, at)
		return
	}
	set(tree, at, wanted)
}

func set(tree any, at path, wanted any) any {
	if len(at) == 0 {
		return wanted
	}
	switch node := tree.(type) {
	case nil:
		return set(object{}, at, wanted)
	case object:
		node[at[0].Key] = set(node[at[0].Key], at[1:], wanted)
		return node
	case []any:
		for i, each := range node {
			if objects.Same(each, at[0].Element) {
				node[i] = set(each, at[1:], wanted)
				return node
			}
		}
		return append(node, set(nil, at[1:], wanted))
	}
	return tree
}

// Lease is where the last comparison stands in the cluster, for what watches it: kube-state-metrics tells of Leases.
var Lease = kube.Object{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Namespace: "monitoring", Name: "exchange-platform-drift"}

// Record writes into the cluster when it was compared last, and how that ended.
func (c *Cluster) Record(ctx context.Context, report *Report) error {
	at, err := c.Client.Path(ctx, Lease)
	if err != nil {
		return err
	}
	return c.Client.Write(ctx, http.MethodPatch, at, pretender, false, object{
		"apiVersion": Lease.APIVersion, "kind": Lease.Kind,
		"metadata": object{"name": Lease.Name, "namespace": Lease.Namespace},
		"spec":     object{"holderIdentity": report.Ended(), "renewTime": report.Made.UTC().Format("2006-01-02T15:04:05.000000Z")},
	}, nil)
}

func marshal(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
