// Package drift compares what the program wants with what there is: the objects of the cluster, the inside of Helm releases and the
// account. It says of each difference who made it, how to undo it and how to keep it. It is plain data and knows neither the engine nor the program.
package drift

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/internal/objects"
)

// What is compared is compared as any tree is.
type (
	object = objects.Object
	path   = objects.Path
	step   = objects.Step
	change = objects.Change
)

// What a difference is.
const (
	Changed = "changed"
	Added   = "added"
	Gone    = "gone"
)

// Finding is one difference.
type Finding struct {
	What string
	// Of is whose it is: a release, or a resource's URN.
	Of string
	// Object and Kind are of Kubernetes; Type is a resource's, of the account.
	Object, Kind, Type string
	// Field is empty where all of it is meant. Live and Wanted are as they may be shown.
	Field, Live, Wanted string
	// Manager is who wrote it, as the cluster keeps it, and At when; empty if nobody keeps that.
	Manager string
	At      time.Time
	// Undo is the command that makes it as the program wants it, Keep how the program comes to want it so.
	Undo, Keep string
}

// Report is what was found.
type Report struct {
	Stack string
	Made  time.Time
	// Findings are drift; Noise is none, by the reason why.
	Findings []Finding
	Noise    map[string]int
	// Looked is how many objects, releases and resources were compared.
	Looked int
	// Unasked is what could not be compared, and why: as long as there is any, nobody knows.
	Unasked []string
}

// pretender is who asks the cluster what would become of an object: nothing is ever written in its name.
const pretender = "exchange-platform-drift"

// Cluster is a cluster that is compared with a state.
type Cluster struct {
	Client *kube.Client
	State  *State
	// Stack is whose it is.
	Stack string
}

// Compare adds to a report what is otherwise in the cluster.
func (c *Cluster) Compare(ctx context.Context, report *Report) error {
	known, err := Known()
	if err != nil {
		return err
	}
	wanted, byHand := c.wanted(ctx, report)
	for _, each := range wanted {
		report.Looked++
		found, err := c.compare(ctx, &each)
		if err != nil {
			report.Unasked = append(report.Unasked, fmt.Sprintf("%s: %v", each.ID(), err))
			continue
		}
		report.add(known, found...)
	}
	report.add(known, byHand...)
	return ctx.Err()
}

// add sorts findings into drift and noise.
func (r *Report) add(known []Noise, findings ...Finding) {
	for _, each := range findings {
		if i := slices.IndexFunc(known, func(n Noise) bool { return n.fits(&each) }); i >= 0 {
			if r.Noise == nil {
				r.Noise = map[string]int{}
			}
			r.Noise[known[i].Reason]++
			continue
		}
		r.Findings = append(r.Findings, each)
	}
	r.Findings = sorted(r.Findings)
}

// wanted are all objects that the program wants, its own and those that Helm makes for it; and releases that somebody upgraded by hand.
func (c *Cluster) wanted(ctx context.Context, report *Report) (wanted []Wanted, byHand []Finding) {
	wanted = slices.Clone(c.State.Objects)
	for _, release := range c.State.Releases {
		report.Looked++
		name := release.Namespace + "/" + release.Name
		ours, now, err := c.Client.Manifests(ctx, release.Namespace, release.Name, release.Revision)
		if err == nil {
			var objects []Wanted
			if objects, err = inManifest(ours.Text, release.Namespace, name); err == nil {
				wanted = append(wanted, objects...)
			}
		}
		if err != nil {
			report.Unasked = append(report.Unasked, fmt.Sprintf("release %s: %v", name, err))
			continue
		}
		if now != nil && now.Text != ours.Text {
			byHand = append(byHand, Finding{
				What: Changed, Of: name, Object: "release " + name, Kind: "Release", Field: "revision",
				Live: fmt.Sprint(now.Revision), Wanted: fmt.Sprint(ours.Revision), Manager: now.By, At: now.At,
				Undo: fmt.Sprintf("helm rollback %s %d --namespace %s", release.Name, ours.Revision, release.Namespace),
				Keep: "make the program want these values; its next update installs them over this",
			})
		}
	}
	return wanted, byHand
}

// view is an object as it is and as it would be.
type view struct {
	path         string
	live, wanted object
	changes      []change
	added        map[string]*owner
}

// look asks for an object as it is, and what it would be if the program had its way.
func (c *Cluster) look(ctx context.Context, w *Wanted) (*view, error) {
	made := &view{added: map[string]*owner{}}
	var err error
	if made.path, err = c.Client.Path(ctx, w.Object); err != nil {
		return nil, err
	}
	if err := c.Client.Get(ctx, made.path, &made.live); err != nil {
		if kube.IsNotFound(err) {
			return made, nil
		}
		return nil, err
	}
	if err := c.Client.Write(ctx, http.MethodPatch, made.path, pretender, true, w.Content, &made.wanted); err != nil {
		return nil, fmt.Errorf("what it would be: %w", err)
	}
	made.changes = objects.Changes(nil, shown(made.live), shown(made.wanted))
	var fresh object
	for _, each := range owners(made.live) {
		if each.ours() || each.Subresource != "" {
			continue
		}
		for _, addition := range each.additions(made.live, w.Content) {
			if fresh == nil {
				fresh = c.fresh(ctx, w, made.path)
			}
			if made.has(addition.Path) || reflect.DeepEqual(valueAt(fresh, addition.Path), addition.Live) {
				continue
			}
			made.changes = append(made.changes, addition)
			made.added[addition.Path.String()] = &each
		}
	}
	return made, nil
}

// fresh is what the cluster would make of an object that was never there: who makes one by hand owns its defaults too. It is empty where
// the cluster does not say.
func (c *Cluster) fresh(ctx context.Context, w *Wanted, at string) object {
	content, _ := objects.Clone(w.Content).(object)
	metadata, _ := content["metadata"].(object)
	metadata["name"] = w.Name + "-drift"
	made := object{}
	if err := c.Client.Write(ctx, http.MethodPost, collection(at), pretender, true, content, &made); err != nil {
		return object{}
	}
	return made
}

// collection is where an object of a path is made.
func collection(at string) string { return at[:strings.LastIndex(at, "/")] }

// valueAt is the value of a field; nil if there is none.
func valueAt(tree any, at path) any {
	for _, each := range at {
		switch node := tree.(type) {
		case object:
			tree = node[each.Key]
		case []any:
			i := slices.IndexFunc(node, func(other any) bool { return objects.Same(other, each.Element) })
			if i < 0 {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}

func (v *view) has(at path) bool {
	return slices.ContainsFunc(v.changes, func(c change) bool { return c.Path.String() == at.String() })
}

// shown is an object without what the cluster keeps for itself.
func shown(content object) object {
	copied, _ := objects.Clone(content).(object)
	delete(copied, "status")
	if metadata, is := copied["metadata"].(object); is {
		for _, key := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} {
			delete(metadata, key)
		}
	}
	return copied
}

// compare says what is otherwise with an object.
func (c *Cluster) compare(ctx context.Context, w *Wanted) ([]Finding, error) {
	seen, err := c.look(ctx, w)
	if err != nil {
		return nil, err
	}
	of := Finding{
		What: Changed, Of: w.Of, Object: w.ID(), Kind: w.Kind,
		Undo: fmt.Sprintf("./scripts/drift --undo %s %s", quoted(w.ID()), quoted(c.Stack)),
		Keep: "make the program want it so: `./scripts/review` then shows no change of it",
	}
	if w.Helm {
		of.Keep = "set the chart's value for it in the program, or let it go into the chart"
	}
	if seen.live == nil {
		of.What, of.Keep = Gone, "take it out of the program"
		return []Finding{of}, nil
	}
	var found []Finding
	for _, each := range seen.changes {
		one := of
		one.Field, one.Live, one.Wanted = each.Path.String(), value(w.Kind, each.Path, each.Live), value(w.Kind, each.Path, each.Wanted)
		by := seen.added[one.Field]
		if by != nil {
			one.What = Added
		} else {
			by = writer(seen.live, each.Path)
		}
		if by != nil {
			one.Manager, one.At = by.Manager, by.Time
		}
		found = append(found, one)
	}
	return found, nil
}

// writer is who wrote a field last; nil if the cluster does not keep that.
func writer(live object, at path) *owner {
	var last *owner
	for _, each := range owners(live) {
		if each.Subresource != "status" && each.has(at) && (last == nil || each.Time.After(last.Time) || last.ours()) {
			last = &each
		}
	}
	return last
}

// longest is how much of a value is shown.
const longest = 80

// value is a value as it may be shown: nothing of a Secret's, and nothing of what might quote one.
func value(kind string, at path, found any) string {
	switch {
	case found == nil:
		return "nothing"
	case objects.IsSecret(kind, at.String()):
		return "(not shown)"
	}
	text := fmt.Sprint(found)
	if _, is := found.(string); !is {
		if written, err := marshal(found); err == nil {
			text = written
		}
	}
	return objects.Short(text, longest)
}
