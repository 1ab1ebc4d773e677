package postgres

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	pluginEntry   = "plugin-barman-cloud"
	pluginName    = "barman-cloud.cloudnative-pg.io"
	pluginService = "barman-cloud"

	// storeName is the operator's object that says where backups go, and the Secret with the storage's keys.
	storeName = "postgres-backup"
)

// pluginRelease is the operator's plugin that archives the write-ahead log and makes backups.
func pluginRelease() chart.ReleaseArgs {
	return chart.ReleaseArgs{
		Entry: pluginEntry, Part: "backup-plugin", Needs: "release", Atomic: true, Values: pulumi.ToMap(map[string]any{
			// by an operator for certificates that is not there: pluginSecrets are in their place
			"certificate": map[string]any{"createClientCertificate": false, "createServerCertificate": false, "createIssuer": false},
			// The operator does nothing while it does not answer, and makes no server the primary: it must outlive the machine of the one that was.
			// With an election, which the chart asks for, only its winner would listen, and both count as ready.
			"replicaCount":   2,
			"affinity":       apart("app.kubernetes.io/name", pluginEntry),
			"additionalArgs": []any{"--leader-elect=false"},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "50m", "memory": "128Mi"}, "limits": map[string]any{"memory": "512Mi"},
			},
		}),
	}
}

// pluginSecrets are the certificates by which operator and plugin know each other. Each trusts exactly the other's.
func pluginSecrets(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) ([]chart.SecretArgs, error) {
	var secrets []chart.SecretArgs
	for _, side := range []struct {
		name  string
		usage x509.ExtKeyUsage
	}{{"server", x509.ExtKeyUsageServerAuth}, {"client", x509.ExtKeyUsageClientAuth}} {
		seed, err := args.Installer.Password(ctx, name+"-"+side.name+"-seed", child)
		if err != nil {
			return nil, err
		}
		part := func(block string) pulumi.StringOutput {
			return seed.ApplyT(func(text string) (string, error) {
				made, err := chart.Certify(text, &x509.Certificate{
					Subject: pkix.Name{CommonName: pluginService + "-" + side.name}, DNSNames: []string{pluginService},
					KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{side.usage},
				})
				return made[block], err
			}).(pulumi.StringOutput)
		}
		secrets = append(secrets, chart.SecretArgs{
			Name: pluginService + "-" + side.name + "-tls", Part: side.name + "-certificate", Type: "kubernetes.io/tls",
			Data: pulumi.StringMap{"tls.crt": part(chart.CertificateBlock), "tls.key": part(chart.KeyBlock)},
		})
	}
	return secrets, nil
}

// storageSecret has the keys of the backups' storage.
func (b *Backup) storageSecret() chart.SecretArgs {
	return chart.SecretArgs{Name: storeName, Part: "backup-keys", Data: pulumi.StringMap{
		"accessKeyId": pulumi.String(b.AccessKey), "secretAccessKey": pulumi.String(b.SecretKey), "region": pulumi.String(b.Region),
	}}
}

// folder is the bucket, and the names' prefix in it.
func (b *Backup) folder(stack string) string {
	prefix := b.Prefix
	if prefix == "" {
		prefix = "postgres/" + stack
	}
	return b.Bucket + "/" + strings.Trim(prefix, "/")
}

// store says where backups and the write-ahead log go.
func (b *Backup) store(stack string) map[string]any {
	key := func(name string) map[string]any { return map[string]any{"name": storeName, "key": name} }
	// a file of the log is small, and restores with more at once have failed while backups looked well
	wal := map[string]any{"compression": "gzip", "maxParallel": 2}
	data := map[string]any{"compression": "gzip", "jobs": 2, "immediateCheckpoint": true}
	if b.Encryption != "" {
		wal["encryption"], data["encryption"] = b.Encryption, b.Encryption
	}
	return map[string]any{
		"configuration": map[string]any{
			"destinationPath": "s3://" + b.folder(stack),
			"endpointURL":     b.Endpoint,
			"s3Credentials":   map[string]any{"accessKeyId": key("accessKeyId"), "secretAccessKey": key("secretAccessKey"), "region": key("region")},
			"wal":             wal, "data": data,
		},
		"retentionPolicy": fmt.Sprintf("%dd", b.RetentionDays),
		"instanceSidecarConfiguration": map[string]any{
			// Amazon's own storage alone knows the checksums that its client sends by itself
			"env": []any{
				map[string]any{"name": "AWS_REQUEST_CHECKSUM_CALCULATION", "value": "when_required"},
				map[string]any{"name": "AWS_RESPONSE_CHECKSUM_VALIDATION", "value": "when_required"},
			},
			// a restore needs more than a backup
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "50m", "memory": "256Mi"}, "limits": map[string]any{"memory": "1Gi"},
			},
		},
	}
}

// archive is what the operator tells the plugin of one cluster: each has a folder of its own, which must be empty before its first
// file.
func archive(cluster string) map[string]any {
	return map[string]any{"barmanObjectName": storeName, "serverName": cluster}
}

// backUp makes base backups of a cluster by schedule, and the first one at once.
func backUp(ctx *pulumi.Context, name, cluster string, args *Args, namespace *chart.Namespace, opts ...pulumi.ResourceOption) error {
	_, err := args.Installer.Object(ctx, name, &chart.ObjectArgs{
		APIVersion: "postgresql.cnpg.io/v1", Kind: "ScheduledBackup", Name: cluster, Namespace: namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"cluster": map[string]any{"name": cluster}, "immediate": true, "backupOwnerReference": "self",
			"schedule": "0 " + args.Config.Backup.Schedule, // with seconds
			"method":   "plugin", "pluginConfiguration": map[string]any{"name": pluginName},
		})},
	}, opts...)
	return err
}
