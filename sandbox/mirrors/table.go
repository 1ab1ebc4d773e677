// Package mirrors is what real machines install from instead of the Internet: a registry of images and a mirror of files, as users
// have them inside the country. The images bear the names that charts and Kubespray give them; what is in them is made here, of Go
// programs and Debian's packages, and images.yaml says of each how real that is.
package mirrors

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"sigs.k8s.io/yaml"
)

// Kind is how real an image is.
type Kind string

// The kinds there are.
const (
	Real         Kind = "real"          // the program that the image is named after, of the version in its tag
	OtherVersion Kind = "other version" // that program, of another version
	StandIn      Kind = "stand-in"      // another program, which does what the platform asks of it
	Nothing      Kind = "simulated"     // no program: its pods are simulated
)

// Row is what stands behind one image.
type Row struct {
	// Image is its name with the registry, without tag and digest.
	Image string `json:"image"`
	Kind  Kind   `json:"kind"`
	// Runs names the program and its version, Evidence where that can be seen.
	Runs     string `json:"runs"`
	Evidence string `json:"evidence"`
	// For is what stacks say for which the image is made, such as "edge.mode: vip": see workspace.Says. Empty for all. For others it is simulated.
	For string `json:"for"`
	// Recipe is how the image is made: that of every image but the simulated ones.
	Recipe *Recipe `json:"recipe"`
}

//go:embed images.yaml
var table []byte

// Rows is the table of images.
var Rows = sync.OnceValue(func() []Row {
	var read struct {
		Images []Row `json:"images"`
	}
	if err := yaml.UnmarshalStrict(table, &read); err != nil {
		panic(fmt.Sprintf("images.yaml: %v", err)) // it is part of this program, and a test reads it
	}
	return read.Images
})

// RowsFor is the table as it is for stacks that say what is told of them.
func RowsFor(says func(setting string) bool) []Row {
	rows := slices.Clone(Rows())
	for i, row := range rows {
		if row.For != "" && !says(row.For) {
			rows[i] = Row{Image: row.Image, Kind: Nothing}
		}
	}
	return rows
}

// Find is the row of an image, named as a pod names it.
func Find(image string) (Row, bool) {
	name := Name(image)
	for _, row := range Rows() {
		if row.Image == name {
			return row, true
		}
	}
	return Row{}, false
}

// Simulated tells whether the sandbox has nothing to run for an image, named as a pod names it: then the pod has to be a simulated one.
// Images that the table does not know are simulated too.
func Simulated(image string) bool {
	row, known := Find(image)
	return !known || row.Kind == Nothing
}

// Registries are those that the images of the table come from, sorted.
func Registries() []string {
	var names []string
	for _, row := range Rows() {
		registry, _, _ := strings.Cut(row.Image, "/")
		names = append(names, registry)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Name is the whole name of an image, without tag and digest: "postgres:17" is docker.io/library/postgres.
func Name(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image // which is none, and nobody's
	}
	return named.Name()
}
