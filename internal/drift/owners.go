package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/internal/objects"
)

// owner is who wrote fields of an object, as the cluster keeps it.
type owner struct {
	Manager     string    `json:"manager"`
	Operation   string    `json:"operation"`
	Time        time.Time `json:"time"`
	Subresource string    `json:"subresource"`
	Fields      object    `json:"fieldsV1"`
}

// owners are those of an object.
func owners(live object) []owner {
	metadata, _ := live["metadata"].(object)
	text, err := json.Marshal(metadata["managedFields"])
	if err != nil {
		return nil
	}
	var found []owner
	if json.Unmarshal(text, &found) != nil {
		return nil
	}
	return found
}

// ours tells of the plugin, which nobody but this stack's updates uses in its cluster.
func (o *owner) ours() bool { return kube.IsPlugin(o.Manager) }

// has tells whether a field is one of the owner's, or in one.
func (o *owner) has(field path) bool {
	node := o.Fields
	if len(node) == 0 {
		return false
	}
	for _, each := range field {
		if len(node) == 0 {
			return true // a leaf, of which all is theirs
		}
		child := childOf(node, each)
		if child == nil {
			return false
		}
		node = child
	}
	return true
}

func childOf(node object, at step) object {
	if at.Key != "" {
		child, _ := node["f:"+at.Key].(object)
		return child
	}
	for name, child := range node {
		if text, is := strings.CutPrefix(name, "k:"); is {
			var key object
			if json.Unmarshal([]byte(text), &key) == nil && objects.Element([]any{at.Element}, key) != nil {
				found, _ := child.(object)
				return found
			}
		}
		if text, is := strings.CutPrefix(name, "v:"); is {
			var value any
			if json.Unmarshal([]byte(text), &value) == nil && fmt.Sprint(value) == fmt.Sprint(at.Element) {
				found, _ := child.(object)
				return found
			}
		}
	}
	return nil
}

// additions are the fields of an owner that are in the cluster and that nobody asked for.
func (o *owner) additions(live, wanted any) []change { return additions(nil, o.Fields, live, wanted) }

func additions(at path, owned object, live, wanted any) []change {
	var found []change
	for _, name := range slices.Sorted(maps.Keys(owned)) {
		fields, _ := owned[name].(object)
		switch kind, text, _ := strings.Cut(name, ":"); kind {
		case "f":
			if len(at) == 0 && text == "status" {
				continue
			}
			liveMap, _ := live.(object)
			wantedMap, _ := wanted.(object)
			value, has := liveMap[text]
			want, asked := wantedMap[text]
			switch {
			case !has: // it has gone since
			case len(fields) > 0:
				found = append(found, additions(at.In(text), fields, value, want)...)
			case !asked:
				found = append(found, change{Path: at.In(text), Live: value})
			}
		case "k":
			var key object
			if json.Unmarshal([]byte(text), &key) != nil {
				continue
			}
			liveList, _ := live.([]any)
			wantedList, _ := wanted.([]any)
			value := objects.Element(liveList, key)
			if value == nil {
				continue
			}
			place := slices.IndexFunc(liveList, func(each any) bool { return objects.Same(each, value) })
			want := objects.Element(wantedList, key)
			if _, whole := fields["."]; whole && want == nil {
				found = append(found, change{Path: at.At(value, place), Live: value})
				continue
			}
			found = append(found, additions(at.At(value, place), fields, value, want)...)
		case "v":
			var value any
			liveList, _ := live.([]any)
			wantedList, _ := wanted.([]any)
			if json.Unmarshal([]byte(text), &value) == nil && slices.Contains(liveList, value) && !slices.Contains(wantedList, value) {
				found = append(found, change{Path: at.At(value, slices.Index(liveList, value)), Live: value})
			}
		}
	}
	return found
}
