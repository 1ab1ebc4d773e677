package chart

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/kube"
)

// The levels of Kubernetes' pod security standards.
const (
	Privileged = "privileged"
	Baseline   = "baseline"
	Restricted = "restricted"
)

// platformLabels are on every object the program makes itself, beside the one that names the stack.
var platformLabels = map[string]string{
	"app.kubernetes.io/managed-by": "pulumi",
	"app.kubernetes.io/part-of":    "exchange-platform",
}

// keepStackLabel leaves objects alone that an earlier version made, which did not name the stack on them: a change of a
// ServiceAccount would look like one of all that is made for it.
var keepStackLabel = pulumi.IgnoreChanges([]string{`metadata.labels["` + kube.StackLabel + `"]`})

// NamespaceArgs describes a namespace.
type NamespaceArgs struct {
	Name        string
	PodSecurity string // the level that pods must keep; Baseline if empty
	Labels      map[string]string
	// StorageGiB is what a container that says nothing else may write on its node's disk, volumes that go with its pod included,
	// and what the node keeps free for it. Whoever writes more is evicted alone, and not with all others once the disk is full.
	StorageGiB int
}

// Namespace is a namespace of the cluster.
type Namespace struct {
	pulumi.CustomResourceState

	// Name is known in previews; whoever uses it waits for the namespace.
	Name pulumi.StringOutput
}

// Namespace makes a namespace.
func (i *Installer) Namespace(
	ctx *pulumi.Context, name string, args *NamespaceArgs, opts ...pulumi.ResourceOption,
) (*Namespace, error) {
	level := args.PodSecurity
	if level == "" {
		level = Baseline
	}
	labels := map[string]string{"pod-security.kubernetes.io/enforce": level}
	maps.Copy(labels, args.Labels)
	namespace := &Namespace{}
	err := i.object(ctx, name, &ObjectArgs{
		APIVersion: "v1", Kind: "Namespace", Name: args.Name, Labels: labels,
	}, namespace, opts)
	if err != nil {
		return nil, err
	}
	namespace.Name = after(namespace, args.Name)
	if args.StorageGiB > 0 {
		limit, err := i.storageLimit(ctx, name, namespace, args, opts)
		if err != nil {
			return nil, err
		}
		namespace.Name = limit.After(args.Name) // a pod that is there before the limit would have none
	}
	if i.Flows == nil {
		return namespace, nil
	}
	if flows := i.Flows(args.Name); flows != nil {
		// It goes with the namespace, of which the cluster ends the pods before anything else (KEP-5080, from 1.33 on): deleted by itself before, it
		// would leave those that still run free to talk to whom they like. It keeps no data: whoever no longer isolates the pods may delete it.
		policy, err := i.Object(ctx, strings.TrimSuffix(name, "-namespace")+"-flows", &ObjectArgs{
			APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Name: "flows", Namespace: namespace.Name,
			Fields: pulumi.Map{"spec": pulumi.ToMap(flows)},
		}, append(opts, pulumi.DeletedWith(namespace), pulumi.Protect(false))...)
		if err != nil {
			return nil, err
		}
		namespace.Name = policy.After(args.Name) // nor shall any pod have been free to talk to whom it likes
	}
	return namespace, nil
}

// storageLimit is a default and no part of the pods: a running one, whose data goes with it, stays as it is.
func (i *Installer) storageLimit(
	ctx *pulumi.Context, name string, namespace *Namespace, args *NamespaceArgs, opts []pulumi.ResourceOption,
) (*Object, error) {
	size := pulumi.StringMap{storage: pulumi.String(fmt.Sprintf("%dGi", args.StorageGiB))}
	return i.Object(ctx, strings.TrimSuffix(name, "-namespace")+"-storage-limit", &ObjectArgs{
		APIVersion: "v1", Kind: "LimitRange", Name: "storage", Namespace: namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.Map{"limits": pulumi.MapArray{pulumi.Map{
			"type": pulumi.String("Container"), "default": size, "defaultRequest": size,
		}}}},
	}, opts...)
}

// SecretArgs describes a secret.
type SecretArgs struct {
	Part      string // the end of its resource's name where Install makes it; "secret" if empty
	Namespace pulumi.StringInput
	Name      string
	Type      string           // Kubernetes' own; Opaque if empty. It cannot change
	Data      pulumi.StringMap // plain text by key; kept as a secret wherever it goes
	Labels    map[string]string
}

// Secret is a Kubernetes Secret.
type Secret struct {
	pulumi.CustomResourceState

	// Name is known in previews; whoever uses it waits for the secret.
	Name pulumi.StringOutput
}

// Secret makes a Kubernetes Secret. Its data is marked secret, whether its parts are or not.
func (i *Installer) Secret(
	ctx *pulumi.Context, name string, args *SecretArgs, opts ...pulumi.ResourceOption,
) (*Secret, error) {
	secret := &Secret{}
	// The cluster gives the data back as well, encoded: that copy must not be in the state in the clear either.
	opts = append([]pulumi.ResourceOption{pulumi.AdditionalSecretOutputs([]string{"data", "stringData"})}, opts...)
	err := i.object(ctx, name, &ObjectArgs{
		APIVersion: "v1", Kind: "Secret", Name: args.Name, Namespace: args.Namespace, Labels: args.Labels,
		Fields: pulumi.Map{"type": pulumi.String(cmp.Or(args.Type, "Opaque")), "stringData": pulumi.ToSecret(args.Data).(pulumi.StringMapOutput)},
	}, secret, opts)
	if err != nil {
		return nil, err
	}
	secret.Name = after(secret, args.Name)
	return secret, nil
}

// ObjectArgs describes any object of the cluster.
type ObjectArgs struct {
	APIVersion  string
	Kind        string
	Name        string
	Namespace   pulumi.StringInput // nil if the kind has none
	Labels      map[string]string
	Annotations map[string]string
	Fields      pulumi.Map // everything beside apiVersion, kind and metadata: usually "spec"
}

// Object is any object of the cluster.
type Object struct {
	pulumi.CustomResourceState

	// Name is known in previews; whoever uses it waits for the object.
	Name pulumi.StringOutput
	// Metadata is the cluster's.
	Metadata pulumi.MapOutput `pulumi:"metadata"`
}

// After returns a value whose users wait for the object. Previews know it.
func (o *Object) After(value string) pulumi.StringOutput { return after(o, value) }

// UID tells an object from another one of the same name that was there before it; empty where the cluster says none.
func (o *Object) UID() pulumi.StringOutput {
	return o.Metadata.ApplyT(func(metadata map[string]any) string {
		uid, _ := metadata["uid"].(string)
		return uid
	}).(pulumi.StringOutput)
}

// Object makes any object, custom resources included. Let custom resources depend on the release of their operator.
func (i *Installer) Object(
	ctx *pulumi.Context, name string, args *ObjectArgs, opts ...pulumi.ResourceOption,
) (*Object, error) {
	object := &Object{}
	if err := i.object(ctx, name, args, object, opts); err != nil {
		return nil, err
	}
	object.Name = after(object, args.Name)
	return object, nil
}

func (i *Installer) object(
	ctx *pulumi.Context, name string, args *ObjectArgs, into pulumi.CustomResource, opts []pulumi.ResourceOption,
) error {
	all, err := i.options(opts)
	if err != nil {
		return fmt.Errorf("%s %q: %w", args.Kind, name, err)
	}
	hooks, err := i.objectHooks(ctx)
	if err != nil {
		return fmt.Errorf("%s %q: %w", args.Kind, name, err)
	}
	all = append(all, keepStackLabel)
	inputs := pulumi.Map{
		"apiVersion": pulumi.String(args.APIVersion),
		"kind":       pulumi.String(args.Kind),
		"metadata":   metadata(ctx.Stack(), args),
	}
	maps.Copy(inputs, args.Fields)
	if err := ctx.RegisterResource(token(args), name, inputs, into, append(all, hooks...)...); err != nil {
		return fmt.Errorf("%s %q: %w", args.Kind, name, err)
	}
	return nil
}

// token is the type token the official SDK has for the kind.
func token(args *ObjectArgs) string {
	group := args.APIVersion
	if group == "v1" {
		group = "core/v1"
	}
	return fmt.Sprintf("kubernetes:%s:%s", group, args.Kind)
}

func metadata(stack string, args *ObjectArgs) pulumi.Map {
	labels := pulumi.StringMap{kube.StackLabel: pulumi.String(stack)}
	for _, set := range []map[string]string{platformLabels, args.Labels} {
		for key, value := range set {
			labels[key] = pulumi.String(value)
		}
	}
	meta := pulumi.Map{"name": pulumi.String(args.Name), "labels": labels}
	if args.Namespace != nil {
		meta["namespace"] = args.Namespace
	}
	if len(args.Annotations) > 0 {
		meta["annotations"] = pulumi.ToStringMap(args.Annotations)
	}
	return meta
}
