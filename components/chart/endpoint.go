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

// Page is how people reach a service from outside the cluster; the zero value is not at all.
type Page struct {
	// URL is where they go, without a slash at its end.
	URL string
	// LoginSecret is the Secret, in the service's namespace, with the login that they are asked for before the service sees them; empty
	// where it has logins of its own.
	LoginSecret string
}

// Tunnel is the command by which people reach the service without a page.
func (e Endpoint) Tunnel() pulumi.StringOutput {
	return pulumi.All(e.Namespace, e.Service, e.Port).ApplyT(func(all []any) string {
		port := all[2].(int)
		ports := fmt.Sprint(port)
		if port < firstUnprivileged {
			ports = fmt.Sprintf("%d:%d", port+8000, port)
		}
		return fmt.Sprintf("kubectl -n %s port-forward service/%s %s", all[0], all[1], ports)
	}).(pulumi.StringOutput)
}

// firstUnprivileged is the first port that anybody may listen at on his own machine.
const firstUnprivileged = 1024

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
