// Package provider is the kubernetes provider: it reads its configuration and sends each resource to what implements it.
package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/middleware/cancel"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/objects"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/releases"
)

// lifecycle is what both kinds of resources, objects and releases, do.
type lifecycle interface {
	Check(context.Context, p.CheckRequest) (p.CheckResponse, error)
	Diff(context.Context, p.DiffRequest) (p.DiffResponse, error)
	Create(context.Context, p.CreateRequest) (p.CreateResponse, error)
	Read(context.Context, p.ReadRequest) (p.ReadResponse, error)
	Update(context.Context, p.UpdateRequest) (p.UpdateResponse, error)
	Delete(context.Context, p.DeleteRequest) error
}

// configured is what a configuration makes.
type configured struct {
	cluster               *cluster.Cluster
	objects               lifecycle
	releases              lifecycle
	deleteUnreachable     bool
	skipUpdateUnreachable bool
}

type provider struct {
	name, version string
	configured    atomic.Pointer[configured]
}

// New returns the provider; version goes into its requests' user agent and its schema.
func New(version string) p.Provider {
	k := &provider{name: "kubernetes", version: version}
	return outliving(cancel.Wrap(p.Provider{
		GetSchema:   k.schema,
		CheckConfig: k.checkConfig,
		DiffConfig:  k.diffConfig,
		Configure:   k.configure,
		Check:       k.check,
		Diff:        k.diff,
		Create:      k.create,
		Read:        k.read,
		Update:      k.update,
		Delete:      k.delete,
	}))
}

// outliving makes what changes something end only when it is ordered to, not when its engine is gone: the official plugin, too,
// ends what it is at.
func outliving(wrapped p.Provider) p.Provider {
	outliving := wrapped
	outliving.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		return wrapped.Create(context.WithoutCancel(ctx), req)
	}
	outliving.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		return wrapped.Update(context.WithoutCancel(ctx), req)
	}
	outliving.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		return wrapped.Delete(context.WithoutCancel(ctx), req)
	}
	return outliving
}

// schema is the least a schema can be: programs bring their own types.
func (k *provider) schema(context.Context, p.GetSchemaRequest) (p.GetSchemaResponse, error) {
	content, err := json.Marshal(map[string]string{"name": k.name, "version": k.version})
	return p.GetSchemaResponse{Schema: string(content)}, err
}

var errNotConfigured = errors.New("the kubernetes provider has not been configured")

// of picks what implements the resource.
func (k *provider) of(urn resource.URN) (lifecycle, *configured, error) {
	c := k.configured.Load()
	if c == nil {
		return nil, nil, errNotConfigured
	}
	if urn.Type() == releases.Token {
		return c.releases, c, nil
	}
	return c.objects, c, nil
}

func (k *provider) check(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
	resource, c, err := k.of(req.Urn)
	if err != nil {
		return p.CheckResponse{}, err
	}
	if c.skipUpdateUnreachable && c.cluster.Unreachable() != nil {
		p.GetLogger(ctx).Warning("Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...")
		return p.CheckResponse{Inputs: req.State}, nil
	}
	return resource.Check(ctx, req)
}

func (k *provider) diff(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	resource, _, err := k.of(req.Urn)
	if err != nil {
		return p.DiffResponse{}, err
	}
	return resource.Diff(ctx, req)
}

func (k *provider) create(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
	resource, c, err := k.of(req.Urn)
	if err != nil {
		return p.CreateResponse{}, err
	}
	if reason := c.cluster.Unreachable(); reason != nil && !req.DryRun {
		return p.CreateResponse{}, fmt.Errorf("configured Kubernetes cluster is unreachable: %w", reason)
	}
	return resource.Create(ctx, req)
}

func (k *provider) update(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
	resource, c, err := k.of(req.Urn)
	if err != nil {
		return p.UpdateResponse{}, err
	}
	if reason := c.cluster.Unreachable(); reason != nil && !req.DryRun {
		return p.UpdateResponse{}, fmt.Errorf("configured Kubernetes cluster is unreachable: %w", reason)
	}
	return resource.Update(ctx, req)
}

// leaving is said of a resource that is dropped from the state because its cluster is gone.
const leaving = "configured Kubernetes cluster is unreachable and the `deleteUnreachable` option is enabled. " +
	"Deleting the unreachable resource from Pulumi state"

// hint tells how to drop resources whose cluster is gone for good.
const hint = "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation " +
	"with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to \"true\""

func (k *provider) read(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
	resource, c, err := k.of(req.Urn)
	if err != nil {
		return p.ReadResponse{}, err
	}
	if reason := c.cluster.Unreachable(); reason != nil {
		log := p.GetLogger(ctx)
		log.Warningf("configured Kubernetes cluster is unreachable: %v", reason)
		switch {
		case c.deleteUnreachable:
			log.Info(leaving)
			return p.ReadResponse{}, nil
		case c.skipUpdateUnreachable:
			return p.ReadResponse{ID: req.ID, Properties: req.Properties, Inputs: req.Inputs}, nil
		}
		return p.ReadResponse{}, errors.New("failed to read resource state due to unreachable cluster. " + hint)
	}
	return resource.Read(ctx, req)
}

func (k *provider) delete(ctx context.Context, req p.DeleteRequest) error {
	resource, c, err := k.of(req.Urn)
	if err != nil {
		return err
	}
	// As in the official plugin (helm_release.go, still so in v4.33), deleteUnreachable is for reading a release only.
	if reason := c.cluster.Unreachable(); reason != nil && req.Urn.Type() != releases.Token {
		log := p.GetLogger(ctx)
		log.Warningf("configured Kubernetes cluster is unreachable: %v", reason)
		if c.deleteUnreachable {
			log.Info(leaving)
			return nil
		}
		return errors.New("configured Kubernetes cluster is unreachable. " + hint)
	}
	return resource.Delete(ctx, req)
}

// flag is a switch of the configuration, which may also be set in the environment.
func flag(config property.Map, name, variable string, otherwise bool) bool {
	switch value := config.Get(name); {
	case value.IsBool():
		return value.AsBool()
	case value.IsString() && value.AsString() != "":
		return value.AsString() == "true"
	}
	if value, set := os.LookupEnv(variable); set {
		return value == "true"
	}
	return otherwise
}

func text(config property.Map, name string) string {
	if value := config.Get(name); value.IsString() {
		return value.AsString()
	}
	return ""
}

var _ = []lifecycle{(*objects.Objects)(nil), (*releases.Releases)(nil)}
