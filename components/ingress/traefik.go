package ingress

import (
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// traefikName is the chart's entry, and the name of its objects and of the container.
const traefikName = "traefik"

// Its program has no right to ports below 1024: the host's lead to these of the pod, which internal/flows knows, too.
const (
	traefikHTTP  = 8000
	traefikHTTPS = 8443
)

// traefikDrainSeconds is what requests that are being answered have to end when a controller stops: as long as an application may take to
// answer (the provider's proxyReadTimeout). Nobody else answers on that worker meanwhile, and an open WebSocket holds it up for all of it.
const traefikDrainSeconds = 60

func traefikParts(args *Args) (*engineParts, error) {
	image, err := chart.ImageOf(traefikName, traefikName)
	if err != nil {
		return nil, err
	}
	values := traefikValues(args, image)
	parts := &engineParts{}
	if args.Certificate != "" {
		parts.secrets = append(parts.secrets, certificate(args))
	}
	if settings := traefikSettings(args); settings != nil {
		parts.secrets = append(parts.secrets, *settings)
		mountSettings(args, values)
	}
	if len(args.TrustedProxies) > 0 {
		addPlugin(values)
	}
	// Its definitions are for providers that are off, and Helm installs them with the first chart of a release only.
	parts.release = chart.ReleaseArgs{Entry: traefikName, Values: pulumi.ToMap(values), SkipCRDs: true}
	return parts, nil
}

func traefikValues(args *Args, image chart.Image) map[string]any {
	off := map[string]any{"enabled": false}
	watched := args.MonitorCRDs != nil
	service := map[string]any{"spec": map[string]any{"type": "ClusterIP"}}
	if args.VirtualAddress != nil {
		service = map[string]any{"spec": behindVirtualAddress(args), "annotations": askedOfMetalLB(args)}
	}
	return map[string]any{
		"fullnameOverride": traefikName,
		"image":            map[string]any{"registry": image.Registry, "repository": image.Repository, "tag": image.Tag},
		// One on every worker that owns its ports, as with ingress-nginx: see there. The port of the old one has to be free first.
		"deployment":     map[string]any{"kind": "DaemonSet", "terminationGracePeriodSeconds": traefikDrainSeconds + 15},
		"updateStrategy": map[string]any{"rollingUpdate": map[string]any{"maxUnavailable": 1, "maxSurge": 0}},
		"service":        service,
		"ports":          map[string]any{"web": traefikPort(args, 80, traefikHTTP), "websecure": traefikPort(args, 443, traefikHTTPS)},
		"providers": map[string]any{
			"kubernetesCRD": off, "kubernetesIngress": off,
			"kubernetesIngressNGINX": traefikProvider(args),
		},
		// The chart's own class is of Traefik's other provider; a class's controller cannot be changed, so this is ingress-nginx'.
		"ingressClass": off,
		"extraObjects": []any{map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
			"metadata": map[string]any{"name": class, "annotations": map[string]any{"ingressclass.kubernetes.io/is-default-class": "true"}},
			"spec":     map[string]any{"controller": "k8s.io/ingress-nginx"},
		}},
		"api":       map[string]any{"dashboard": false},
		"global":    map[string]any{"checkNewVersion": false},
		"log":       map[string]any{"format": "json"},
		"accessLog": traefikAccessLog(),
		"metrics": map[string]any{"prometheus": map[string]any{
			"addRoutersLabels": true,
			"buckets":          traefikBuckets,
			"disableAPICheck":  true, // a preview renders without asking which kinds there are
			"service":          map[string]any{"enabled": watched},
			"serviceMonitor":   map[string]any{"enabled": watched, "metricRelabelings": traefikRelabelings()},
		}},
		// X_Forwarded_For is X-Forwarded-For to a Python server, and was written by whoever asks. NGINX leaves such headers out by itself; the
		// chart has no key for it.
		"additionalArguments": []any{"--entryPoints.web.http.aliasHeadersStrategy=delete", "--entryPoints.websecure.http.aliasHeadersStrategy=delete"},
		"resources":           chart.Requests("50m", "128Mi"),
	}
}

// traefikPort is the entry point behind a port of the host.
func traefikPort(args *Args, host, pods int) map[string]any {
	port := map[string]any{
		"port": pods,
		"transport": map[string]any{
			// The first is for a whole request with its body; the default of one minute cuts the upload of whoever has a slow line.
			"respondingTimeouts": map[string]any{"readTimeout": "300s"},
			"lifeCycle":          map[string]any{"graceTimeOut": strconv.Itoa(traefikDrainSeconds) + "s"},
		},
	}
	if args.VirtualAddress == nil {
		port["hostPort"] = host
	}
	if len(args.TrustedProxies) > 0 {
		port["forwardedHeaders"] = map[string]any{
			"trustedIPs": args.TrustedProxies,
			// The proxy's own address is not added to the one that oneAddress has left.
			"notAppendXForwardedFor": true,
		}
	}
	http := map[string]any{}
	if names := traefikMiddlewares(args); len(names) > 0 {
		http["middlewares"] = names
	}
	if args.OnlyTLS && host == 80 {
		http["redirections"] = map[string]any{"entryPoint": map[string]any{"to": "websecure", "scheme": "https", "permanent": true}}
	}
	if len(http) > 0 {
		port["http"] = http
	}
	return port
}

// traefikProvider is what ingress-nginx' ConfigMap is there.
func traefikProvider(args *Args) map[string]any {
	provider := map[string]any{
		"enabled": true,
		// Ingress objects show the Service's address: Argo CD takes one without an address for one that is not ready. Those of workers it
		// would have to be told one by one.
		"publishService": map[string]any{"enabled": true},
		// A limit is kept only where requests are read before they are passed on, as NGINX does; what is larger than 16 KiB goes to disk.
		"proxyRequestBuffering": true,
		"proxyBodySize":         args.Config.MaxBodyMiB << 20,
		"proxyConnectTimeout":   5, // ingress-nginx'; Traefik's is 60
		// that files of the exchange's users are nobody's to keep
		"globalAllowedResponseHeaders": []any{"Cache-Control"},
	}
	if len(args.TrustedProxies) > 0 {
		// Who asks is not the proxy but the last address before it: ranges of pages are for that one.
		provider["ipAllowListStrategy"] = map[string]any{"excludedIPS": args.TrustedProxies}
	}
	return provider
}
