package ingress

import "maps"

// What is known of requests bears the same names under both engines, so that rules, dashboards and searches go on over a change of the engine,
// and so do the windows of a day that they look back on.

// traefikLogFields are Traefik's names for what a line of the access log says (pkg/middlewares/accesslog/logdata.go), and ours: those of
// accessLog in nginx.go. Times are in nanoseconds there.
var traefikLogFields = map[string]string{
	"RequestMethod": "method", "RequestHost": "host", "RequestPath": "path", "DownstreamStatus": "status",
	"DownstreamContentSize": "bytes", "Duration": "nanoseconds", "ServiceAddr": "upstream", "OriginStatus": "upstream_status",
	"OriginDuration": "upstream_nanoseconds", "KubernetesIngressNamespace": "namespace", "KubernetesIngressName": "ingress",
	"KubernetesServiceName": "service",
}

// traefikLogHeaders are the headers of a request that are kept, and our names for them. The first is who asks: Traefik sets it where no proxy does,
// and a log's lines are written when the middleware of oneAddress has replaced it. Traefik's own field, ClientHost, is the list as it came.
var traefikLogHeaders = map[string]string{"X-Real-Ip": "client", "User-Agent": "agent"}

// traefikAccessLog is one JSON object for each request, without what is after the "?": that may hold the token of a link in a mail.
func traefikAccessLog() map[string]any {
	kept := func(names map[string]string) map[string]any {
		all := map[string]any{}
		for name := range names {
			all[name] = "keep"
		}
		return all
	}
	return map[string]any{
		"enabled": true, "format": "json",
		"fields": map[string]any{
			"defaultMode": "drop", "names": kept(traefikLogFields),
			"headers":         map[string]any{"defaultMode": "drop", "names": kept(traefikLogHeaders)},
			"queryParameters": map[string]any{"defaultMode": "drop"},
		},
	}
}

// traefikBuckets are ingress-nginx' own, in seconds: what the exchange promises is measured at 2.5.
const traefikBuckets = "0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10"

// traefikRelabelings keep Traefik's metrics of routers, which are made of Ingress objects and called namespace-ingress-rule-0-path-0, under the
// names that ingress-nginx has for the same. Of a namespace with a hyphen, the first part is taken for its name.
func traefikRelabelings() []any {
	rename := func(from, to string) any {
		return map[string]any{"sourceLabels": []any{"__name__"}, "regex": from, "targetLabel": "__name__", "replacement": to}
	}
	of := func(metric, label, from, to string) any {
		return map[string]any{"sourceLabels": []any{"__name__", label}, "separator": ";", "regex": metric + ";" + from, "targetLabel": to, "replacement": "$1"}
	}
	const requests = "traefik_router_request(?:s_total|_duration_seconds_.+)"
	return []any{
		of(requests, "router", "([^-]+)-.+@kubernetesingressnginx", "exported_namespace"),
		of(requests, "code", "(.+)", "status"),
		of("traefik_tls_certs_not_after", "cn", "(.+)", "host"),
		rename("traefik_router_requests_total", "nginx_ingress_controller_requests"),
		rename("traefik_router_request_duration_seconds_(.+)", "nginx_ingress_controller_request_duration_seconds_$1"),
		rename("traefik_tls_certs_not_after", "nginx_ingress_controller_ssl_expire_time_seconds"),
	}
}

// Logs are how an engine's access log is found, and read.
type Logs struct {
	// Container is the name of the controller's.
	Container string
	// Fields are those that have another name in it than ours, by that name.
	Fields map[string]string
}

// Logs are what the engine logs.
func (c *Config) Logs() Logs {
	if c.Engine != Traefik {
		return Logs{Container: "controller"}
	}
	logs := Logs{Container: traefikName, Fields: maps.Clone(traefikLogFields)}
	for header, ours := range traefikLogHeaders {
		logs.Fields["request_"+header] = ours
	}
	return logs
}
