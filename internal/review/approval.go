package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Approval is what of a review has been approved: which resources change how. It holds no value, and so no secret.
type Approval struct {
	Stack string `json:"stack"`
	// Rank is that of the worst change.
	Rank string `json:"rank"`
	// Source is what the preview was made from, in words.
	Source string `json:"source"`
	// Changes are what happens to each resource, by its URN.
	Changes map[string]ApprovedChange `json:"changes"`
}

// ApprovedChange is what happens to one resource.
type ApprovedChange struct {
	Op string `json:"op"`
	// Properties are sums over what each property becomes, by its path.
	Properties map[string]string `json:"properties,omitempty"`
	// Objects are sums over what each object of a release becomes; Unknown tells that nobody knew that.
	Objects map[string]string `json:"objects,omitempty"`
	Unknown bool              `json:"unknown,omitempty"`
}

// Approval is what is approved with this review.
func (r *Review) Approval() (*Approval, error) {
	if len(r.Errors) > 0 {
		return nil, fmt.Errorf("a preview that failed cannot be approved: %s", r.Errors[0])
	}
	approved := &Approval{Stack: r.Stack, Rank: r.Worst().Name, Source: r.Source.String(), Changes: map[string]ApprovedChange{}}
	for _, finding := range r.Findings {
		approved.Changes[finding.URN] = finding.approved()
	}
	return approved, nil
}

func (f Finding) approved() ApprovedChange {
	change := ApprovedChange{Op: f.Op}
	for _, property := range f.told() {
		if change.Properties == nil {
			change.Properties = map[string]string{}
		}
		change.Properties[property.Path] = property.sum()
	}
	if f.Release != nil {
		change.Unknown = f.Release.Unknown != ""
		for _, object := range f.Release.Changes {
			if change.Objects == nil {
				change.Objects = map[string]string{}
			}
			change.Objects[object.String()] = object.sum()
		}
	}
	return change
}

// sum is over what a property becomes. One of a value that is nobody's business is the same whatever that is.
func (p Property) sum() string {
	text, err := json.Marshal(p.New)
	if p.isPersonal() || err != nil {
		text = []byte(secret)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Sum is over all that is approved.
func (a *Approval) Sum() string {
	text, err := json.Marshal(a)
	if err != nil {
		return "" // texts only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Beyond is what this review has that was not approved, the worst first; nothing if it does no more, and nothing worse. What was
// approved and is not needed any more is no matter.
func (r *Review) Beyond(approved *Approval) ([]string, error) {
	if approved.Stack != r.Stack {
		return nil, fmt.Errorf("what was approved is of the stack %s, not of %s", approved.Stack, r.Stack)
	}
	rank, err := r.rules.Rank(approved.Rank)
	if err != nil {
		return nil, fmt.Errorf("what was approved: %w", err)
	}
	if len(r.Errors) > 0 {
		return []string{"the preview fails now: " + r.Errors[0]}, nil
	}
	var more []string
	if worst := r.Worst(); len(r.Findings) > 0 && worst.Worse(rank) {
		more = append(more, fmt.Sprintf("it ranks as %s now, and what was approved as %s", worst.Name, rank.Name))
	}
	for _, finding := range r.Findings {
		was, known := approved.Changes[finding.URN]
		happens := cmp.Or(happened[finding.Op], finding.Op)
		switch {
		case !known:
			more = append(more, fmt.Sprintf("%s is %s, which was not approved: it did not change", finding.what(), happens))
		case was.Op != finding.Op:
			more = append(more, fmt.Sprintf("%s is %s, which was not approved: it was to be %s", finding.what(), happens, cmp.Or(happened[was.Op], was.Op)))
		default:
			more = append(more, finding.otherwise(was)...)
		}
	}
	return more, nil
}

// otherwise are the properties that become something else than was approved.
func (f Finding) otherwise(was ApprovedChange) []string {
	now := f.approved()
	var more []string
	for _, property := range f.Properties {
		sum, changes := now.Properties[property.Path]
		approved, known := was.Properties[property.Path]
		switch {
		case !changes || known && approved == sum:
		case known:
			more = append(more, fmt.Sprintf("%s: %s, which is not what was approved", f.what(), property))
		default:
			more = append(more, fmt.Sprintf("%s: %s, which was not approved: it stayed", f.what(), property))
		}
	}
	return append(slices.Compact(more), f.otherObjects(was)...)
}

// sum is over what becomes of an object, whatever it was: what charts draw by lot was another one at every look.
func (o Object) sum() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{o.APIVersion, o.Op, o.Runs, o.Sum}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// otherObjects are those of a release that become something else than was approved.
func (f Finding) otherObjects(was ApprovedChange) []string {
	if f.Release == nil || was.Unknown {
		return nil
	}
	if f.Release.Unknown != "" {
		return []string{fmt.Sprintf("%s: what changes in the cluster is not known now, and was when it was approved: %s", f.what(), f.Release.Unknown)}
	}
	var more []string
	for _, object := range f.Release.Changes {
		switch sum, known := was.Objects[object.String()]; {
		case !known:
			more = append(more, fmt.Sprintf("%s: %s is %s, which was not approved", f.what(), object, happened[object.Op]))
		case sum != object.sum():
			more = append(more, fmt.Sprintf("%s: %s becomes another one than was approved", f.what(), object))
		}
	}
	return more
}
