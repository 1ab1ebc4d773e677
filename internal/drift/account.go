package drift

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/objects"
)

// Account adds to a report what a refresh of the state would find otherwise, as its events tell: machines, networks, records, buckets. What
// is in the cluster is compared with the cluster itself.
func (r *Report) Account(events io.Reader) error {
	known, err := Known()
	if err != nil {
		return err
	}
	ended := false
	for decoder := json.NewDecoder(events); ; {
		var event struct {
			Outputs *struct{ Metadata refreshed } `json:"resOutputsEvent"`
			Failed  *struct{ Metadata refreshed } `json:"resOpFailedEvent"`
			Summary *json.RawMessage              `json:"summaryEvent"`
		}
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("the events of the refresh: %w", err)
		}
		ended = ended || event.Summary != nil
		if event.Failed != nil {
			r.Unasked = append(r.Unasked, event.Failed.Metadata.URN)
		}
		if event.Outputs == nil || event.Outputs.Metadata.elsewhere() {
			continue
		}
		r.Looked++
		r.add(known, event.Outputs.Metadata.findings(r.Stack)...)
	}
	if !ended {
		return errors.New("the refresh was cut short")
	}
	return nil
}

// refreshed is what the engine tells of a resource that it has looked at. It writes [secret] for secrets.
type refreshed struct {
	Op, URN, Type string
	Old, New      *struct{ Inputs, Outputs object }
}

// elsewhere tells of what is compared with the cluster, and of what the engine keeps for itself.
func (m *refreshed) elsewhere() bool {
	return strings.HasPrefix(m.Type, "kubernetes:") || strings.HasPrefix(m.Type, "pulumi:")
}

func (m *refreshed) findings(stack string) []Finding {
	name := m.URN[strings.LastIndex(m.URN, "::")+1:]
	name = strings.TrimPrefix(name, ":")
	of := Finding{
		What: Changed, Of: m.URN, Type: m.Type, Object: name + " (" + m.Type + ")",
		Undo: fmt.Sprintf("pulumi up --refresh --stack %s --target %s", quoted(stack), quoted(m.URN)),
		Keep: fmt.Sprintf("`pulumi refresh --stack %s --target %s`, then write it into the stack file until `./scripts/review %[1]s` shows no change of it",
			quoted(stack), quoted(m.URN)),
	}
	switch {
	case m.Op == "delete":
		of.What, of.Keep = Gone, "take it out of the stack file"
		return []Finding{of}
	case m.Op != "update" || m.Old == nil || m.New == nil:
		return nil
	}
	var found []Finding
	for _, side := range []struct{ before, after object }{{m.Old.Inputs, m.New.Inputs}, {m.Old.Outputs, m.New.Outputs}} {
		keys := maps.Clone(side.after)
		if keys == nil {
			keys = object{}
		}
		maps.Copy(keys, side.before)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if strings.HasPrefix(key, "__") || reflect.DeepEqual(side.before[key], side.after[key]) || has(found, key) {
				continue
			}
			for _, each := range objects.Changes(path{}.In(key), side.after[key], side.before[key]) {
				one := of
				one.Field, one.Live, one.Wanted = each.Path.String(), value("", each.Path, each.Live), value("", each.Path, each.Wanted)
				found = append(found, one)
			}
		}
	}
	if len(found) == 0 { // a secret, of which one cannot see how it differs
		of.Field, of.Live, of.Wanted = "a secret", "(not shown)", "(not shown)"
		found = append(found, of)
	}
	return found
}

// has tells whether a property is told of already.
func has(found []Finding, key string) bool {
	return slices.ContainsFunc(found, func(f Finding) bool {
		return f.Field == key || strings.HasPrefix(f.Field, key+".") || strings.HasPrefix(f.Field, key+"[")
	})
}
