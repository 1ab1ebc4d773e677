package postgres

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	dumpName    = "postgres-dump"
	restoreName = "postgres-restore"
	// storage is the name by which the client of the storage knows it.
	storage = "store"
	// storageFile is the client's own form of an address and its keys.
	storageFile = "config.json"
	// dumpHours is when a dump or a restore is stopped.
	dumpHours = 6
)

// What runs in the pods, in this order.
var (
	//go:embed dump.sh
	dumpScript string
	//go:embed store.sh
	storeScript string
	//go:embed fetch.sh
	fetchScript string
	//go:embed restore.sh
	restoreScript string
)

// dumpSecret has the address and the keys of the storage in the form that its client reads, so that they are neither in variables nor among
// the arguments of a program.
func (b *Backup) dumpSecret() (chart.SecretArgs, error) {
	text, err := json.Marshal(map[string]any{"version": "10", "aliases": map[string]any{storage: map[string]any{
		"url": b.Endpoint, "accessKey": b.AccessKey, "secretKey": b.SecretKey, "api": "S3v4", "path": "auto",
	}}})
	if err != nil {
		return chart.SecretArgs{}, fmt.Errorf("the keys of the backups' storage: %w", err)
	}
	return chart.SecretArgs{Name: storeName, Part: "backup-keys", Data: pulumi.StringMap{storageFile: pulumi.String(text)}}, nil
}

// dump makes what writes the database into the storage by schedule, and what brings it back when it is told to. Neither keeps anything.
func dump(ctx *pulumi.Context, name string, args *Args, made *chart.Installed, ready *chart.Object, child pulumi.ResourceOption) error {
	jobs, err := dumpJobs(ctx.Stack(), &args.Config)
	if err != nil {
		return err
	}
	for _, each := range jobs {
		each.Namespace = made.Namespace.Name
		_, err := args.Installer.Object(ctx, name+"-"+each.part, &each.ObjectArgs, child, pulumi.Protect(false),
			pulumi.DependsOn([]pulumi.Resource{made.Secret(storeName), made.Secret(bitnamiSecret), ready}))
		if err != nil {
			return err
		}
	}
	return nil
}

// dumpJobs are the job that dumps and the one that restores. The second runs only when somebody makes a job of it.
func dumpJobs(stack string, config *Config) ([]objectPart, error) {
	server, err := chart.ImageOf("postgresql", "postgresql")
	if err != nil {
		return nil, err
	}
	client, err := chart.ImageOf("minio", "client")
	if err != nil {
		return nil, err
	}
	backup := &config.Backup
	at := map[string]any{
		"PGHOST": bitnamiPrimary, "PGPORT": strconv.Itoa(port), "PGUSER": "postgres", "PGCONNECT_TIMEOUT": "10",
		"PGPASSWORD": chart.SecretKey{Secret: bitnamiSecret, Key: "postgres-password"},
	}
	folder := backup.folder(stack) + "/dumps"
	there := map[string]any{"MC_CONFIG_DIR": "/tmp/mc", "MC_REGION": backup.Region, "KEYS": "/keys/" + storageFile, "FOLDER": storage + "/" + folder}
	encrypt := ""
	if backup.Encryption != "" {
		encrypt = storage + "/" + backup.Bucket
	}
	named := map[string]any{"configMapKeyRef": map[string]any{"name": restoreName, "key": "dump", "optional": true}}
	made := func(part, name, at string, suspended bool, pod map[string]any) objectPart {
		job := chart.Schedule{At: at, Suspended: suspended, Hours: dumpHours}.CronJob(map[string]any{"spec": pod})
		return objectPart{chart.ObjectArgs{APIVersion: "batch/v1", Kind: "CronJob", Name: name, Fields: pulumi.ToMap(map[string]any{"spec": job})}, part}
	}
	return []objectPart{
		made("dump", dumpName, backup.Schedule, false, transfer(config,
			step("dump", server, dumpScript, at, map[string]any{"PGDATABASE": config.Database}),
			keyed(step("store", client, storeScript, there, map[string]any{"RETENTION": fmt.Sprintf("%dd", backup.RetentionDays), "ENCRYPT": encrypt})))),
		made("restore", restoreName, "0 0 1 1 *", true, transfer(config,
			keyed(step("fetch", client, fetchScript, there, map[string]any{"WHICH": named})),
			step("restore", server, restoreScript, at, map[string]any{"APP_USER": config.User, "RESTORED": config.Database + "_restored"}))),
	}, nil
}

// transfer is a pod that "restricted" admits: what the first step leaves on the node's disk, the second takes.
func transfer(config *Config, first, second map[string]any) map[string]any {
	return map[string]any{
		"automountServiceAccountToken": false, "enableServiceLinks": false, "restartPolicy": "Never",
		"securityContext": chart.RunAs(1001),
		"initContainers":  []any{first}, "containers": []any{second},
		"volumes": []any{
			map[string]any{"name": "dump", "emptyDir": map[string]any{"sizeLimit": fmt.Sprintf("%dGi", config.MaxSizeGiB)}},
			map[string]any{"name": "tmp", "emptyDir": map[string]any{"medium": "Memory", "sizeLimit": "16Mi"}},
			map[string]any{"name": "keys", "secret": map[string]any{"secretName": storeName}},
		},
	}
}

// step is a container that runs a script, which finds the dump in the file $DUMP.
func step(name string, image chart.Image, script string, variables ...map[string]any) map[string]any {
	env := []any{map[string]any{"name": "HOME", "value": "/tmp"}, map[string]any{"name": "DUMP", "value": "/dump/database.dump"}}
	for _, each := range variables {
		env = append(env, chart.Environment(each)...)
	}
	return map[string]any{
		"name": name, "image": image.String(), "command": []any{"/bin/sh", "-euc", script}, "env": env,
		"securityContext": chart.Unprivileged(),
		"resources":       map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "128Mi"}, "limits": map[string]any{"memory": "512Mi"}},
		"volumeMounts": []any{
			map[string]any{"name": "dump", "mountPath": "/dump"}, map[string]any{"name": "tmp", "mountPath": "/tmp"},
		},
	}
}

// keyed lets a step at the storage's keys.
func keyed(step map[string]any) map[string]any {
	step["volumeMounts"] = append(step["volumeMounts"].([]any), map[string]any{"name": "keys", "mountPath": "/keys", "readOnly": true})
	return step
}
