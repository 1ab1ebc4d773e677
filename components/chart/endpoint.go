package chart

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Endpoint is a service of the cluster as a component gives it out. Whoever uses a part of it waits for the release.
type Endpoint struct {
	URL        pulumi.StringOutput `pulumi:"url" output:"url"`
	Namespace  pulumi.StringOutput `pulumi:"namespace" output:"namespace"`
	Service    pulumi.StringOutput `pulumi:"service"`
	Port       pulumi.IntOutput    `pulumi:"port"`
	SecretName pulumi.StringOutput `pulumi:"secretName" output:"secretName"` // of the Secret with the login; empty if there is none
}

// EndpointArgs describes an HTTP service that a release or an object brings.
type EndpointArgs struct {
	Scheme     string // http if empty
	Namespace  string
	Service    string
	Port       int
	SecretName string
}

// Endpoint describes an HTTP service that the release brings.
func (r *Release) Endpoint(args EndpointArgs) Endpoint { return endpointOf(r, args) }

// Endpoint describes an HTTP service that is there with the object.
func (o *Object) Endpoint(args EndpointArgs) Endpoint { return endpointOf(o, args) }

func endpointOf(of pulumi.Resource, args EndpointArgs) Endpoint {
	return Endpoint{
		URL:        after(of, fmt.Sprintf("%s://%s:%d", cmp.Or(args.Scheme, "http"), ServiceHost(args.Service, args.Namespace), args.Port)),
		Namespace:  after(of, args.Namespace),
		Service:    after(of, args.Service),
		Port:       of.URN().ApplyT(func(pulumi.URN) int { return args.Port }).(pulumi.IntOutput),
		SecretName: after(of, args.SecretName),
	}
}

// ServiceHost is the name of a service inside the cluster, whatever the cluster's own domain is.
func ServiceHost(service, namespace string) string { return service + "." + namespace + ".svc" }

// ElementType makes an Endpoint something a component can give out.
func (Endpoint) ElementType() reflect.Type { return reflect.TypeFor[endpoint]() }

type endpoint struct {
	URL        string `pulumi:"url"`
	Namespace  string `pulumi:"namespace"`
	Service    string `pulumi:"service"`
	Port       int    `pulumi:"port"`
	SecretName string `pulumi:"secretName"`
}
