package kubespray

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

func TestBackupsKeepTheirKeysOutOfTheShape(t *testing.T) {
	args := demoArgs()
	args.EtcdBackup = backup(t)
	full, err := args.complete()
	assert.NilError(t, err)
	render := func(secret string) string {
		known := resolvedFor(full, nil, "203.0.113.11")
		known.backup = credentials{"AK", secret}
		rendered, err := full.render(known)
		assert.NilError(t, err)
		for _, f := range rendered.files {
			assert.Assert(t, !strings.Contains(string(f.data), secret), f.path)
		}
		return rendered.shape.Variables["etcd_backup"]
	}
	settings := render("the-storage-key")
	assert.Assert(t, strings.Contains(settings, `"prefix":"etcd/demo"`), settings)
	assert.Assert(t, settings != render("a-renewed-key"), "renewed keys reach the members")
	assert.Assert(t, strings.Contains(settings, `"program":"`), "so does another version of what runs there: %s", settings)

	for name, inputs := range register(t, args, nil) {
		text := fmt.Sprint(mocktest.Plain(resource.NewProperty(inputs.Inputs)))
		assert.Check(t, !strings.Contains(text, "the-storage-key"), name)
	}
}

func TestBackupsThatAreRefused(t *testing.T) {
	_, signing, err := ed25519.GenerateKey(rand.Reader)
	assert.NilError(t, err)
	for name, test := range map[string]struct {
		change func(*EtcdBackup)
		want   string
	}{
		"endpoint":    {func(b *EtcdBackup) { b.Endpoint = "s3.example" }, `kubernetes.etcdBackup.endpoint: Invalid value: "s3.example": must be the storage's address`},
		"path":        {func(b *EtcdBackup) { b.Endpoint = "https://s3.example/bucket" }, "without a path"},
		"bucket":      {func(b *EtcdBackup) { b.Bucket = "Backups" }, `kubernetes.etcdBackup.bucket: Invalid value: "Backups"`},
		"prefix":      {func(b *EtcdBackup) { b.Prefix = "/etcd/" }, `kubernetes.etcdBackup.prefix: Invalid value: "/etcd/"`},
		"keys":        {func(b *EtcdBackup) { b.SecretKey = "" }, "kubernetes.etcdBackup.secretKey: Required value: give the storage user's key"},
		"certificate": {func(b *EtcdBackup) { b.Certificate = "" }, "must be a certificate in PEM"},
		"private key": {func(b *EtcdBackup) { b.Certificate += "-----BEGIN PRIVATE KEY-----" }, "this holds the private key"},
		"signing key": {func(b *EtcdBackup) { b.Certificate = certificateOf(t, signing) }, "has a key of kind Ed25519, which only signs"},
		"hours":       {func(b *EtcdBackup) { b.EveryHours = 5 }, `kubernetes.etcdBackup.everyHours: Invalid value: 5: must divide a day`},
		"keep":        {func(b *EtcdBackup) { b.Keep = -1 }, `kubernetes.etcdBackup.keep: Invalid value: -1: must be at least 1`},
	} {
		t.Run(name, func(t *testing.T) {
			args := demoArgs()
			args.EtcdBackup = backup(t)
			test.change(&args.EtcdBackup)
			_, err := args.complete()
			assert.ErrorContains(t, err, test.want)
		})
	}
}
