package stacks

import (
	"fmt"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/components/kubespray"
)

// etcdBackup are the defaults of all profiles: ArvanCloud's own storage, a week of hours.
func etcdBackup(enabled bool) EtcdBackup {
	return EtcdBackup{
		Enabled: enabled, EveryHours: 1, Keep: 168,
		Endpoint: "https://s3.ir-thr-at1.arvanstorage.ir", Region: "ir-thr-at1",
	}
}

// withoutBackups is how to go without them.
const withoutBackups = "or go without any, knowing that the loss of etcd is then the loss of the cluster: etcdBackup: {enabled: false}"

// unread stands for a certificate that could not be read, of which nothing more is to be said.
const unread = "-"

// readCertificate puts the content of the certificate's file in the place of its name.
func readCertificate(backup *EtcdBackup) field.ErrorList {
	name := backup.Certificate
	if !backup.Enabled || name == "" || strings.Contains(name, "-----BEGIN ") {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		backup.Certificate = unread
		return field.ErrorList{field.Invalid(field.NewPath("kubernetes", "etcdBackup", "certificate"), name,
			fmt.Sprintf("no such file can be read beside the stack file (%v); docs/etcd.md says how to make one", err))}
	}
	backup.Certificate = string(text)
	return nil
}

func validateEtcdBackup(cfg *Config, path *field.Path) field.ErrorList {
	backup := cfg.Kubernetes.EtcdBackup
	if !backup.Enabled {
		return nil
	}
	if cfg.Profile == "prod" && backup.Bucket+backup.AccessKey+backup.SecretKey+backup.Certificate == "" {
		return field.ErrorList{field.Required(path, cfg.Profile+" backs up etcd: set bucket, certificate, accessKey and secretKey as docs/etcd.md says, "+withoutBackups)}
	}
	var problems field.ErrorList
	for _, mistake := range etcdBackupArgs(cfg).Mistakes() {
		at := path.Child(mistake.Key)
		certificate := mistake.Key == "certificate"
		switch {
		case certificate && backup.Certificate == unread:
		case certificate && backup.Certificate != "":
			problems = append(problems, field.Invalid(at, field.OmitValueType{}, mistake.Cure))
		case mistake.Value != "":
			problems = append(problems, field.Invalid(at, mistake.Value, mistake.Cure))
		default:
			problems = append(problems, field.Required(at, mistake.Cure))
		}
	}
	return problems
}

// etcdBackupArgs is what the cluster is told of backups; nil for none. The keys are secret from here on, however they were set.
func etcdBackupArgs(cfg *Config) *kubespray.EtcdBackup {
	backup := cfg.Kubernetes.EtcdBackup
	if !backup.Enabled {
		return nil
	}
	args := &kubespray.EtcdBackup{
		Endpoint: backup.Endpoint, Region: backup.Region, Bucket: backup.Bucket, Prefix: backup.Prefix,
		Certificate: backup.Certificate, EveryHours: backup.EveryHours, Keep: backup.Keep,
	}
	if backup.AccessKey != "" {
		args.AccessKey = secret(backup.AccessKey)
	}
	if backup.SecretKey != "" {
		args.SecretKey = secret(backup.SecretKey)
	}
	return args
}

func secret(text string) pulumi.StringInput {
	return pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput)
}
