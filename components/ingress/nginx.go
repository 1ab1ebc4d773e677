package ingress

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

func nginxParts(ctx *pulumi.Context, args *Args) *engineParts {
	parts := &engineParts{}
	controller := nginxController(args)
	if args.OriginKey != nil {
		parts.secrets = append(parts.secrets, askForKey(ctx, args, controller))
	}
	if shown := cmp.Or(args.CertificateSecret, certificateSecret); args.CertificateSecret+args.Certificate != "" {
		// the controller sees a Secret that comes or changes, and shows the new one to whoever connects from then on
		controller["extraArgs"] = map[string]any{"default-ssl-certificate": namespaceName + "/" + shown}
	}
	if args.Certificate != "" {
		parts.secrets = append(parts.secrets, certificate(args))
	}
	parts.release = chart.ReleaseArgs{Entry: "ingress-nginx", Values: pulumi.Map{"controller": pulumi.ToMap(controller)}}
	return parts
}

func nginxController(args *Args) map[string]any {
	controller := map[string]any{
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
		"config":            nginxConfig(args),
		"metrics": map[string]any{
			"enabled":        args.MonitorCRDs != nil,
			"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		},
		"resources": chart.Requests("50m", "90Mi"),
	}
	if args.VirtualAddress != nil {
		service := behindVirtualAddress(args)
		service["annotations"] = askedOfMetalLB(args)
		controller["service"], controller["hostPort"] = service, map[string]any{"enabled": false}
		controller["publishService"] = map[string]any{"enabled": true}
	}
	return controller
}

// accessLog is nginx' own form of a line. Numbers that may be missing are texts.
const accessLog = `{"client":"$remote_addr","method":"$request_method","host":"$host","path":"$uri","status":$status,"bytes":$bytes_sent,` +
	`"seconds":$request_time,"agent":"$http_user_agent","request_id":"$req_id","upstream":"$upstream_addr","upstream_status":"$upstream_status",` +
	`"upstream_seconds":"$upstream_response_time","namespace":"$namespace","ingress":"$ingress_name","service":"$service_name"}`

// nginxConfig is the controller's ConfigMap: all its values are text.
func nginxConfig(args *Args) map[string]any {
	trusts := len(args.TrustedProxies) > 0
	config := map[string]any{
		// nginx' own limit of 1 MB refuses a photo of a passport
		"proxy-body-size": fmt.Sprintf("%dm", args.Config.MaxBodyMiB),
		// Turned on, X-Forwarded-Proto, -Host and -Port are believed whoever sends them, and proxy-real-ip-cidr is about
		// X-Forwarded-For only: it must be off unless the firewall lets nobody but the proxies in.
		"use-forwarded-headers": strconv.FormatBool(trusts),
		// that files of the exchange's users are nobody's to keep
		"global-allowed-response-headers": "Cache-Control",
		// one JSON object for each request, without what is after the "?": that may hold the token of a link in a mail
		"log-format-escape-json": "true",
		"log-format-upstream":    accessLog,
		// The application is told one address, the client's, and not the list that the client began.
		"compute-full-forwarded-for": "false",
	}
	if args.OnlyTLS {
		// hosts without a certificate of their own are not sent there otherwise
		config["force-ssl-redirect"] = "true"
	}
	if trusts {
		config["proxy-real-ip-cidr"] = strings.Join(args.TrustedProxies, ",")
	}
	return config
}
