package alerting

import (
	"crypto/sha256"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

var selector = map[string]string{"app.kubernetes.io/name": smsName}

// part is an object of the adapter, with the end of its resource's name.
type part struct {
	chart.ObjectArgs
	part string
}

// objects are the adapter's, each after those before it.
func objects(args *Args, image chart.Image) []part {
	made := func(name, version, kind string, fields pulumi.Map) part {
		return part{chart.ObjectArgs{APIVersion: version, Kind: kind, Name: smsName, Labels: selector, Fields: fields}, name}
	}
	return []part{
		made("program", "v1", "ConfigMap", pulumi.Map{"data": pulumi.StringMap{"sms.py": pulumi.String(smsProgram)}}),
		// Each message costs money and wakes somebody: nobody else in the cluster may have one sent.
		made("policy", "networking.k8s.io/v1", "NetworkPolicy", pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"podSelector": map[string]any{"matchLabels": plain(selector)}, "policyTypes": []any{"Ingress"},
			"ingress": []any{map[string]any{
				"from": []any{map[string]any{"namespaceSelector": map[string]any{
					"matchLabels": map[string]any{"kubernetes.io/metadata.name": args.Alertmanagers},
				}}},
				"ports": []any{map[string]any{"port": smsPort, "protocol": "TCP"}},
			}},
		})}),
		made("adapter", "apps/v1", "Deployment", pulumi.Map{"spec": pulumi.ToMap(deployment(image))}),
		made("service", "v1", "Service", pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"selector": plain(selector), "ports": []any{map[string]any{"name": "http", "port": smsPort, "targetPort": "http", "protocol": "TCP"}},
		})}),
	}
}

func plain(labels map[string]string) map[string]any {
	all := map[string]any{}
	for key, value := range labels {
		all[key] = value
	}
	return all
}

// deployment is two pods on different nodes: a page is sent when a node has just been lost. They read their Secret at each message.
func deployment(image chart.Image) map[string]any {
	const home, program = "/etc/alert-sms", "/usr/lib/alert-sms"
	probe := map[string]any{"httpGet": map[string]any{"path": "/", "port": "http"}}
	mount := func(name, path string) map[string]any {
		return map[string]any{"name": name, "mountPath": path, "readOnly": true}
	}
	return map[string]any{
		"replicas": 2,
		"selector": map[string]any{"matchLabels": plain(selector)},
		"template": map[string]any{
			"metadata": map[string]any{
				"labels":      plain(selector),
				"annotations": map[string]any{"checksum/program": fmt.Sprintf("%.6x", sha256.Sum256([]byte(smsProgram)))},
			},
			"spec": map[string]any{
				"automountServiceAccountToken": false, "enableServiceLinks": false, "terminationGracePeriodSeconds": 30,
				"securityContext": map[string]any{
					"runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534, "fsGroup": 65534,
					"seccompProfile": map[string]any{"type": "RuntimeDefault"},
				},
				"topologySpreadConstraints": []any{map[string]any{
					"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
					"labelSelector": map[string]any{"matchLabels": plain(selector)},
				}},
				"containers": []any{map[string]any{
					"name": "adapter", "image": image.String(), "command": []any{"python3", "-I", program + "/sms.py"},
					"env":             []any{map[string]any{"name": "ALERT_SMS_HOME", "value": home}},
					"ports":           []any{map[string]any{"name": "http", "containerPort": smsPort, "protocol": "TCP"}},
					"securityContext": chart.Unprivileged(),
					"readinessProbe":  probe, "livenessProbe": probe,
					"resources":    chart.Little("5m", "32Mi"),
					"volumeMounts": []any{mount("program", program), mount("settings", home)},
				}},
				"volumes": []any{
					map[string]any{"name": "program", "configMap": map[string]any{"name": smsName}},
					map[string]any{"name": "settings", "secret": map[string]any{"secretName": smsName, "defaultMode": 0o440}},
				},
			},
		},
	}
}
