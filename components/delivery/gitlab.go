package delivery

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	gitLabEntry     = "gitlab-runner"
	gitLabNamespace = "gitlab-runner"
	// gitLabSecret is what the chart mounts: it wants both keys, though only one of them is used.
	gitLabSecret = "gitlab-runner-token"
	// gitLabGrace is how long, in seconds, a manager that is replaced waits for the jobs that run.
	gitLabGrace = 15 * 60
)

// mayInJobs is what the manager does in the namespace of the jobs, by resource: of what GitLab lists, what no feature that is off here asks for
// (docs/executors/kubernetes/_index.md of github.com/gitlabhq/gitlab-runner, v19.3.0).
var mayInJobs = []struct {
	resource string
	verbs    []any
}{
	{"events", []any{"list", "watch"}},
	{"pods", []any{"create", "delete", "get", "list", "watch"}},
	{"pods/attach", []any{"create", "delete", "get", "patch"}},
	{"pods/exec", []any{"create", "delete", "get", "patch"}},
	{"pods/log", []any{"get", "list"}},
	{"secrets", []any{"create", "delete", "get", "update"}},
	{"serviceaccounts", []any{"get"}},
	{"services", []any{"create", "get"}},
}

// installGitLabRunner makes GitLab's runner: its manager, which alone has the token and talks to the cluster's API, apart from its jobs.
func (a *Args) installGitLabRunner(ctx *pulumi.Context, name string, child pulumi.ResourceOption) error {
	jobs, err := a.makeRoomForJobs(ctx, name+"-jobs", child)
	if err != nil {
		return err
	}
	values, err := a.gitLabValues(jobs)
	if err != nil {
		return err
	}
	token := pulumi.StringMap{"runner-token": pulumi.String(a.Config.GitLabRunner.Token), "runner-registration-token": pulumi.String("")}
	values["podAnnotations"] = pulumi.StringMap{"checksum/token": chart.Revision(ctx, token)} // it is read when the manager starts
	made, err := a.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: gitLabNamespace, PodSecurity: chart.Restricted},
		Secrets:   []chart.SecretArgs{{Name: gitLabSecret, Data: token}},
		Releases:  []chart.ReleaseArgs{{Entry: gitLabEntry, CRDs: a.MonitorCRDs, Values: values}},
	}, child)
	if err != nil {
		return err
	}
	return a.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: gitLabEntry, Namespace: made.Namespace.Name, CRDs: a.MonitorCRDs, Groups: []string{gitLabEntry},
	}, child)
}

// gitLabValues are the chart's values. The session server, by which GitLab's page would open a shell in a job, is off: that is the chart's default.
func (a *Args) gitLabValues(jobs pulumi.StringInput) (pulumi.Map, error) {
	settings, err := a.Config.GitLabRunner.jobSettings()
	if err != nil {
		return nil, err
	}
	var rules []any
	for _, each := range mayInJobs {
		rules = append(rules, map[string]any{"apiGroups": []any{""}, "resources": []any{each.resource}, "verbs": each.verbs})
	}
	monitored := a.MonitorCRDs != nil
	soon := map[string]any{"initialDelaySeconds": 10, "periodSeconds": 10}
	values := pulumi.ToMap(map[string]any{
		"gitlabUrl":  a.Config.GitLabRunner.URL,
		"concurrent": a.Config.GitLabRunner.Concurrent,
		"replicas":   1,
		// GitLab forgets this manager when its pod ends; the runner itself is GitLab's own, and stays
		"unregisterRunners":             true,
		"terminationGracePeriodSeconds": gitLabGrace,
		"rbac":                          map[string]any{"create": true, "rules": rules},
		"serviceAccount":                map[string]any{"create": true},
		"metrics":                       map[string]any{"enabled": monitored, "serviceMonitor": map[string]any{"enabled": monitored}},
		"service":                       map[string]any{"enabled": monitored},
		"readinessProbe":                soon,
		"podSecurityContext":            map[string]any{"runAsUser": 100, "fsGroup": 65533, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "50m", "memory": "128Mi"}, "limits": map[string]any{"memory": "512Mi"},
		},
	})
	values["runners"] = pulumi.Map{
		"secret": pulumi.String(gitLabSecret), "jobNamespace": jobs, "config": pulumi.String(settings),
	}
	return values, nil
}
