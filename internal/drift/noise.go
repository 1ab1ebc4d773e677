package drift

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

//go:embed noise.yaml
var noiseTable []byte

// Noise is something that is otherwise than the program says, and is no drift.
type Noise struct {
	Manager  string `json:"manager,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Path     string `json:"path,omitempty"`
	Resource string `json:"resource,omitempty"`
	Property string `json:"property,omitempty"`
	Reason   string `json:"reason"`
}

// Known is all noise that is known.
var Known = sync.OnceValues(func() ([]Noise, error) {
	var known []Noise
	if err := yaml.UnmarshalStrict(noiseTable, &known); err != nil {
		return nil, fmt.Errorf("internal/drift/noise.yaml: %w", err)
	}
	for i, each := range known {
		if each.Reason == "" || each == (Noise{Reason: each.Reason}) {
			return nil, fmt.Errorf("internal/drift/noise.yaml: entry %d must say what it is about, and why it is no drift", i+1)
		}
	}
	return known, nil
})

// fits tells whether a finding is this noise.
func (n Noise) fits(f *Finding) bool {
	return like(n.Manager, f.Manager) && like(n.Kind, f.Kind) && like(n.Path, f.Field) && like(n.Resource, f.Type) && like(n.Property, f.Field)
}

// like tells whether a text is of a form, in which * is any text; no form is none that has to be met.
func like(form, text string) bool {
	if form == "" {
		return true
	}
	parts := strings.Split(form, "*")
	if len(parts) == 1 {
		return form == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(text, first) || len(text) < len(first)+len(last) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
