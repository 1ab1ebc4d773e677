package kubespray

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// EtcdBackup says where etcd is backed up to. Every member does so on its own, in turns.
type EtcdBackup struct {
	// Endpoint is the URL of the S3-compatible storage, Region what its signatures name.
	Endpoint, Region string
	Bucket           string
	// Prefix of the objects' names; defaults to "etcd/<cluster>".
	Prefix string
	// AccessKey may put, list and delete objects under the prefix.
	AccessKey, SecretKey pulumi.StringInput
	// Certificate (PEM, X.509) is what backups are encrypted for. Its private key must not be in the cluster.
	Certificate string
	// EveryHours defaults to 1; it divides 24.
	EveryHours int
	// Keep is how many backups of each member stay; defaults to 168, a week of hours.
	Keep int
}

// backupFile is backup.json, as the playbook and the program on the members read it.
type backupFile struct {
	Endpoint    string `json:"endpoint"`
	Region      string `json:"region"`
	Bucket      string `json:"bucket"`
	Prefix      string `json:"prefix"`
	Certificate string `json:"certificate"`
	EveryHours  int    `json:"everyHours"`
	Keep        int    `json:"keep"`
	AccessKey   string `json:"accessKey,omitempty"`
	SecretKey   string `json:"secretKey,omitempty"`
	// Credentials is a digest of the keys, where those must not be.
	Credentials string `json:"credentials,omitempty"`
}

func (b *EtcdBackup) setDefaults(cluster string) {
	if b.Prefix == "" {
		b.Prefix = "etcd/" + cluster
	}
	if b.Region == "" {
		b.Region = "us-east-1"
	}
	if b.EveryHours == 0 {
		b.EveryHours = 1
	}
	if b.Keep == 0 {
		b.Keep = 168
	}
}

func (b *EtcdBackup) check() []error {
	var found []error
	if at, err := url.Parse(b.Endpoint); err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		found = append(found, fmt.Errorf("etcdBackup: endpoint %q is no URL", b.Endpoint))
	}
	if b.Bucket == "" || b.AccessKey == nil || b.SecretKey == nil {
		found = append(found, errors.New("etcdBackup: bucket, access key and secret key are all needed"))
	}
	if block, _ := pem.Decode([]byte(b.Certificate)); block == nil {
		found = append(found, errors.New("etcdBackup: the certificate is not in PEM; docs/etcd.md says how to make one"))
	} else if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		found = append(found, fmt.Errorf("etcdBackup: the certificate cannot be read: %w", err))
	}
	if b.EveryHours < 1 || b.EveryHours > 24 || 24%b.EveryHours != 0 {
		found = append(found, fmt.Errorf("etcdBackup: every %d hours does not divide a day", b.EveryHours))
	}
	if b.Keep < 1 {
		found = append(found, fmt.Errorf("etcdBackup: keep is %d, at least one backup must stay", b.Keep))
	}
	return found
}

func (b *EtcdBackup) file() backupFile {
	return backupFile{
		Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, Prefix: b.Prefix,
		Certificate: b.Certificate, EveryHours: b.EveryHours, Keep: b.Keep,
	}
}

// settings are what the cluster's shape holds of the backups: everything but the keys.
func (b *EtcdBackup) settings(keys credentials) (string, error) {
	settings := b.file()
	settings.Credentials = digest([]file{{keys.access, []byte(keys.secret)}})[:16]
	text, err := json.Marshal(settings)
	return string(text), err
}

// secrets renders backup.json.
func (b *EtcdBackup) secrets(keys credentials) ([]byte, error) {
	settings := b.file()
	settings.AccessKey, settings.SecretKey = keys.access, keys.secret
	return indented(map[string]backupFile{"etcd_backup": settings})
}

// credentials are the resolved keys of the storage.
type credentials struct{ access, secret string }
