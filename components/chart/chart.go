// Package chart is the layer every capability installs with: Helm releases of catalogued charts, and the few Kubernetes
// objects the program makes itself (namespaces, secrets, custom resources).
//
// Resources are registered by their tokens with small argument types of our own. The SDK's packages for them (helm/v3, yaml,
// core/v1) would compile every API group of Kubernetes, 65 times the cost, for the same resources in the state.
package chart

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

//go:generate go run ./docs

// Timeout is how long a release may take to become ready. Images come over slow lines; five minutes, the default of Helm, is
// often too short for a first install.
const Timeout = 10 * time.Minute

// Installer carries what all releases and objects of a stack share.
type Installer struct {
	Provider pulumi.ProviderResource // the cluster; every object and release gets it passed
	Random   pulumi.ProviderResource // makes the passwords; the component's own random provider if nil
	Runbooks string                  // where the alerts' runbooks are read (alerts.Named)
	Mirror   string                  // replaces the source of every chart: https://…, oci://… or a folder of archives
	Recovery *Recovery               // deals with what an interrupted update left; if nil, whatever is there already is an error
	// Within is what the cluster is made of: whatever deletes it deletes all objects and releases, without the cluster, which may
	// be gone already, being asked. It must be nothing that is ever replaced, or they all would be.
	Within pulumi.Resource
	// Flows are the specification of a namespace's NetworkPolicy, nil for a namespace that has none. Without it, none has one.
	Flows func(namespace string) map[string]any
}

// ImageOf is the image that a catalogue entry names for a role.
func ImageOf(entry, role string) (Image, error) {
	e, err := entryOf(entry)
	if err != nil {
		return Image{}, err
	}
	reference, ok := e.Images[role]
	if !ok {
		return Image{}, fmt.Errorf("chart %q: no image %q in the catalogue", entry, role)
	}
	image, err := ParseImage(reference)
	if err != nil {
		return Image{}, fmt.Errorf("chart %q: %w", entry, err)
	}
	return image, nil
}

func entryOf(name string) (*Entry, error) {
	catalogue, err := Embedded()
	if err != nil {
		return nil, err
	}
	return catalogue.Entry(name)
}

// options puts the SDK's own defaults and the cluster before what the caller asks for.
func (i *Installer) options(opts []pulumi.ResourceOption) ([]pulumi.ResourceOption, error) {
	if i == nil || i.Provider == nil {
		return nil, fmt.Errorf("chart.Installer has no Provider: default providers are disabled, so nothing can be installed")
	}
	own := []pulumi.ResourceOption{pulumi.Version(providers.KubernetesVersion), pulumi.Provider(i.Provider)}
	if i.Within != nil {
		own = append(own, pulumi.DeletedWith(i.Within))
	}
	return append(own, opts...), nil
}

// after is a value that is known at once but arrives only when the resource is there: whoever uses it depends on the
// resource, and a preview can still show it.
func after(resource pulumi.Resource, value string) pulumi.StringOutput {
	return resource.URN().ApplyT(func(pulumi.URN) string { return value }).(pulumi.StringOutput)
}
