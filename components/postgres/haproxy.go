package postgres

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	proxyEntry = "haproxy"
	// proxies is how many pods there are: sessions go on through one when the node of the other is lost.
	proxies = 2
	// the Services by which the exchange reaches the pods: who wants to write, and who only reads
	writeService = "haproxy-rw"
	readService  = "haproxy-ro"
	// allService has no address of its own and leads to every server, also to those that are not ready: HAProxy asks them itself. A name
	// that the operator gives to its own would stop it.
	allService = "postgres-servers"

	writePort, readPort, statePort = 5432, 5433, 8404
	// statusPort is where each server says, over TLS and to everybody, whether it is the primary.
	statusPort      = 8000
	authorityFolder = "/etc/postgres-authority"
	// clusterDomain is Kubespray's own, which this program leaves as it is. HAProxy asks for whole names only.
	clusterDomain = "cluster.local"
	// bitnamiConnections is what Bitnami's one server has of itself.
	bitnamiConnections = 100
)

// Proxy is HAProxy before the servers.
type Proxy struct {
	// Enabled lets the exchange reach the database through HAProxy, which knows by itself who the primary is, cuts sessions to one that
	// is none any more, and lets too many wait instead of being refused. Without it the exchange uses the operator's own Services.
	Enabled bool `json:"enabled"`
	// ReadsAtPrimary lets readers use the primary while there is no replica; otherwise they are refused then.
	ReadsAtPrimary bool `json:"readsAtPrimary"`
}

//go:embed haproxy.cfg
var proxyTemplate string

// proxyRole is one backend: the servers that take writes, or the others, and the Service that leads to each of them.
type proxyRole struct {
	Name    string
	Primary bool
	Service string
	Servers int
}

// Address is where the Service's name is looked up.
func (r proxyRole) Address() string {
	return fmt.Sprintf("%s.%s.svc.%s:%d", r.Service, namespaceName, clusterDomain, port)
}

// proxyStatus is how a server is asked for its role.
type proxyStatus struct {
	Port            int
	Authority, Name string
}

type proxySettings struct {
	StatePort, WritePort, ReadPort int
	Sessions, SessionsPerServer    int
	ReadsAtPrimary                 bool
	Roles                          []proxyRole
	Status                         *proxyStatus // nil where a server's role is in its name, and it is only asked whether it is there
	User                           string
}

// proxyRoles are the backends. Where a server's role is asked for, both have all servers, and each takes its own; elsewhere a role is in
// the name of a Service, and one server is for everybody.
func proxyRoles(config *Config) []proxyRole {
	write, read := proxyRole{"rw", true, allService, config.Servers()}, proxyRole{"ro", false, allService, config.Servers()}
	switch {
	case config.Engine == CloudNativePG:
	case config.replicated():
		write.Service, write.Servers = bitnamiPrimary, 1
		read.Service, read.Servers = allReplicas, config.Replicas
	default:
		write.Service = bitnamiService
		return []proxyRole{write}
	}
	return []proxyRole{write, read}
}

// proxyConfig is HAProxy's configuration.
func proxyConfig(config *Config) (string, error) {
	connections, roles := config.MaxConnections, proxyRoles(config)
	status := &proxyStatus{Port: statusPort, Authority: authorityFolder + "/ca.crt", Name: config.serving() + "-rw"}
	if config.Engine == Bitnami {
		status = nil
	}
	if config.Engine == Bitnami && !config.replicated() {
		connections = bitnamiConnections
	}
	// each pod has a share, so that both together do not ask a server for more than it has
	share := (connections - ownConnections) / proxies
	parsed, err := template.New("haproxy.cfg").Parse(proxyTemplate)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = parsed.Execute(&text, proxySettings{
		StatePort: statePort, WritePort: writePort, ReadPort: readPort,
		// those that wait for a place on a server count, too
		Sessions: 2*share*config.Servers() + 100, SessionsPerServer: share,
		ReadsAtPrimary: config.Proxy.ReadsAtPrimary,
		Roles:          roles, Status: status, User: config.User,
	})
	return text.String(), err
}

// proxyNames are the names by which clients reach a server through HAProxy, which its certificate has to have.
func proxyNames(config *Config) []string {
	if !config.Proxy.Enabled {
		return nil
	}
	var names []string
	for _, service := range []string{writeService, readService} {
		name := service
		names = append(names, name)
		for _, part := range []string{namespaceName, "svc", clusterDomain} {
			name += "." + part
			names = append(names, name)
		}
	}
	return names
}

// installProxy makes HAProxy, and the hosts of those who write and who only read. They arrive when a primary has been found and
// everything in ready is there.
func (p *Postgres) installProxy(
	ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, ready []pulumi.Resource, child pulumi.ResourceOption,
) error {
	values, err := proxyValues(args)
	if err != nil {
		return err
	}
	release, err := args.Installer.Release(ctx, name, &chart.ReleaseArgs{
		Entry: proxyEntry, Namespace: namespace.Name, Atomic: true, CRDs: args.MonitorCRDs, Values: pulumi.ToMap(values),
	}, child, pulumi.DependsOn(ready))
	if err != nil {
		return err
	}
	host := func(service string, target int) (pulumi.StringOutput, error) {
		made, err := args.Installer.Object(ctx, name+strings.TrimPrefix(service, proxyEntry), &chart.ObjectArgs{
			APIVersion: "v1", Kind: "Service", Name: service, Namespace: namespace.Name,
			Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
				"selector": map[string]any{"app.kubernetes.io/name": proxyEntry, "app.kubernetes.io/instance": proxyEntry},
				"ports":    []any{map[string]any{"name": "postgresql", "port": port, "targetPort": target}},
			})},
		}, child, pulumi.DependsOn([]pulumi.Resource{release}))
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		return made.After(chart.ServiceHost(service, namespaceName)), nil
	}
	if p.Host, err = host(writeService, writePort); err != nil {
		return err
	}
	p.ReadOnlyHost, err = host(readService, readPort)
	return err
}

// serversService leads to every server by name.
func serversService(ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, child pulumi.ResourceOption) (*chart.Object, error) {
	return args.Installer.Object(ctx, name, &chart.ObjectArgs{
		APIVersion: "v1", Kind: "Service", Name: allService, Namespace: namespace.Name,
		// it has no endpoints before there are servers
		Annotations: map[string]string{"pulumi.com/skipAwait": "true"},
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"clusterIP": "None", "publishNotReadyAddresses": true,
			"selector": map[string]any{"cnpg.io/cluster": args.Config.serving(), "cnpg.io/podRole": "instance"},
			"ports":    []any{map[string]any{"name": "postgresql", "port": port}},
		})},
	}, child)
}

func proxyValues(args *Args) (map[string]any, error) {
	text, err := proxyConfig(&args.Config)
	if err != nil {
		return nil, fmt.Errorf("HAProxy's configuration: %w", err)
	}
	probe := func(path string, more map[string]any) map[string]any {
		more["httpGet"] = map[string]any{"path": path, "port": statePort}
		return more
	}
	values := map[string]any{
		"replicaCount": proxies,
		"config":       text,
		// the chart's names for ports: they cannot be taken away, only led elsewhere. 5432 and 5433 carry PostgreSQL.
		"containerPorts":      map[string]any{"http": writePort, "https": readPort, "stat": statePort},
		"PodDisruptionBudget": map[string]any{"enable": true, "minAvailable": 1},
		"topologySpreadConstraints": []any{map[string]any{
			"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": []any{"pod-template-hash"},
			"labelSelector": map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": proxyEntry}},
		}},
		"serviceAccount":     map[string]any{"automountServiceAccountToken": false},
		"podSecurityContext": map[string]any{"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"securityContext": map[string]any{
			"enabled": true, "allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}},
		},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "50m", "memory": "64Mi"}, "limits": map[string]any{"memory": "256Mi"},
		},
		"terminationGracePeriodSeconds": 30,
		"livenessProbe":                 probe("/healthz", map[string]any{"periodSeconds": 5}),
		"readinessProbe":                probe("/healthz", map[string]any{"periodSeconds": 2}),
		// ready once it has seen a primary, and whatever happens to that later: without a way the clients could not even wait
		"startupProbe": probe("/ready", map[string]any{"periodSeconds": 1, "failureThreshold": 3600}),
		"serviceMonitor": map[string]any{
			"enabled":   args.MonitorCRDs != nil,
			"endpoints": []any{map[string]any{"port": "stat", "path": "/metrics", "scheme": "http", "interval": "15s"}},
		},
	}
	if args.Config.Engine == CloudNativePG {
		values["extraVolumes"] = []any{map[string]any{"name": "authority", "secret": map[string]any{
			"secretName": authoritySecret, "items": []any{map[string]any{"key": "ca.crt", "path": "ca.crt"}}, // and not its key
		}}}
		values["extraVolumeMounts"] = []any{map[string]any{"name": "authority", "mountPath": authorityFolder, "readOnly": true}}
	}
	return values, nil
}
