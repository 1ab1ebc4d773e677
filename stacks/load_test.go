package stacks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
)

const project = "exchange-platform"

// stackFile reads a stack file into the form in which Pulumi hands configuration to a program.
func stackFile(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var file struct {
		Config map[string]any `json:"config"`
	}
	assert.NilError(t, yaml.Unmarshal(text, &file))
	raw := map[string]string{}
	for key, value := range file.Config {
		if plain, ok := value.(string); ok {
			raw[key] = plain
			continue
		}
		encoded, err := yaml.Marshal(value)
		assert.NilError(t, err)
		asJSON, err := yaml.YAMLToJSON(encoded)
		assert.NilError(t, err)
		raw[key] = string(asJSON)
	}
	return raw
}

func TestTheDemoStackFileIsValid(t *testing.T) {
	cfg, err := Load(project, "demo", stackFile(t, "../Pulumi.demo.yaml"))
	assert.NilError(t, err)
	assert.Equal(t, cfg.Exchange.Host, "demo.iransre.ir")
	assert.Equal(t, cfg.Cloud.SSHPort, 22, "the profile fills what the file does not say")
	assert.Equal(t, cfg.Nodes[0].Name, "arvan-k8s-m1")
}

// completed is a stack file of the repository with what its comments ask a user for.
func completed(t *testing.T, stack string) map[string]string {
	t.Helper()
	raw := stackFile(t, "../Pulumi."+stack+".yaml")
	if stack != "prod" {
		return raw
	}
	complete := func(section, key string, values map[string]any) {
		var file map[string]any
		assert.NilError(t, json.Unmarshal([]byte(raw[project+":"+section]), &file))
		maps.Copy(file[key].(map[string]any), values)
		text, err := json.Marshal(file)
		assert.NilError(t, err)
		raw[project+":"+section] = string(text)
	}
	complete("kubernetes", "etcdBackup", map[string]any{"certificate": testCertificate(t), "accessKey": "the-access-key", "secretKey": "the-storage-key"})
	complete("postgres", "backup", map[string]any{"accessKey": "the-access-key", "secretKey": "the-database-storage-key"})
	complete("logging", "snapshots", map[string]any{"accessKey": "the-access-key", "secretKey": "the-logs-storage-key"})
	return raw
}

// testCertificate is any certificate that OpenSSL could encrypt for.
func testCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NilError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	assert.NilError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}

// What nobody else can give: the file must not hold keys, nor a certificate whose private key its users do not have.
func TestTheProdStackFileLacksOnlyWhatIsTheUsersOwn(t *testing.T) {
	_, err := Load(project, "prod", stackFile(t, "../Pulumi.prod.yaml"))
	assert.Error(t, err, strings.Join([]string{
		"the stack's configuration has 7 mistakes; nothing was changed:",
		`  kubernetes.etcdBackup.certificate: Invalid value: "etcd-backup.crt": no such file can be read beside the stack file ` +
			`(open etcd-backup.crt: no such file or directory); docs/etcd.md says how to make one`,
		"  kubernetes.etcdBackup.accessKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:kubernetes.etcdBackup.accessKey",
		"  kubernetes.etcdBackup.secretKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:kubernetes.etcdBackup.secretKey",
		"  logging.snapshots.accessKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:logging.snapshots.accessKey",
		"  logging.snapshots.secretKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:logging.snapshots.secretKey",
		"  postgres.backup.accessKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:postgres.backup.accessKey",
		"  postgres.backup.secretKey: Required value: give the storage user's key: pulumi config set --secret --path exchange-platform:postgres.backup.secretKey",
	}, "\n"))
}

func TestTheCertificateOfBackupsCanBeAFile(t *testing.T) {
	raw := completed(t, "prod")
	certificate := testCertificate(t)
	t.Chdir(t.TempDir())
	assert.NilError(t, os.WriteFile("etcd-backup.crt", []byte(certificate), 0o600))
	raw[project+":kubernetes"] = `{"etcdBackup": {"bucket": "backups", "certificate": "etcd-backup.crt", "accessKey": "a", "secretKey": "s"}}`
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	assert.Equal(t, cfg.Kubernetes.EtcdBackup.Certificate, certificate)
	assert.NilError(t, os.WriteFile("etcd-backup.crt", []byte("MIIB"), 0o600))
	_, err = Load(project, "prod", raw)
	assert.ErrorContains(t, err, "etcdBackup.certificate: Invalid value: must be a certificate in PEM")
}

func TestBackupsCanBeDeclined(t *testing.T) {
	raw := stackFile(t, "../Pulumi.prod.yaml")
	raw[project+":kubernetes"] = `{"etcdBackup": {"enabled": false}}`
	raw[project+":postgres"] = `{"backup": {"enabled": false}}`
	raw[project+":logging"] = `{"snapshots": {"enabled": false}}`
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	assert.Assert(t, !cfg.Kubernetes.EtcdBackup.Enabled && !cfg.Postgres.Backup.Enabled)
	for _, wanted := range []string{"etcd is not backed up", "the database is not backed up", "the logs have no copy outside the cluster"} {
		assert.Assert(t, slices.ContainsFunc(warningsOf(t, cfg), func(said string) bool { return strings.Contains(said, wanted) }), wanted)
	}
}

func TestTheProdStackFileIsValid(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	assert.Assert(t, cfg.Protect)
	assert.Equal(t, clusterArgs("prod", cfg, &arvan.Machines{}, &apiNames{}, "").Runner, "arvan-prod-b1")
}

// Another default is for new environments: a stack file that says nothing means what it meant when its environment was made.
func TestAnEnvironmentKeepsItsEngines(t *testing.T) {
	raw := completed(t, "prod")
	fresh, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	assert.Equal(t, fresh.Postgres.Engine, postgres.CloudNativePG)
	assert.Equal(t, fresh.ObjectStore.Mode, objectstore.Distributed)
	// as the version before left it, which had one engine and did not remember it
	const urn = "urn:pulumi:prod::exchange-platform::"
	last := &memory{cluster: "{}", settled: map[string]string{"cloud.zone": `"ir-thr-fr1"`}, releases: map[string]chart.Left{}, releaseNames: map[string]string{}}
	assert.NilError(t, last.take(urn+chart.ReleaseType+"::postgres-release", chart.ReleaseType, map[string]any{"name": "postgresql", "namespace": "postgres"}))
	assert.NilError(t, last.take(urn+chart.ReleaseType+"::objectstore-release", chart.ReleaseType, map[string]any{"name": "minio", "namespace": "objectstore"}))
	last.inferEngines()
	kept, err := load(project, "prod", raw, last.settled)
	assert.NilError(t, err)
	assert.Equal(t, kept.Postgres.Engine, postgres.Bitnami)
	assert.Equal(t, kept.ObjectStore.Mode, objectstore.Standalone)
	assert.NilError(t, refuse("prod", kept, last))
	for _, page := range []string{"docs/postgres.md", "docs/objectstore.md"} {
		assert.Assert(t, slices.ContainsFunc(warningsOf(t, kept), func(said string) bool { return strings.Contains(said, page+" says how to move") }))
	}
	raw[project+":postgres"] = `{"engine": "cloudnative-pg", "backup": {"enabled": false}}`
	named, err := load(project, "prod", raw, last.settled)
	assert.NilError(t, err)
	assert.ErrorContains(t, refuse("prod", named, last), `postgres.engine cannot change from "bitnami" to "cloudnative-pg"`)
	// nor may its one server become a primary of replicas: the chart's volumes have other names, and the first would be empty
	raw[project+":postgres"] = `{"architecture": "replication", "backup": {"enabled": false}}`
	more, err := load(project, "prod", raw, last.settled)
	assert.NilError(t, err)
	assert.ErrorContains(t, refuse("prod", more, last), `postgres.architecture cannot change from "standalone" to "replication"`)
	_, err = load(project, "prod", raw, map[string]string{"postgres.engine": "{"})
	assert.ErrorContains(t, err, "what the last update left of postgres.engine is damaged")
}

// What is known of a machine is kept under its name, so no two stacks may share one.
func TestNoTwoStacksShareAHostName(t *testing.T) {
	stackOf := map[string]string{}
	for _, stack := range theStacks {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		for _, node := range cfg.Nodes {
			assert.Equal(t, stackOf[node.Name], "", "%s is in %s too", node.Name, stack)
			stackOf[node.Name] = stack
		}
	}
}

// Every file of the corpus holds one mistake and, in the comments at its top, each line the user must then read.
func TestEveryMistakeIsNamedWithItsPathAndItsCure(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 20, "the corpus is missing")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := Load(project, "test", stackFile(t, file))
			assert.Assert(t, err != nil, "accepted")
			assert.Equal(t, err.Error(), expected(t, file))
		})
	}
}

// expected joins the comment lines at the top of a corpus file.
func expected(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	assert.NilError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		comment, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimRight(comment, "\n"))
	}
	sections := strings.Join(slices.Sorted(maps.Keys(sectionsOf(&Config{}))), ", ")
	return strings.ReplaceAll(strings.Join(lines, "\n"), "{every section}", sections)
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw[project+":network"] = `{"podCidr": "10.10.0.0/16", "mtu": 100}`
	raw[project+":edge"] = `{"domain": "example.org"}`
	_, err := Load(project, "prod", raw)
	assert.ErrorContains(t, err, "3 mistakes")
	for _, path := range []string{"network.podCidr", "network.mtu", "edge.domain"} {
		assert.ErrorContains(t, err, path)
	}
}

func TestOtherProvidersKeysAreLeftAlone(t *testing.T) {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw["aws:region"] = "ir-thr-at1"
	_, err := Load(project, "prod", raw)
	assert.NilError(t, err)
}

// Machines and keys are named after the stack; a name that Kubespray cannot bear is refused before there are any.
func TestAStackWithANameThatCannotBeAHostsIsRefused(t *testing.T) {
	_, err := Load(project, "Prod_eu", completed(t, "demo"))
	assert.ErrorContains(t, err, `stack: Invalid value: "Prod_eu": the cluster and its machines are named after the stack`)
}
