package chart

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Parts are what a capability is in the cluster: a namespace of its own, the Secrets that its charts read, and their
// releases. The releases wait for the namespace and for all the Secrets.
type Parts struct {
	Namespace NamespaceArgs
	Secrets   []SecretArgs
	Releases  []ReleaseArgs
}

// Installed are the parts of a capability.
type Installed struct {
	Namespace *Namespace
	secrets   map[string]*Secret
	releases  map[string]*Release
}

// Secret is the one of that name in Kubernetes.
func (i *Installed) Secret(name string) *Secret { return i.secrets[name] }

// Release is the one with that part of a name (ReleaseArgs.Part).
func (i *Installed) Release(part string) *Release { return i.releases[part] }

// Install makes all parts of a capability. Their resources are called after it: name-namespace, name-secret, name-release, or
// with the parts of a name that Secrets and releases have of their own.
func (i *Installer) Install(ctx *pulumi.Context, name string, parts *Parts, child pulumi.ResourceOption) (*Installed, error) {
	namespace, err := i.Namespace(ctx, name+"-namespace", &parts.Namespace, child)
	if err != nil {
		return nil, err
	}
	installed := &Installed{Namespace: namespace, secrets: map[string]*Secret{}, releases: map[string]*Release{}}
	var secrets []pulumi.Resource
	for _, args := range parts.Secrets {
		args.Namespace = namespace.Name
		secret, err := i.Secret(ctx, name+"-"+cmp.Or(args.Part, "secret"), &args, child)
		if err != nil {
			return nil, err
		}
		installed.secrets[args.Name] = secret
		secrets = append(secrets, secret)
	}
	for _, args := range parts.Releases {
		args.Namespace = namespace.Name
		part := cmp.Or(args.Part, "release")
		if args.Needs != "" {
			needed, there := installed.releases[args.Needs]
			if !there {
				return nil, fmt.Errorf("release %q of %s needs %q, which does not come before it", part, name, args.Needs)
			}
			args.CRDs = needed
		}
		release, err := i.Release(ctx, name+"-"+part, &args, child, pulumi.DependsOn(secrets))
		if err != nil {
			return nil, err
		}
		installed.releases[part] = release
	}
	return installed, nil
}
