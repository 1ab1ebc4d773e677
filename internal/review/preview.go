// Package review reads what a preview of the engine would do and says it to a reviewer: the worst first, with what it costs. It is
// plain data and knows neither the engine nor the program.
package review

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Preview is what `pulumi preview --json` prints, as far as a review needs it. The engine writes [secret] for secrets.
type Preview struct {
	Steps         []Step         `json:"steps"`
	Diagnostics   []Diagnostic   `json:"diagnostics"`
	ChangeSummary map[string]int `json:"changeSummary"`
	// Releases are what becomes of the objects of each release, by its URN. The engine does not say that: package helm adds it.
	Releases map[string]*Release `json:"releases,omitempty"`
}

// Step is one step of the engine; a replacement has three.
type Step struct {
	Op             string                    `json:"op"`
	URN            string                    `json:"urn"`
	Old            *Resource                 `json:"oldState,omitempty"`
	New            *Resource                 `json:"newState,omitempty"`
	DiffReasons    []string                  `json:"diffReasons,omitempty"`
	ReplaceReasons []string                  `json:"replaceReasons,omitempty"`
	DetailedDiff   map[string]map[string]any `json:"detailedDiff,omitempty"`
}

// Resource is one side of a step.
type Resource struct {
	Type           string         `json:"type"`
	Custom         bool           `json:"custom"`
	Protect        bool           `json:"protect,omitempty"`
	RetainOnDelete bool           `json:"retainOnDelete,omitempty"`
	Inputs         map[string]any `json:"inputs,omitempty"`
	Outputs        map[string]any `json:"outputs,omitempty"`
	// Modified is when an update last changed it; zero where the state does not say.
	Modified             time.Time           `json:"modified,omitzero"`
	PropertyDependencies map[string][]string `json:"propertyDependencies,omitempty"`
}

// Diagnostic is something that was said during the preview.
type Diagnostic struct {
	URN      string `json:"urn,omitempty"`
	Message  string `json:"message"`
	Severity string `json:"severity"`
}

// Read reads a preview.
func Read(from io.Reader) (*Preview, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	var preview Preview
	if err := json.Unmarshal(text, &preview); err != nil {
		return nil, fmt.Errorf("this is not what `pulumi preview --json` prints: %w", err)
	}
	if preview.ChangeSummary == nil && len(preview.Errors()) == 0 {
		return nil, fmt.Errorf("the preview has no summary: it was cut short, or is not what `pulumi preview --json` prints")
	}
	return &preview, nil
}

// Errors are what the preview failed of.
func (p *Preview) Errors() []string {
	var errors []string
	for _, said := range p.Diagnostics {
		if said.Severity == "error" {
			errors = append(errors, strings.TrimSpace(strings.TrimPrefix(said.Message, "error: ")))
		}
	}
	return errors
}

// Cut leaves out of a preview what no review looks at: where things stand in the code, and the properties that stay as they are. What
// is left is small enough to be kept.
func (p *Preview) Cut() *Preview {
	cut := &Preview{Diagnostics: p.Diagnostics, ChangeSummary: p.ChangeSummary, Releases: p.Releases}
	for _, step := range p.Steps {
		if step.Op != Same {
			cut.Steps = append(cut.Steps, step.cut())
		}
	}
	return cut
}

// told are the outputs that a review looks at.
var told = []string{price, "resourceNames"}

func (s Step) cut() Step {
	tops := slices.Concat(s.DiffReasons, s.ReplaceReasons, diffTops(s.DetailedDiff))
	both := s.Old != nil && s.New != nil
	only := func(from *Resource) *Resource {
		if from == nil {
			return nil
		}
		kept := *from
		kept.Inputs, kept.Outputs, kept.PropertyDependencies = map[string]any{}, map[string]any{}, nil
		for key, value := range from.Inputs {
			if both && slices.Contains(tops, key) || !both && slices.Contains(opening, key) || slices.Contains(always, key) {
				kept.Inputs[key] = value
			}
		}
		for _, key := range told {
			if value, has := from.Outputs[key]; has {
				kept.Outputs[key] = value
			}
		}
		if groups := from.PropertyDependencies[securityGroups]; groups != nil {
			kept.PropertyDependencies = map[string][]string{securityGroups: groups}
		}
		return &kept
	}
	s.Old, s.New = only(s.Old), only(s.New)
	return s
}

// opening are the inputs of something new that may open it to others.
var opening = []string{"rules", "spec", "values"}

// always are the inputs that tell which one a resource is, whether they change or not.
var always = []string{"name", "namespace", "version"}
