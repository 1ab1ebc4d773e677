package chart

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/iransre/exchange-platform/internal/yaml"
)

// The states of the project behind a chart.
const (
	Maintained = "maintained"
	Frozen     = "frozen"
	Retired    = "retired"
)

// What was seen of a version, as proof that it can be had.
const (
	InIndex = "index" // it stands in the index of its repository
	Tagged  = "tag"   // only the tag in the chart's git repository was seen
)

// Who brings an image that no component sets.
const (
	ByChart    = "chart"    // the chart's own default, in a pod or a job of the chart
	ByOperator = "operator" // the chart's operator, in pods that it makes
)

// Entry is one chart of the catalogue.
type Entry struct {
	Name       string            `json:"-"`          // the key of the entry, by which a component asks for it
	Chart      string            `json:"chart"`      // the chart's name at its source
	Source     string            `json:"source"`     // an HTTP repository (https://…) or an OCI registry path (oci://…)
	Version    string            `json:"version"`    // the chart's version, always pinned
	AppVersion string            `json:"appVersion"` // the version of what the chart installs
	Evidence   Evidence          `json:"evidence"`   // that this version can be had
	Images     map[string]string `json:"images"`     // the images a component sets itself, by role
	Unused     map[string]string `json:"unused"`     // the roles of which no container is made, and why
	Pulled     []Pulled          `json:"pulled"`     // every further image that the platform's values lead to
	Status     string            `json:"status"`     // Maintained, Frozen or Retired
	EndOfLife  string            `json:"endOfLife"`  // YYYY-MM-DD, only of what is not maintained
	Why        string            `json:"why"`        // why this one
}

// Evidence is what was seen of a version, and where. Without any, a version may be one that was never published.
type Evidence struct {
	Seen  string `json:"seen"`  // InIndex or Tagged
	Where string `json:"where"` // repository, commit and day
}

// Pulled is an image that no component sets.
type Pulled struct {
	Image string `json:"image"` // with registry and tag, and the digest if the chart pins one
	By    string `json:"by"`    // ByChart or ByOperator
}

// Cluster is what Kubespray pulls and downloads for the cluster itself.
type Cluster struct {
	Kubespray  string         `json:"kubespray"`  // the release that the lists are of
	Kubernetes string         `json:"kubernetes"` // and the version of Kubernetes
	Evidence   string         `json:"evidence"`   // where the lists were taken from
	Images     []ClusterImage `json:"images"`
	Files      []ClusterFile  `json:"files"`
}

// ClusterImage is one of them.
type ClusterImage struct {
	Image string `json:"image"`
	When  string `json:"when"` // empty if always
}

// ClusterFile is a file that machines download.
type ClusterFile struct {
	File   string `json:"file"`   // its address without https://, which is its path in a mirror of files
	SHA256 string `json:"sha256"` // in hexadecimal
	When   string `json:"when"`   // empty if always
}

// Catalogue is every chart the platform may install.
type Catalogue struct {
	Checked string            `json:"checked"` // the day on which the statuses were last looked at
	Charts  map[string]*Entry `json:"entries"`
	Cluster Cluster           `json:"cluster"`
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
	for index, image := range c.Cluster.Images {
		if err := checkReference(image.Image); err != nil {
			wrong = append(wrong, fmt.Errorf("chart catalogue: cluster.images[%d]: %w", index, err))
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

// checkReference allows a digest behind the tag, which an image that components set cannot have.
func checkReference(reference string) error {
	name, _, _ := strings.Cut(reference, "@sha256:")
	_, err := ParseImage(name)
	return err
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
	if !slices.Contains([]string{InIndex, Tagged}, e.Evidence.Seen) || e.Evidence.Where == "" {
		found = append(found, fmt.Sprintf("evidence: seen must be %s or %s, and where must say where", InIndex, Tagged))
	}
	for role, reference := range e.Images {
		if _, err := ParseImage(reference); err != nil {
			found = append(found, fmt.Sprintf("images.%s: %v", role, err))
		}
	}
	for role := range e.Unused {
		if _, known := e.Images[role]; !known {
			found = append(found, fmt.Sprintf("unused.%s: no such role under images", role))
		}
	}
	for index, pulled := range e.Pulled {
		if err := checkReference(pulled.Image); err != nil {
			found = append(found, fmt.Sprintf("pulled[%d].image: %v", index, err))
		}
		if !slices.Contains([]string{ByChart, ByOperator}, pulled.By) {
			found = append(found, fmt.Sprintf("pulled[%d].by: %q must be %s or %s", index, pulled.By, ByChart, ByOperator))
		}
	}
	slices.Sort(found)
	return found
}
