package ingress

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const nginxNamespace = "ingress-nginx"

func (i *Ingress) installNginx(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
		Name:        nginxNamespace,
		PodSecurity: chart.Privileged, // ports of the host are beyond "baseline"
	}, child)
	if err != nil {
		return err
	}
	release, err := args.Installer.Release(ctx, name+"-release", &chart.ReleaseArgs{
		Entry:     "ingress-nginx",
		Namespace: namespace.Name,
		Values:    pulumi.ToMap(nginxValues(args)),
		Atomic:    true,
		CRDs:      args.MonitorCRDs,
	}, child)
	if err != nil {
		return err
	}
	i.Namespace = namespace.Name
	i.Ready = release.After("ingress-nginx-controller")
	return nil
}

func nginxValues(args *Args) map[string]any {
	global, image := nginxImage(args.Installer.ImageRegistry)
	return map[string]any{
		"global": global,
		"controller": map[string]any{
			"image": image,
			// The CDN sends to every worker's public address on 80 and 443, so every worker runs a controller that owns these
			// ports. A DaemonSet frees the port before it starts the next version; a Deployment's new pod would wait for ever for
			// the port the old one holds. Ports of the host, not its network: the controller's other ports stay inside.
			"kind":     "DaemonSet",
			"hostPort": map[string]any{"enabled": true},
			"service":  map[string]any{"type": "ClusterIP"},
			// Ingress objects show the addresses of the workers, not the service's.
			"publishService":       map[string]any{"enabled": false},
			"ingressClassResource": map[string]any{"name": class, "default": true},
			// Its certificate is made by a hook job with one more image to pull, and while the controller is away it refuses every
			// change of an Ingress.
			"admissionWebhooks": map[string]any{"enabled": false},
			"config":            nginxConfig(args.TrustedProxies),
			"metrics": map[string]any{
				"enabled":        args.MonitorCRDs != nil,
				"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
			},
			"resources": chart.Requests("50m", "90Mi"),
		},
	}
}

// nginxImage re-points the image to the registry, if there is one. The chart pins the image by digest, which does not hold at
// a mirror that builds manifest lists of its own.
func nginxImage(registry string) (global, image map[string]any) {
	if registry == "" {
		return map[string]any{}, map[string]any{}
	}
	return map[string]any{"image": map[string]any{"registry": registry}}, map[string]any{"digest": ""}
}

// nginxConfig is the controller's ConfigMap: all its values are text.
func nginxConfig(trustedProxies []string) map[string]any {
	if len(trustedProxies) == 0 {
		return map[string]any{}
	}
	return map[string]any{
		"use-forwarded-headers": "true",
		"proxy-real-ip-cidr":    strings.Join(trustedProxies, ","),
	}
}
