package chart

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// The states of the project behind a chart.
const (
	Maintained = "maintained"
	Frozen     = "frozen"
	Retired    = "retired"
)

// Entry is one chart of the catalogue.
type Entry struct {
	Name       string            `json:"-"`          // the key of the entry, by which a component asks for it
	Chart      string            `json:"chart"`      // the chart's name at its source
	Source     string            `json:"source"`     // an HTTP repository (https://…) or an OCI registry path (oci://…)
	Version    string            `json:"version"`    // the chart's version, always pinned
	AppVersion string            `json:"appVersion"` // the version of what the chart installs
	Images     map[string]string `json:"images"`     // the images a component sets itself, by role
	Status     string            `json:"status"`     // Maintained, Frozen or Retired
	EndOfLife  string            `json:"endOfLife"`  // YYYY-MM-DD, only of what is not maintained
	Why        string            `json:"why"`        // why this one
}

// Catalogue is every chart the platform may install.
type Catalogue struct {
	Checked string            `json:"checked"` // the day on which the statuses were last looked at
	Charts  map[string]*Entry `json:"entries"`
}

//go:embed catalogue.yaml
var catalogueYAML []byte

// Embedded is the catalogue that is built into the program.
var Embedded = sync.OnceValues(func() (*Catalogue, error) { return Parse(catalogueYAML) })

// Parse reads a catalogue and reports everything that is wrong with it at once.
func Parse(text []byte) (*Catalogue, error) {
	var c Catalogue
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return nil, fmt.Errorf("chart catalogue: %w", err)
	}
	var wrong []error
	for _, name := range c.Names() {
		c.Charts[name].Name = name
		for _, problem := range c.Charts[name].problems() {
			wrong = append(wrong, fmt.Errorf("chart catalogue: entries.%s.%s", name, problem))
		}
	}
	return &c, errors.Join(wrong...)
}

// Names lists the entries in order.
func (c *Catalogue) Names() []string { return slices.Sorted(maps.Keys(c.Charts)) }

// Entry returns the named chart; the error of a missing one lists those that exist.
func (c *Catalogue) Entry(name string) (*Entry, error) {
	entry, ok := c.Charts[name]
	if !ok {
		return nil, fmt.Errorf("no chart %q in the catalogue; it has %s", name, strings.Join(c.Names(), ", "))
	}
	return entry, nil
}

func (e *Entry) problems() []string {
	var found []string
	for key, value := range map[string]string{
		"chart": e.Chart, "source": e.Source, "version": e.Version, "appVersion": e.AppVersion, "why": e.Why,
	} {
		if value == "" {
			found = append(found, key+": required")
		}
	}
	if !strings.HasPrefix(e.Source, "https://") && !strings.HasPrefix(e.Source, ociScheme) {
		found = append(found, fmt.Sprintf("source: %q must start with https:// or %s", e.Source, ociScheme))
	}
	switch {
	case !slices.Contains([]string{Maintained, Frozen, Retired}, e.Status):
		found = append(found, fmt.Sprintf("status: %q must be %s, %s or %s", e.Status, Maintained, Frozen, Retired))
	case (e.Status == Maintained) != (e.EndOfLife == ""):
		found = append(found, "endOfLife: required of what is not maintained, and only of that")
	}
	for role, reference := range e.Images {
		if _, err := ParseImage(reference); err != nil {
			found = append(found, fmt.Sprintf("images.%s: %v", role, err))
		}
	}
	slices.Sort(found)
	return found
}
