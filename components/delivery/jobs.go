package delivery

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	jobsNamespace = "gitlab-jobs"
	// jobsPriority is below that of everything that says nothing of it: where there is no room, jobs go first.
	jobsPriority = -10
	// buildKitState is where rootless BuildKit keeps what it builds. A volume there has no overlay below its own.
	buildKitState = "/home/user/.local/share/buildkit"
)

// makeRoomForJobs makes the namespace of the jobs, and says what a pod in it may be. Its name arrives when all of that is there.
func (a *Args) makeRoomForJobs(ctx *pulumi.Context, name string, child pulumi.ResourceOption) (pulumi.StringInput, error) {
	refusal, err := a.refusePrivileges(ctx, name, child)
	if err != nil {
		return nil, err
	}
	level := chart.Baseline // images of everybody's, of which many begin as root
	if a.Config.GitLabRunner.Builds {
		level = chart.Privileged // the only one without seccomp and AppArmor; the rest of what it allows is refused all the same
	}
	namespace, err := a.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{Name: jobsNamespace, PodSecurity: level}, child,
		pulumi.DependsOn([]pulumi.Resource{refusal}))
	if err != nil {
		return nil, err
	}
	priority, err := a.Installer.Object(ctx, name+"-priority", &chart.ObjectArgs{
		APIVersion: "scheduling.k8s.io/v1", Kind: "PriorityClass", Name: jobsNamespace,
		Fields: pulumi.Map{
			"value": pulumi.Int(jobsPriority), "globalDefault": pulumi.Bool(false), "preemptionPolicy": pulumi.String("Never"),
			"description": pulumi.String("Jobs of pipelines: they wait, and go, where the platform has no room."),
		},
	}, child)
	if err != nil {
		return nil, err
	}
	return pulumi.All(namespace.Name, priority.Name).ApplyT(func([]any) string { return jobsNamespace }).(pulumi.StringOutput), nil
}

// refusedOfJobs is what the API server refuses of a pod of a job, whatever the level of the namespace: what "baseline" does, but for the profiles of
// seccomp and AppArmor, and every capability beyond those of the container runtime. `pod` is its spec, and `containers` are all of its.
var refusedOfJobs = []struct{ unless, says string }{
	{`!(has(variables.pod.hostNetwork) && variables.pod.hostNetwork) && !(has(variables.pod.hostPID) && variables.pod.hostPID) && ` +
		`!(has(variables.pod.hostIPC) && variables.pod.hostIPC)`, "sees the node's network or processes"},
	{`!has(variables.pod.volumes) || variables.pod.volumes.all(v, !has(v.hostPath))`, "sees a folder of the node's"},
	{`variables.containers.all(c, !(has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged))`, "is privileged"},
	{`variables.containers.all(c, !(has(c.securityContext) && has(c.securityContext.capabilities) && has(c.securityContext.capabilities.add) && ` +
		`size(c.securityContext.capabilities.add) > 0))`, "asks for capabilities"},
	{`variables.containers.all(c, !(has(c.securityContext) && has(c.securityContext.procMount) && c.securityContext.procMount != 'Default'))`, "asks for an unmasked /proc"},
	{`variables.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))`, "takes a port of the node's"},
}

// refusePrivileges has the API server refuse them.
func (a *Args) refusePrivileges(ctx *pulumi.Context, name string, child pulumi.ResourceOption) (*chart.Object, error) {
	var validations []any
	for _, each := range refusedOfJobs {
		validations = append(validations, map[string]any{"expression": each.unless, "message": "a pod of a job that " + each.says + " is refused here"})
	}
	const admission = "admissionregistration.k8s.io/v1"
	policy, err := a.Installer.Object(ctx, name+"-policy", &chart.ObjectArgs{
		APIVersion: admission, Kind: "ValidatingAdmissionPolicy", Name: jobsNamespace,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"failurePolicy": "Fail",
			"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
				"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"},
			}}},
			"variables": []any{
				map[string]any{"name": "pod", "expression": "object.spec"},
				map[string]any{"name": "containers", "expression": "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])"},
			},
			"validations": validations,
		})},
	}, child)
	if err != nil {
		return nil, err
	}
	return a.Installer.Object(ctx, name+"-policy-binding", &chart.ObjectArgs{
		APIVersion: admission, Kind: "ValidatingAdmissionPolicyBinding", Name: jobsNamespace,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"policyName": jobsNamespace, "validationActions": []any{"Deny"},
			"matchResources": map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": jobsNamespace}}},
		})},
	}, child, pulumi.DependsOn([]pulumi.Resource{policy}))
}

// jobSettings is what the manager's settings say of jobs, in TOML: with GitLab's own names
// (docs/executors/kubernetes/_index.md of github.com/gitlabhq/gitlab-runner, v19.3.0). What is not allowed to be overwritten, a pipeline cannot.
func (r *GitLabRunner) jobSettings() (string, error) {
	helper, err := chart.ImageOf(gitLabEntry, "helper")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	section := func(name string) { fmt.Fprintf(&text, "[%s]\n", name) }
	say := func(key string, value any) { fmt.Fprintf(&text, "%s = %s\n", key, toml(value)) }
	// Little is kept free for them: where memory gets short, the kubelet ends first what takes more than that and has the lowest priority.
	limits := func(prefix, cpu, memory, disk string) {
		say(prefix+"cpu_request", "100m")
		say(prefix+"cpu_limit", cpu)
		say(prefix+"memory_request", "256Mi")
		say(prefix+"memory_limit", memory)
		say(prefix+"ephemeral_storage_request", "1Gi")
		say(prefix+"ephemeral_storage_limit", disk)
	}
	cpu, memory, disk := strconv.Itoa(r.CPUs), fmt.Sprintf("%dGi", r.MemoryGiB), fmt.Sprintf("%dGi", r.DiskGiB)

	text.WriteString("[[runners]]\n")
	section("runners.kubernetes")
	text.WriteString("namespace = \"{{ .Values.runners.jobNamespace }}\"\n") // the chart fills it in
	say("privileged", false)
	say("allow_privilege_escalation", r.Builds) // newuidmap, with which rootless BuildKit begins, is a program of root's
	say("automount_service_account_token", false)
	say("priority_class_name", jobsNamespace)
	say("helper_image", helper.String())
	say("pull_policy", "if-not-present")
	say("poll_timeout", 600) // seconds: images come over slow lines
	limits("", cpu, memory, disk)
	limits("service_", cpu, memory, disk)
	limits("helper_", "1", "512Mi", disk)
	if len(r.AllowedImages) > 0 {
		say("allowed_images", r.AllowedImages)
		say("allowed_services", r.AllowedImages)
	}
	if len(r.Nodes) > 0 {
		section("runners.kubernetes.node_selector")
		for _, key := range slices.Sorted(maps.Keys(r.Nodes)) {
			say(strconv.Quote(key), r.Nodes[key])
		}
		section("runners.kubernetes.node_tolerations")
		for _, key := range slices.Sorted(maps.Keys(r.Nodes)) {
			say(strconv.Quote(key+"="+r.Nodes[key]), "NoSchedule")
		}
	}
	section("runners.kubernetes.pod_security_context.seccomp_profile")
	say("type", "RuntimeDefault")
	if r.Builds {
		for _, profile := range []string{"seccomp_profile", "app_armor_profile"} {
			section("runners.kubernetes.build_container_security_context." + profile)
			say("type", "Unconfined")
		}
		text.WriteString("[[runners.kubernetes.volumes.empty_dir]]\n")
		say("name", "buildkit")
		say("mount_path", buildKitState)
		say("size_limit", disk)
	}
	return text.String(), nil
}

// toml is a value in TOML; texts are those that the section's check lets through, in which nothing has to be escaped.
func toml(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case []string:
		quoted := make([]string, len(value))
		for i, each := range value {
			quoted[i] = strconv.Quote(each)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(value)
	}
}
