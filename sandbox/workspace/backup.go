package workspace

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// What the sandbox's object storage has for backups of etcd, and for whoever tries it as the place of a state.
const (
	BackupBucket  = "etcd-backup"
	StateBucket   = "my-state"
	StorageRegion = "sandbox"
)

// BackupSecrets are the keys in a stack's configuration of etcd's backups, and the sandbox's secrets that are their values.
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

// backupOverrides point a stack's backups of etcd at the sandbox's storage. The storage's keys are not here: as a user
// would, the sandbox gives them to pulumi as secrets.
func (w *Workspace) backupOverrides() (map[string]any, error) {
	certificate, err := w.backupCertificate()
	return map[string]any{"endpoint": w.StorageURL(), "region": StorageRegion, "bucket": BackupBucket, "certificate": certificate}, err
}

// backups is what a stack file says of the backups of etcd; nil if it says nothing.
func backups(file map[string]any) map[string]any {
	for _, key := range []string{"config", "exchange-platform:kubernetes", "etcdBackup"} {
		file, _ = file[key].(map[string]any)
	}
	return file
}
