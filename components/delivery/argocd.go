package delivery

import (
	"cmp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/providers"
)

const (
	argoEntry     = "argo-cd"
	argoNamespace = "argocd"
	// ownSecret is Argo CD's, by the name and the label that it looks for.
	ownSecret   = "argocd-secret"
	adminSecret = "argocd-admin"
	devOps      = "exchange-devops"
	// application is that of the exchange, and its project.
	application = "exchange"

	passwordLength, sessionKeyLength = 32, 64
)

// kinds are those that the repository may have objects of: none with which it could give anybody rights, and no Secret. Argo CD's page
// shows what is made of them by Kubernetes only if that is named, too.
var kinds = []struct{ group, kind string }{
	{"apps", "Deployment"}, {"apps", "ReplicaSet"}, {"", "Pod"}, {"batch", "Job"}, {"", "Service"}, {"", "ConfigMap"}, {"", "ServiceAccount"},
	{"networking.k8s.io", "Ingress"}, {"policy", "PodDisruptionBudget"}, {"autoscaling", "HorizontalPodAutoscaler"}, {"monitoring.coreos.com", "ServiceMonitor"},
}

// installArgoCD makes Argo CD, and tells it what to watch.
func (d *Delivery) installArgoCD(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	secrets, err := argoSecrets(ctx, name, args, child)
	if err != nil {
		return err
	}
	values, err := argoValues(args)
	if err != nil {
		return err
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: argoNamespace, PodSecurity: chart.Restricted},
		Secrets:   secrets,
		Releases:  []chart.ReleaseArgs{{Entry: argoEntry, CRDs: args.MonitorCRDs, Values: pulumi.ToMap(values)}},
	}, child)
	if err != nil {
		return err
	}
	release := made.Release("release")
	project, err := args.Installer.Object(ctx, name+"-project", args.project(made.Namespace.Name), child, pulumi.DependsOn([]pulumi.Resource{release}))
	if err != nil {
		return err
	}
	_, err = args.Installer.Object(ctx, name+"-application", args.application(made.Namespace.Name), child,
		pulumi.DependsOn([]pulumi.Resource{project, made.Secret(devOps)}))
	if err != nil {
		return err
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "argocd", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: []string{"argocd"},
	}, child)
	if err != nil {
		return err
	}
	d.Namespace = made.Namespace.Name
	d.ArgoCD = release.Endpoint(chart.EndpointArgs{Namespace: argoNamespace, Service: "argocd-server", Port: 80, SecretName: adminSecret})
	return nil
}

// argoSecrets are Argo CD's own, its administrator's, and the one with which it reads the repository. None of them is made by the chart,
// or by Argo CD when it starts.
func argoSecrets(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) ([]chart.SecretArgs, error) {
	opts := []pulumi.ResourceOption{child}
	if args.Installer.Random != nil {
		opts = append(opts, pulumi.Provider(args.Installer.Random))
	}
	password, err := providers.NewPassword(ctx, name+"-password", passwordLength, opts...)
	if err != nil {
		return nil, err
	}
	session, err := providers.NewPassword(ctx, name+"-session-key", sessionKeyLength, opts...)
	if err != nil {
		return nil, err
	}
	repository := pulumi.StringMap{
		"type": pulumi.String("git"), "url": pulumi.String(args.Config.GitOps.Repository), "project": pulumi.String(application),
	}
	if args.Config.GitOps.Username != "" {
		repository["username"] = pulumi.String(args.Config.GitOps.Username)
		repository["password"] = pulumi.String(args.Config.GitOps.Password)
	}
	return []chart.SecretArgs{
		{Name: ownSecret, Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}, Data: pulumi.StringMap{
			"admin.password": password.BcryptHash, "server.secretkey": session.Result,
		}},
		{Part: "admin-secret", Name: adminSecret, Data: pulumi.StringMap{"username": pulumi.String("admin"), "password": password.Result}},
		{Part: "repository-secret", Name: devOps, Labels: map[string]string{"argocd.argoproj.io/secret-type": "repository"}, Data: repository},
	}, nil
}

// argoValues are the chart's values.
func argoValues(args *Args) (map[string]any, error) {
	redis, err := chart.ImageOf(argoEntry, "redis")
	if err != nil {
		return nil, err
	}
	pods, monitored := 1, args.MonitorCRDs != nil
	if args.Config.GitOps.HighlyAvailable {
		pods = 2
	}
	part := func(cpu, memory, limit string) map[string]any {
		return map[string]any{
			"metrics": map[string]any{"enabled": monitored, "serviceMonitor": map[string]any{"enabled": monitored}},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": cpu, "memory": memory}, "limits": map[string]any{"memory": limit},
			},
		}
	}
	several := func(part map[string]any) map[string]any {
		part["replicas"], part["pdb"] = pods, map[string]any{"enabled": pods > 1}
		return part
	}
	settings := map[string]any{"timeout.reconciliation": "120s"}
	if args.Page.URL != "" {
		settings["url"] = args.Page.URL // what links to it names that
	}
	configs := map[string]any{
		"cm": settings,
		// it is reached by the ingress controller, inside the cluster, and by kubectl's tunnel, which is encrypted
		"params": map[string]any{"server.insecure": true},
		"secret": map[string]any{"createSecret": false},
	}
	if git := args.Config.GitOps; git.Authority != "" {
		configs["tls"] = map[string]any{"certificates": map[string]any{git.host(): git.Authority}}
	}
	return map[string]any{
		"fullnameOverride": argoNamespace,
		// with the release, and the objects that Pulumi has made of them go before it
		"crds":       map[string]any{"keep": false},
		"configs":    configs,
		"controller": part("100m", "512Mi", "1Gi"),
		"server":     several(part("50m", "128Mi", "512Mi")),
		"repoServer": several(part("50m", "256Mi", "1Gi")),
		"redis": map[string]any{
			"image": map[string]any{"repository": redis.Path()},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "20m", "memory": "64Mi"}, "limits": map[string]any{"memory": "256Mi"},
			},
		},
		// none of these is used: nobody logs in by way of another server, alerts have their own way to people, and there is one application
		"dex":            map[string]any{"enabled": false},
		"notifications":  map[string]any{"enabled": false},
		"applicationSet": map[string]any{"replicas": 0},
	}, nil
}

// project is what the repository may do: objects of a few kinds, in the exchange's namespace.
func (a *Args) project(namespace pulumi.StringInput) *chart.ObjectArgs {
	var allowed pulumi.MapArray
	for _, each := range kinds {
		allowed = append(allowed, pulumi.Map{"group": pulumi.String(each.group), "kind": pulumi.String(each.kind)})
	}
	return &chart.ObjectArgs{
		APIVersion: "argoproj.io/v1alpha1", Kind: "AppProject", Name: application, Namespace: namespace,
		Fields: pulumi.Map{"spec": pulumi.Map{
			"description":                pulumi.String("What Exchange-DevOps may have."),
			"sourceRepos":                pulumi.ToStringArray([]string{a.Config.GitOps.Repository}),
			"destinations":               pulumi.MapArray{a.destination()},
			"clusterResourceWhitelist":   pulumi.MapArray{},
			"namespaceResourceWhitelist": allowed,
		}},
	}
}

// application is the exchange. It has no finalizer: whoever deletes it leaves the exchange running.
func (a *Args) application(namespace pulumi.StringInput) *chart.ObjectArgs {
	git := a.Config.GitOps
	policy := map[string]any{
		"syncOptions": []any{"ApplyOutOfSyncOnly=true", "PruneLast=true", "FailOnSharedResource=true"},
		// what is tried again is the newest commit: a revert does not wait until the failing one was tried for the last time
		"retry": map[string]any{"limit": 3, "refresh": true, "backoff": map[string]any{"duration": "30s", "factor": 2, "maxDuration": "5m"}},
	}
	if git.Automated {
		policy["automated"] = map[string]any{"prune": true, "selfHeal": true}
	}
	return &chart.ObjectArgs{
		APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Name: application, Namespace: namespace,
		Fields: pulumi.Map{"spec": pulumi.Map{
			"project": pulumi.String(application),
			"source": pulumi.StringMap{
				"repoURL": pulumi.String(git.Repository), "targetRevision": pulumi.String(git.Branch),
				"path": pulumi.String(cmp.Or(git.Folder, "overlays/"+string(a.Profile))),
			},
			"destination":          a.destination(),
			"syncPolicy":           pulumi.ToMap(policy),
			"revisionHistoryLimit": pulumi.Int(10),
		}},
	}
}

// destination is the exchange's namespace, once all is there that its pods need.
func (a *Args) destination() pulumi.Map {
	namespace := pulumi.All(a.Exchange, a.Ready).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
	return pulumi.Map{"server": pulumi.String("https://kubernetes.default.svc"), "namespace": namespace}
}
