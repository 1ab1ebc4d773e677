package chart

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ScheduledArgs describes a script that runs now and then, to its end, in a pod of its own.
type ScheduledArgs struct {
	Name      string
	Namespace pulumi.StringInput
	Image     Image
	// Labels are the pods', for policies.
	Labels map[string]any
	// Script is for a POSIX shell that stops at the first error. It hands secrets to no program as an argument, and prints none.
	Script string
	Env    map[string]string
	// Secrets are the variables that come from Secrets.
	Secrets map[string]SecretKey
	// Schedule is in UTC. A Suspended one runs only when somebody makes a Job of it.
	Schedule  string
	Suspended bool
	// Hours is when a run is stopped. No other one begins before that.
	Hours int
	// MemoryMiB is what a run may take, and RoomMiB what it may write to /tmp.
	MemoryMiB, RoomMiB int
}

// Scheduled makes the CronJob.
func (i *Installer) Scheduled(ctx *pulumi.Context, name string, args *ScheduledArgs, opts ...pulumi.ResourceOption) (*Object, error) {
	return i.Object(ctx, name, &ObjectArgs{
		APIVersion: "batch/v1", Kind: "CronJob", Name: args.Name, Namespace: args.Namespace,
		Fields: pulumi.Map{"spec": pulumi.ToMap(Schedule{args.Schedule, args.Suspended, args.Hours, 2}.CronJob(map[string]any{
			"metadata": map[string]any{"labels": args.Labels},
			"spec":     args.pod(),
		}))},
	}, opts...)
}

// pod is a new one for each try, so that what a failed one has written stays to be read.
func (a *ScheduledArgs) pod() map[string]any {
	pod := scriptPod(a.Name, a.Image, []any{"/bin/sh", "-euc", a.Script}, variables(a.Env, a.Secrets))
	pod["restartPolicy"] = "Never"
	room := fmt.Sprintf("%dMi", a.RoomMiB)
	container := pod["containers"].([]any)[0].(map[string]any)
	container["resources"] = map[string]any{
		"requests": map[string]any{"cpu": "50m", "memory": "64Mi", storage: "16Mi"},
		"limits":   map[string]any{"memory": fmt.Sprintf("%dMi", a.MemoryMiB), storage: room},
	}
	pod["volumes"] = []any{map[string]any{"name": "tmp", "emptyDir": map[string]any{"sizeLimit": room}}}
	return pod
}

// Schedule says when pods run to their end.
type Schedule struct {
	// At is in UTC. A Suspended one runs only when somebody makes a Job of it.
	At        string
	Suspended bool
	// Hours is when a run is stopped. No other one begins before that.
	Hours int
	// Again is how often a run that failed is tried once more.
	Again int
}

// CronJob is its specification for pods of this template.
func (s Schedule) CronJob(template map[string]any) map[string]any {
	return map[string]any{
		"schedule": s.At, "timeZone": "Etc/UTC", "suspend": s.Suspended,
		"concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 3600,
		"successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 1,
		"jobTemplate": map[string]any{"spec": map[string]any{
			"activeDeadlineSeconds": s.Hours * 3600, "backoffLimit": s.Again, "template": template,
		}},
	}
}
