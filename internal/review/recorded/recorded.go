// Package recorded is the table of changes whose reviews are held in tests: each is a real preview of this program, recorded by
// sandbox/e2e for a recorded state, with the review that a person has read.
package recorded

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/refusals"
	"github.com/iransre/exchange-platform/internal/review"
)

// Change is one change of a stack file.
type Change struct {
	// Name is that of its files.
	Name string `json:"name"`
	// Edit says to a reader what is changed.
	Edit string `json:"edit"`
	// State is the recorded state that is previewed, in stacks/testdata/states.
	State string `json:"state"`
	// Changes are made to that state's stack file, one after the other; none is the update of the program alone.
	Changes []refusals.Change `json:"changes"`
	// Live is one that every end-to-end test previews, and not only the recording.
	Live bool `json:"live,omitempty"`
	// Rank and First are how bad it is and what the first line has to name, as a person judged.
	Rank  string `json:"rank"`
	First string `json:"first"`
}

// Read reads the table of a checkout's root.
func Read(root string) ([]Change, error) {
	path := filepath.Join(root, "internal/review/testdata/changes.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []Change
	if err := yaml.UnmarshalStrict(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// Stack is the stack's name.
func (c Change) Stack() string {
	stack, _, _ := strings.Cut(c.State, "-")
	return stack
}

// Preview is where its preview is kept.
func (c Change) Preview(root string) string {
	return filepath.Join(root, "internal/review/testdata/previews", c.Name+".json")
}

// Failed is the rank of a change that the program refuses.
const Failed = "failed"

// Judge tells whether a review is what a person has said that it must be.
func (c Change) Judge(made *review.Review) error {
	first := strings.Split(made.Comment(), "\n")[1] // behind the mark, which nobody sees
	rank := made.Worst().Name
	if len(made.Errors) > 0 {
		rank = Failed
	}
	switch {
	case rank != c.Rank:
		return fmt.Errorf("%s ranks as %s, not as %s: %s", c.Edit, rank, c.Rank, first)
	case !strings.Contains(first, c.First):
		return fmt.Errorf("the first line of the review of %s does not say %q: %s", c.Edit, c.First, first)
	}
	return nil
}

// Beyond is what a preview has beyond another one of the same state: recorded states are of earlier versions of the program, and what
// has come since would stand in every review. What the other one does to a resource counts as done.
func Beyond(preview, base *review.Preview) *review.Preview {
	done := map[string]review.Step{}
	for _, step := range base.Steps {
		done[step.URN+" "+step.Op] = step
	}
	only := &review.Preview{ChangeSummary: preview.ChangeSummary, Diagnostics: preview.Diagnostics}
	for _, step := range preview.Steps {
		was, same := done[step.URN+" "+step.Op]
		if same {
			step, same = beyond(step, was)
		}
		if !same {
			only.Steps = append(only.Steps, step)
		}
	}
	return only
}

// beyond is a step from what another one has left; nothing remains of one that leaves the same.
func beyond(step, was review.Step) (left review.Step, nothing bool) {
	if step.New == nil || was.New == nil {
		return step, true
	}
	changed := func(key string) bool { return !reflect.DeepEqual(step.New.Inputs[key], was.New.Inputs[key]) }
	if step.Old == nil { // what is there by then is changed
		keys := maps.Clone(was.New.Inputs)
		maps.Copy(keys, step.New.Inputs)
		step.Op, step.Old = review.Update, was.New
		step.DiffReasons = slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(key string) bool { return !changed(key) })
		return step, len(step.DiffReasons) == 0
	}
	old := *step.Old
	old.Inputs = maps.Clone(old.Inputs)
	maps.Copy(old.Inputs, was.New.Inputs)
	step.Old = &old
	same := func(key string) bool { return !changed(key) && slices.Contains(was.DiffReasons, key) }
	step.DiffReasons = slices.DeleteFunc(slices.Clone(step.DiffReasons), same)
	step.ReplaceReasons = slices.DeleteFunc(slices.Clone(step.ReplaceReasons), same)
	diff := maps.Clone(step.DetailedDiff)
	maps.DeleteFunc(diff, func(path string, _ map[string]any) bool { return same(path[:strings.IndexAny(path+".", ".[")]) })
	step.DetailedDiff = diff
	return step, len(step.DiffReasons) == 0 && len(diff) == 0
}

// Marshal writes a preview the same way whatever order its steps had.
func Marshal(preview *review.Preview) ([]byte, error) {
	sorted := *preview.Cut()
	slices.SortStableFunc(sorted.Steps, func(a, b review.Step) int { return strings.Compare(a.URN+" "+a.Op, b.URN+" "+b.Op) })
	slices.SortStableFunc(sorted.Diagnostics, func(a, b review.Diagnostic) int { return strings.Compare(a.Message, b.Message) })
	for i := range sorted.Steps {
		slices.Sort(sorted.Steps[i].DiffReasons)
	}
	text, err := json.MarshalIndent(sorted, "", "  ")
	return append(text, '\n'), err
}
