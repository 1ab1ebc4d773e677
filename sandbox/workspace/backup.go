package workspace

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// What the sandbox's object storage has for backups of etcd and of the database, for snapshots of the logs, and for whoever tries it as the place of a state.
const (
	BackupBucket         = "etcd-backup"
	DatabaseBackupBucket = "postgres-backup"
	LogsBucket           = "logs-snapshots"
	StateBucket          = "my-state"
	StorageRegion        = "sandbox"
)

// BackupSecrets are the keys in a stack's configuration of each kind of backups, and the sandbox's secrets that are their values.
var BackupSecrets = map[string]string{"accessKey": "storage-access-key", "secretKey": "storage-secret-key"}

// BackupKey is the file of the private key that opens the sandbox's backups of etcd. A real one is nowhere near the cluster.
func (w *Workspace) BackupKey() string { return w.Path("secrets", "etcd-backup.key") }

// backupCertificate is the file of the certificate of BackupKey; both are made the first time. They are of the kind that
// docs/etcd.md makes with openssl, only smaller.
func (w *Workspace) backupCertificate() (string, error) {
	file := w.Path("secrets", "etcd-backup.crt")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	from := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "etcd-backup"},
		NotBefore: from, NotAfter: from.AddDate(100, 0, 0), BasicConstraintsValid: true, IsCA: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(w.BackupKey(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600)
}

// backupKinds are the sections of a stack's configuration that say where backups go, and their buckets here.
var backupKinds = []struct{ section, key, bucket string }{
	{"exchange-platform:kubernetes", "etcdBackup", BackupBucket},
	{"exchange-platform:postgres", "backup", DatabaseBackupBucket},
	{"exchange-platform:logging", "snapshots", LogsBucket},
}

// pointBackupsHere points all backups of a stack file at the sandbox's storage. The storage's keys are not among that: as a user would, the
// sandbox gives them to pulumi as secrets.
func (w *Workspace) pointBackupsHere(file map[string]any, fromPods string) error {
	for _, kind := range backupKinds {
		own := section(file, kind.section, kind.key)
		if own == nil {
			continue
		}
		maps.Copy(own, map[string]any{"endpoint": fromPods, "region": StorageRegion, "bucket": kind.bucket})
		if kind.bucket == BackupBucket { // machines make them
			own["endpoint"] = w.StorageURL()
			certificate, err := w.backupCertificate()
			if err != nil {
				return err
			}
			own["certificate"] = certificate
		}
	}
	return nil
}

// section is what a stack file says under a key of a section; nil if it says nothing.
func section(file map[string]any, name, key string) map[string]any {
	for _, key := range []string{"config", name, key} {
		file, _ = file[key].(map[string]any)
	}
	return file
}
