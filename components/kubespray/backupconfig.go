package kubespray

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// EtcdBackup is where the members of etcd put encrypted backups of it, each on its own, in turns.
type EtcdBackup struct {
	// Enabled makes backups. To set it to false in prod is to say that the loss of etcd may be the loss of the cluster.
	Enabled bool `json:"enabled"`
	// Endpoint is the address of the S3-compatible storage. It must be outside the cluster.
	Endpoint string `json:"endpoint" login:"its two halves go to accessKey and secretKey"`
	// Region is the name of the storage's region.
	Region string `json:"region"`
	// Bucket must exist; nothing makes it.
	Bucket string `json:"bucket,omitempty"`
	// Prefix of the objects' names. Empty means "etcd/<stack>".
	Prefix string `json:"prefix,omitempty"`
	// AccessKey is that of a user of the storage who may list, put and delete under the prefix.
	AccessKey string `json:"accessKey,omitempty"`
	// SecretKey belongs to AccessKey. Set both with
	// `pulumi config set --secret --path exchange-platform:kubernetes.etcdBackup.secretKey`.
	SecretKey string `json:"secretKey,omitempty" secret:"true"`
	// Certificate is what backups are encrypted for: in PEM, or the name of a file beside the stack file that holds it. Its
	// private key opens every backup and must be nowhere near the cluster.
	Certificate string `json:"certificate,omitempty"`
	// EveryHours is the time between two backups of one member; it divides a day.
	EveryHours int `json:"everyHours"`
	// Keep is how many backups of each member stay.
	Keep int `json:"keep"`
}

// defaultBackup is ArvanCloud's own storage and a week of hours.
func defaultBackup(enabled bool) EtcdBackup {
	return EtcdBackup{
		Enabled: enabled, EveryHours: 1, Keep: 168,
		Endpoint: settings.StorageEndpoint, Region: settings.StorageRegion,
	}
}

// unread stands for a certificate that could not be read, of which nothing more is to be said.
const unread = "-"

// ReadCertificate puts the content of the certificate's file in the place of its name. path is the section's.
func (b *EtcdBackup) ReadCertificate(path *field.Path) field.ErrorList {
	name := b.Certificate
	if !b.Enabled || name == "" || strings.Contains(name, "-----BEGIN ") {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		b.Certificate = unread
		return field.ErrorList{field.Invalid(path.Child("certificate"), name,
			fmt.Sprintf("no such file can be read beside the stack file (%v); docs/etcd.md says how to make one", err))}
	}
	b.Certificate = string(text)
	return nil
}

// validate lists what keeps backups from being made, as far as it can be known without asking the storage.
func (b *EtcdBackup) validate(profile settings.Profile, path *field.Path) field.ErrorList {
	if !b.Enabled {
		return nil
	}
	if profile == settings.Prod && b.Bucket+b.AccessKey+b.SecretKey+b.Certificate == "" {
		return field.ErrorList{field.Required(path, "prod backs up etcd: set bucket, certificate, accessKey and secretKey as docs/etcd.md says, "+
			"or go without any, knowing that the loss of etcd is then the loss of the cluster: etcdBackup: {enabled: false}")}
	}
	problems := b.validateCertificate(path.Child("certificate"))
	storage := settings.Storage{Endpoint: b.Endpoint, Bucket: b.Bucket, Prefix: b.Prefix, AccessKey: b.AccessKey, SecretKey: b.SecretKey}
	problems = append(problems, storage.Validate(path)...)
	if b.EveryHours < 1 || b.EveryHours > 24 || 24%b.EveryHours != 0 {
		problems = append(problems, field.Invalid(path.Child("everyHours"), b.EveryHours, "must divide a day: 1, 2, 3, 4, 6, 8, 12 or 24"))
	}
	if b.Keep < 1 {
		problems = append(problems, field.Invalid(path.Child("keep"), b.Keep, "must be at least 1: the newest backup stays"))
	}
	return problems
}

func (b *EtcdBackup) validateCertificate(path *field.Path) field.ErrorList {
	err := checkCertificate(b.Certificate)
	switch {
	case err == nil, b.Certificate == unread:
		return nil
	case b.Certificate == "":
		return field.ErrorList{field.Required(path, err.Error())}
	}
	return field.ErrorList{field.Invalid(path, field.OmitValueType{}, err.Error())}
}

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
