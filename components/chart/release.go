package chart

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/chartfolder"
)

// ReleaseType is the token of the SDK's helm/v3 Release: the state does not tell the two apart.
const ReleaseType = "kubernetes:helm.sh/v3:Release"

// maxHistory is how many revisions Helm keeps of a release; each is a Secret of up to 1 MiB.
const maxHistory = 5

// ReleaseArgs describes one Helm release.
type ReleaseArgs struct {
	Part      string             // the end of its resource's name where Install makes it; "release" if empty
	Entry     string             // the catalogue entry; or
	Path      string             // the folder of a chart of our own
	Name      string             // the release's name; the entry's name if empty
	Namespace pulumi.StringInput // where it goes
	Values    pulumi.Map         // what differs from the chart's defaults; no secrets
	Atomic    bool               // a failed install or upgrade is undone: where half of it is worse than none
	SkipCRDs  bool               // the custom kinds in its chart's crds folder are of no use here
	CRDs      pulumi.Resource    // installs the custom kinds that the chart has objects of; nil if it has none
	Needs     string             // the same as a Part of the releases that Install makes with it, in place of CRDs
	Frozen    bool               // others upgrade it now: it stays in the state, and in the cluster, as it is
}

// Release is an installed chart.
type Release struct {
	pulumi.CustomResourceState

	Name          pulumi.StringPtrOutput      `pulumi:"name"`
	Namespace     pulumi.StringPtrOutput      `pulumi:"namespace"`
	Chart         pulumi.StringOutput         `pulumi:"chart"`
	Version       pulumi.StringPtrOutput      `pulumi:"version"`
	ResourceNames pulumi.StringArrayMapOutput `pulumi:"resourceNames"`
}

// frozen keeps every input as the state has it, so that nothing is done to the release.
var frozen = pulumi.IgnoreChanges(inputNames())

// inputNames are the names under which all inputs travel.
func inputNames() []string {
	var names []string
	for field := range reflect.TypeFor[releaseProperties]().Fields() {
		names = append(names, field.Tag.Get("pulumi"))
	}
	return names
}

// After returns a value whose users wait for the release: the address of a service, for example. Previews know it.
func (r *Release) After(value string) pulumi.StringOutput { return after(r, value) }

// Release installs a chart and waits until everything in it is ready.
func (i *Installer) Release(
	ctx *pulumi.Context, name string, args *ReleaseArgs, opts ...pulumi.ResourceOption,
) (*Release, error) {
	inputs, err := i.releaseInputs(name, args)
	if err != nil {
		return nil, fmt.Errorf("release %q: %w", name, err)
	}
	all, err := i.options(opts)
	if err != nil {
		return nil, fmt.Errorf("release %q: %w", name, err)
	}
	hooks, err := i.releaseHooks(ctx)
	if err != nil {
		return nil, fmt.Errorf("release %q: %w", name, err)
	}
	all = append(all, hooks...)
	if args.Frozen {
		all = append(all, frozen)
	}
	if args.CRDs != nil {
		all = append(all, pulumi.DependsOn([]pulumi.Resource{args.CRDs}))
	}
	release := &Release{}
	if err := ctx.RegisterResource(ReleaseType, name, inputs, release, all...); err != nil {
		return nil, fmt.Errorf("release %q: %w", name, err)
	}
	return release, nil
}

func (i *Installer) releaseInputs(name string, args *ReleaseArgs) (*releaseInputs, error) {
	if (args.Entry == "") == (args.Path == "") {
		return nil, errors.New("set either Entry or Path")
	}
	if args.Namespace == nil {
		return nil, errors.New("set Namespace")
	}
	inputs := &releaseInputs{
		Name:            pulumi.String(args.Name),
		Namespace:       args.Namespace,
		Values:          args.Values,
		Atomic:          pulumi.Bool(args.Atomic),
		CleanupOnFail:   pulumi.Bool(args.Atomic),
		MaxHistory:      pulumi.Int(maxHistory),
		SkipAwait:       pulumi.Bool(false),
		CreateNamespace: pulumi.Bool(false),
		Timeout:         pulumi.Int(Timeout.Seconds()),
		Compat:          pulumi.String("true"),
	}
	if args.Path != "" {
		if args.Name == "" {
			return nil, errors.New("set Name: only a catalogued chart has one of its own")
		}
		digest, err := chartfolder.Digest(args.Path)
		if err != nil {
			return nil, err
		}
		inputs.Chart = pulumi.String(args.Path)
		description := i.Recovery.description(name, "chart "+digest)
		inputs.Description = pulumi.String(description)
		if strings.Contains(description, takenBack) {
			// what Helm would go back to is what ran before others took over, or nothing
			inputs.Atomic, inputs.CleanupOnFail = pulumi.Bool(false), pulumi.Bool(false)
		}
		return inputs, nil
	}
	entry, err := entryOf(args.Entry)
	if err != nil {
		return nil, err
	}
	if args.SkipCRDs {
		inputs.SkipCrds = pulumi.Bool(true)
	}
	if args.Name == "" {
		inputs.Name = pulumi.String(entry.Name)
	}
	if description := i.Recovery.description(name, ""); description != "" {
		inputs.Description = pulumi.String(description)
	}
	where := entry.locate(i.Mirror)
	inputs.Chart = pulumi.String(where.chart)
	inputs.Version = pulumi.String(where.version)
	if where.repository != "" {
		inputs.RepositoryOpts = pulumi.StringMap{"repo": pulumi.String(where.repository)}
	}
	return inputs, nil
}

// releaseInputs are the inputs of the SDK's ReleaseArgs that we set, with its hidden one: Compat tells the provider that
// values are kept as they were given.
type releaseInputs struct {
	Atomic          pulumi.BoolInput
	Chart           pulumi.StringInput
	CleanupOnFail   pulumi.BoolInput
	Compat          pulumi.StringInput
	CreateNamespace pulumi.BoolInput
	Description     pulumi.StringInput
	MaxHistory      pulumi.IntInput
	Name            pulumi.StringInput
	Namespace       pulumi.StringInput
	RepositoryOpts  pulumi.StringMapInput
	SkipAwait       pulumi.BoolInput
	SkipCrds        pulumi.BoolInput
	Timeout         pulumi.IntInput
	Values          pulumi.MapInput
	Version         pulumi.StringInput
}

type releaseProperties struct {
	Atomic          *bool             `pulumi:"atomic"`
	Chart           string            `pulumi:"chart"`
	CleanupOnFail   *bool             `pulumi:"cleanupOnFail"`
	Compat          *string           `pulumi:"compat"`
	CreateNamespace *bool             `pulumi:"createNamespace"`
	Description     *string           `pulumi:"description"`
	MaxHistory      *int              `pulumi:"maxHistory"`
	Name            *string           `pulumi:"name"`
	Namespace       *string           `pulumi:"namespace"`
	RepositoryOpts  map[string]string `pulumi:"repositoryOpts"`
	SkipAwait       *bool             `pulumi:"skipAwait"`
	SkipCrds        *bool             `pulumi:"skipCrds"`
	Timeout         *int              `pulumi:"timeout"`
	Values          map[string]any    `pulumi:"values"`
	Version         *string           `pulumi:"version"`
}

// ElementType tells the SDK the names under which the inputs travel.
func (*releaseInputs) ElementType() reflect.Type {
	return reflect.TypeFor[releaseProperties]()
}
