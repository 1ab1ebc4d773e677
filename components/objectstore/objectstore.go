// Package objectstore is the S3-compatible store of the exchange's static files and uploads.
package objectstore

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/flows"
)

// Engine is the software of the store.
type Engine string

const (
	// MinIO is MinIO's own chart.
	MinIO Engine = "minio"
	// External is a storage that somebody else runs, for both buckets or one.
	External Engine = "external"
)

// Mode is how many servers MinIO has, and what they keep.
type Mode string

const (
	// Standalone is one server that keeps nothing.
	Standalone Mode = "standalone"
	// Distributed are as many servers as MinIO needs to bear the loss of two, each with a drive on a worker of its own.
	Distributed Mode = "distributed"
)

const namespaceName = "objectstore"

// Args describes the store.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// Host is the name from which browsers load the files; IngressClass is whose controller lets them in.
	Host         string
	IngressClass pulumi.StringInput
	// Ranges are the cluster's addresses, for the policy of what copies files.
	Ranges flows.Ranges
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// ObjectStore is a running store. What uses its endpoint waits until its buckets and the application's user are made.
type ObjectStore struct {
	pulumi.ResourceState

	// Endpoint, the keys and SecretName are those of the static bucket; Media has the media bucket's, which are the same where one store has both.
	Endpoint  pulumi.StringOutput      `pulumi:"endpoint" output:"objectStore.endpoint"` // as pods reach it
	Buckets   pulumi.StringArrayOutput `pulumi:"buckets" output:"objectStore.buckets"`
	AccessKey pulumi.StringOutput      `pulumi:"accessKey"` // the application's: it reaches these buckets only
	SecretKey pulumi.StringOutput      `pulumi:"secretKey"` // secret
	Media     Place                    `output:"objectStore.media"`
	// SecretName is the Secret in Namespace with the application's accessKey and secretKey; RootSecretName that with the
	// administrator's rootUser and rootPassword, empty where somebody else administers it.
	SecretName     pulumi.StringOutput `pulumi:"secretName" output:"objectStore.secretName"`
	RootSecretName pulumi.StringOutput `pulumi:"rootSecretName"`
	Namespace      pulumi.StringOutput `pulumi:"namespace" output:"objectStore.namespace,namespaces.objectStore"`
}

// New installs the store.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*ObjectStore, error) {
	self := &ObjectStore{}
	return component.New(ctx, "exchange:objectstore:ObjectStore", name, self, opts, func(child pulumi.ResourceOption) error {
		self.Buckets = pulumi.ToStringArray(args.Config.buckets()).ToStringArrayOutput()
		switch engine := args.Config.Engine; {
		case engine != MinIO && engine != External:
			return fmt.Errorf("unknown engine %q: use %q or %q", engine, MinIO, External)
		case args.Config.hasMinIO():
			return self.installMinIO(ctx, name, args, child)
		default:
			return self.useExternal(ctx, name, args, child)
		}
	})
}
