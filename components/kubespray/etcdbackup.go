package kubespray

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	// Certificate (PEM, X.509, of an RSA or ECDSA key) is what backups are encrypted for. Its private key must not be in the cluster.
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

// Mistake is something an EtcdBackup lacks or that cannot be used.
type Mistake struct {
	// Key names the field as stack files do.
	Key string
	// Value is what is there; empty where it is missing, and of what may be secret.
	Value string
	// Cure says what it has to be.
	Cure string
}

// Mistakes lists what keeps backups from being made, as far as it can be known without asking the storage.
func (b *EtcdBackup) Mistakes() []Mistake {
	var found []Mistake
	refuse := func(key, value, cure string) { found = append(found, Mistake{key, value, cure}) }
	if at, err := url.Parse(b.Endpoint); err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.Trim(at.Path, "/") != "" {
		refuse("endpoint", b.Endpoint, `must be the storage's address without a path, such as "https://s3.ir-thr-at1.arvanstorage.ir"`)
	}
	if !bucketName.MatchString(b.Bucket) {
		refuse("bucket", b.Bucket, "name a bucket that exists and that nothing else uses: 3 to 63 lower-case letters, digits, dots and dashes")
	}
	if b.Prefix != "" && !prefixPattern.MatchString(b.Prefix) {
		refuse("prefix", b.Prefix, "must be letters, digits, dots, dashes and underscores, with single slashes between them")
	}
	if err := checkCertificate(b.Certificate); err != nil {
		refuse("certificate", "", err.Error())
	}
	if b.EveryHours < 1 || b.EveryHours > 24 || 24%b.EveryHours != 0 {
		refuse("everyHours", strconv.Itoa(b.EveryHours), "must divide a day: 1, 2, 3, 4, 6, 8, 12 or 24")
	}
	if b.Keep < 1 {
		refuse("keep", strconv.Itoa(b.Keep), "must be at least 1: the newest backup stays")
	}
	for key, value := range map[string]pulumi.StringInput{"accessKey": b.AccessKey, "secretKey": b.SecretKey} {
		if value == nil {
			refuse(key, "", "give the storage user's key: pulumi config set --secret --path exchange-platform:kubernetes.etcdBackup."+key)
		}
	}
	slices.SortFunc(found, func(a, b Mistake) int { return strings.Compare(a.Key, b.Key) })
	return found
}

var (
	bucketName    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
)

// checkCertificate refuses what OpenSSL could not encrypt for, and the one thing that must not get into the cluster.
func checkCertificate(text string) error {
	if strings.Contains(text, "PRIVATE KEY-----") {
		return errors.New("this holds the private key, which opens every backup: give the certificate alone and keep the key offline")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("must be a certificate in PEM; docs/etcd.md says how to make one")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("cannot be read (%w); docs/etcd.md says how to make one", err)
	}
	if kind := certificate.PublicKeyAlgorithm; kind != x509.RSA && kind != x509.ECDSA {
		return fmt.Errorf("has a key of kind %s, which only signs; make one with an RSA key as docs/etcd.md says", kind)
	}
	return nil
}

func (b *EtcdBackup) check() []error {
	var found []error
	for _, mistake := range b.Mistakes() {
		found = append(found, fmt.Errorf("etcdBackup.%s: %q: %s", mistake.Key, mistake.Value, mistake.Cure))
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
