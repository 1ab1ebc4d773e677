package postgres

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/settings"
)

const (
	drillName = "restore-drill"
	// drillAccount is who drills. The operator makes an account, a role and a binding for each cluster, of the cluster's name, and puts its own
	// content into those that are there: had the drill's the copy's name, it would lose its rights, and the copy's servers would have no token.
	drillAccount   = "drill"
	drillNamespace = drillName
)

// Drill restores the newest backup into a namespace of its own, again and again: a backup that nobody has restored is none.
type Drill struct {
	// Enabled makes the drills, where cloudnative-pg makes backups.
	Enabled bool `json:"enabled"`
	// Schedule of the drills, in UTC: minute, hour, two stars, and the day of the week, or another star for every day. For as long as one
	// takes it needs memory and room of one more server.
	Schedule string `json:"schedule"`
	// Hours is when a drill is stopped: a restore must not take longer.
	Hours int `json:"hours"`
}

// drilled tells whether there are drills.
func (c *Config) drilled() bool {
	return c.Engine == CloudNativePG && c.Backup.Enabled && c.Drill.Enabled
}

func (d *Drill) validate(path *field.Path) field.ErrorList {
	problems := settings.Matches(d.Schedule, path.Child("schedule"), settings.OnceOnDays,
		`must be five fields, minute to day of the week, of which the first two are numbers and the third and the fourth "*", such as "0 3 * * 5": an alert waits for a drill each week, and one that begins ends the one before`)
	return append(problems, settings.AtLeast(d.Hours, path.Child("hours"), 1)...)
}

// drill makes what restores a backup by schedule, and what it is measured by. Nothing of it keeps data.
func (p *Postgres) drill(ctx *pulumi.Context, name string, args *Args, operator *chart.Release, login pulumi.StringInput, ready *chart.Object, child pulumi.ResourceOption) error {
	own := pulumi.Composite(child, pulumi.Protect(false))
	if err := heartbeat(ctx, name+"-heartbeat", args, login, ready, own); err != nil {
		return err
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: drillNamespace, PodSecurity: chart.Restricted},
		Secrets:   append([]chart.SecretArgs{args.Config.Backup.storageSecret()}, args.Application.PullSecrets...),
	}, own)
	if err != nil {
		return err
	}
	image, err := chart.ImageOf(operatorEntry, "postgresql")
	if err != nil {
		return err
	}
	objects, err := drillObjects(ctx.Stack(), args, image)
	if err != nil {
		return err
	}
	needs := []pulumi.Resource{made.Secret(storeName), operator, ready}
	var program pulumi.Resource // which pods mount
	for _, each := range objects {
		after := needs
		switch each.Kind {
		case "PodMonitor":
			if args.MonitorCRDs == nil {
				continue
			}
			after = []pulumi.Resource{args.MonitorCRDs}
		case "CronJob", "Deployment":
			after = append(slices.Clone(needs), program)
		}
		each.Namespace = made.Namespace.Name
		object, err := args.Installer.Object(ctx, name+"-"+each.part, &each.ObjectArgs, own, pulumi.DependsOn(after))
		if err != nil {
			return err
		}
		if each.part == "program" {
			program = object
		}
	}
	return nil
}

// objectPart is an object, with the end of its resource's name.
type objectPart struct {
	chart.ObjectArgs
	part string
}

// drillObjects are the drill's, those that run after the program.
func drillObjects(stack string, args *Args, image chart.Image) ([]objectPart, error) {
	config := &args.Config
	cluster, err := json.Marshal(drillSpec(config))
	if err != nil {
		return nil, fmt.Errorf("the drill's cluster: %w", err)
	}
	policy, err := drillPolicy(args)
	if err != nil {
		return nil, err
	}
	pod, err := drillPod(args, image)
	if err != nil {
		return nil, err
	}
	files := map[string]any{"cluster.json": string(cluster)}
	maps.Copy(files, drillProgram)
	made := func(part, version, kind string, fields map[string]any) objectPart {
		return objectPart{chart.ObjectArgs{APIVersion: version, Kind: kind, Name: drillName, Fields: pulumi.ToMap(fields)}, part}
	}
	account := func(part, version, kind string, fields map[string]any) objectPart {
		object := made(part, version, kind, fields)
		object.Name = drillAccount
		return object
	}
	store := made("store", "barmancloud.cnpg.io/v1", "ObjectStore", map[string]any{"spec": drillStore(&config.Backup, stack)})
	store.Name = storeName
	selector := map[string]any{"app.kubernetes.io/name": drillName + "-results"}
	return []objectPart{
		made("policy", "networking.k8s.io/v1", "NetworkPolicy", map[string]any{"spec": policy}),
		store,
		made("program", "v1", "ConfigMap", map[string]any{"data": files}),
		account("account", "v1", "ServiceAccount", map[string]any{"automountServiceAccountToken": false}),
		account("role", rbac+"/v1", "Role", map[string]any{"rules": []any{
			rule("postgresql.cnpg.io", "clusters", "get", "create", "delete"),
			rule("", "secrets", "create", "delete"),
			rule("", "configmaps", "get", "create", "patch"),
			rule("", "persistentvolumeclaims", "list"),
			rule("", "pods", "get", "list", "create", "delete"),
			rule("", "pods/log", "get"),
		}}),
		account("binding", rbac+"/v1", "RoleBinding", drillsRights(drillAccount)),
		made("schedule", "batch/v1", "CronJob", map[string]any{"spec": map[string]any{
			"schedule": config.Drill.Schedule, "timeZone": "Etc/UTC", "concurrencyPolicy": "Replace", "startingDeadlineSeconds": 3600,
			"successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 1,
			"jobTemplate": map[string]any{"spec": map[string]any{
				"activeDeadlineSeconds": config.Drill.Hours * 3600, "backoffLimit": 0,
				// what a drill that was killed has left is owned by its Job, and goes with that
				"ttlSecondsAfterFinished": 12 * 3600,
				"template":                map[string]any{"spec": pod},
			}},
		}}),
		made("results", "apps/v1", "Deployment", map[string]any{"spec": map[string]any{
			"replicas": 1, "selector": map[string]any{"matchLabels": selector},
			"template": map[string]any{
				"metadata": map[string]any{
					"labels":      selector,
					"annotations": map[string]any{"checksum/program": programChecksum()},
				},
				"spec": resultsPod(image),
			},
		}}),
		made("metrics", "monitoring.coreos.com/v1", "PodMonitor", map[string]any{"spec": map[string]any{
			"selector":            map[string]any{"matchLabels": selector},
			"podMetricsEndpoints": []any{map[string]any{"port": "metrics", "interval": "60s"}},
		}}),
	}, nil
}

// drillsRights gives the drill's account a role, as the fields of a binding.
func drillsRights(role string) map[string]any {
	return map[string]any{
		"roleRef":  map[string]any{"apiGroup": rbac, "kind": "Role", "name": role},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": drillAccount, "namespace": drillNamespace}},
	}
}

func rule(group, resource string, verbs ...string) map[string]any {
	return map[string]any{"apiGroups": []any{group}, "resources": []any{resource}, "verbs": toAny(verbs)}
}

// drillSpec is a server that has production's settings, without which its log cannot be replayed, and archives nothing. The program
// adds the owner's password, and the moment of the restore that must fail.
func drillSpec(config *Config) map[string]any {
	spec := clusterSpec(config, clusterName)
	for _, key := range []string{"plugins", "certificates", "enablePDB", "affinity"} {
		delete(spec, key)
	}
	delete(spec["postgresql"].(map[string]any), "synchronous") // it is alone
	spec["instances"] = 1
	spec["enablePDB"] = false
	spec["bootstrap"] = map[string]any{"recovery": map[string]any{
		"source": clusterName, "database": config.Database, "owner": config.User,
	}}
	spec["externalClusters"] = []any{map[string]any{
		"name": clusterName, "plugin": map[string]any{"name": pluginName, "parameters": archive(config.serving())},
	}}
	return spec
}

// drillStore is where backups are. It deletes none of them, and a restore needs more than a backup.
func drillStore(backup *Backup, stack string) map[string]any {
	store := backup.store(stack)
	delete(store, "retentionPolicy")
	store["instanceSidecarConfiguration"].(map[string]any)["resources"] = map[string]any{
		"requests": map[string]any{"cpu": "100m", "memory": "512Mi"}, "limits": map[string]any{"memory": "2Gi"},
	}
	return store
}

// drillPolicy lets the copy at the backups, at Kubernetes and at nothing of production; only the operator and Prometheus come in.
func drillPolicy(args *Args) (map[string]any, error) {
	storage, err := flows.Storage(args.Config.Backup.Endpoint, args.Ranges.Pods, args.Ranges.Services, args.Ranges.Nodes)
	if err != nil {
		return nil, err
	}
	tcp := func(port int) map[string]any { return map[string]any{"port": port, "protocol": "TCP"} }
	own := map[string]any{"podSelector": map[string]any{}}
	return map[string]any{
		"podSelector": map[string]any{}, "policyTypes": []any{"Ingress", "Egress"},
		"ingress": []any{
			map[string]any{"from": []any{own, map[string]any{"namespaceSelector": map[string]any{
				"matchLabels": map[string]any{"kubernetes.io/metadata.name": operatorNamespace},
			}}}},
			map[string]any{"ports": []any{tcp(drillPort)}},
		},
		"egress": []any{
			map[string]any{"to": []any{own}},
			map[string]any{"ports": []any{tcp(53), map[string]any{"port": 53, "protocol": "UDP"}}},
			// the API server, on the control planes' own addresses by the time a policy looks
			map[string]any{"to": []any{map[string]any{"ipBlock": map[string]any{"cidr": args.Ranges.Nodes}}}, "ports": []any{tcp(6443)}},
			storage,
		},
	}, nil
}
