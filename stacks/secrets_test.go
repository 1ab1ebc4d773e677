package stacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Whatever key an address is given in, a login in it is refused in words that do not hold it.
func TestALoginInAnyAddressIsRefused(t *testing.T) {
	for key, config := range map[string]string{
		"mirrors.charts":                    `{"charts": %q}`,
		"mirrors.files":                     `{"files": %q}`,
		"mirrors.registries[quay.io]":       `{"registries": {"quay.io": %q}}`,
		"kubernetes.kubespray.archive":      `{"kubespray": {"archive": %q}}`,
		"kubernetes.kubespray.packageIndex": `{"kubespray": {"packageIndex": %q}}`,
		"delivery.runner.archive":           `{"mode": "github", "runner": {"archive": %q}}`,
		"delivery.runner.url":               `{"mode": "github", "runner": {"url": %q}}`,
		"kubernetes.etcdBackup.endpoint":    `{"etcdBackup": {"endpoint": %q}}`,
		"cloud.endpoint":                    `{"zone": "ir-thr-fr1", "adminCidrs": ["203.0.113.0/24"], "endpoint": %q}`,
		"exchange.image.repository":         `{"host": "demo.iransre.ir", "image": {"tag": "1.0.0", "repository": %q}}`,
	} {
		for _, address := range []string{"https://robot:hush@host.example/folder", "oci://hush@host.example", "robot:hush@host.example"} {
			raw := stackFile(t, "../Pulumi.demo.yaml")
			section, _, _ := strings.Cut(key, ".")
			raw[project+":"+section] = fmt.Sprintf(config, address)
			_, err := Load(project, "demo", raw)
			assert.ErrorContains(t, err, key+": Forbidden: holds a login")
			assert.Check(t, !strings.Contains(err.Error(), "hush"), err)
		}
	}
}

func TestWhatLooksLikeALoginAndIsNone(t *testing.T) {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw[project+":exchange"] = `{"host": "demo.iransre.ir", "image": {"repository": "ghcr.io/iransre/exchange", "tag": "1.0.0", "registryUser": "robot", "registryPassword": "https://a:b@c"}}`
	raw[project+":mirrors"] = `{"files": "https://host.example:8443/@files"}`
	cfg, err := Load(project, "demo", raw)
	assert.NilError(t, err)
	assert.Equal(t, cfg.Exchange.Image.RegistryPassword, "https://a:b@c")
}

// withMirrorLogin is demo with a mirror of Docker Hub that asks who pulls.
func withMirrorLogin(t *testing.T, password string) map[string]string {
	raw := stackFile(t, "../Pulumi.demo.yaml")
	raw[project+":mirrors"] = fmt.Sprintf(`{"registries": {"docker.io": "https://mirror.example:5000"},
		"logins": [{"host": "mirror.example:5000", "user": "robot", "password": %q}]}`, password)
	return raw
}

func TestTheLoginOfAMirrorIsNowhereInPlainText(t *testing.T) {
	shape := func(password string) string {
		cfg, err := Load(project, "demo", withMirrorLogin(t, password))
		assert.NilError(t, err)
		recording := deployedWith(t, cfg)
		assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
		return stateOf(t, recording)
	}
	first := shape(mocktest.Generated + "-by-the-mirror")
	assert.Assert(t, strings.Contains(first, "{{ registry_logins['mirror.example:5000'] }}"), first)
	assert.Assert(t, first != shape(mocktest.Generated+"-anew"), "another password reaches the nodes")
}

func TestSecretsInPlainTextAreRefused(t *testing.T) {
	run := func(secretKeys ...string) error {
		raw, err := json.Marshal(withMirrorLogin(t, "hush"))
		assert.NilError(t, err)
		t.Setenv(pulumi.EnvConfig, string(raw))
		keys, err := json.Marshal(secretKeys)
		assert.NilError(t, err)
		t.Setenv(pulumi.EnvConfigSecretKeys, string(keys))
		t.Chdir("..")
		defer t.Chdir("stacks")
		_, err = mocktest.World{}.Try(Deploy)
		return err
	}
	err := run()
	assert.ErrorContains(t, err, "mirrors.logins[0].password: Forbidden: stands in plain text in the stack file: make it a secret with "+
		"pulumi config set --secret --path 'exchange-platform:mirrors.logins[0].password'")
	assert.Assert(t, !strings.Contains(err.Error(), "hush"))
	assert.NilError(t, run(project+":mirrors"))
}

// A key that holds a secret and does not say so would be passed over above.
func TestEverySecretOfTheConfigurationSaysSo(t *testing.T) {
	page, err := os.ReadFile("../docs/configuration.md")
	assert.NilError(t, err)
	cfg := Defaults(settings.Demo)
	cfg.Mirrors.Logins = kubespray.RegistryLogins{{Password: "hush"}}
	cfg.Exchange.Image.RegistryPassword, cfg.Kubernetes.EtcdBackup.SecretKey, cfg.Postgres.Backup.SecretKey = "hush", "hush", "hush"
	cfg.Logging.Snapshots.SecretKey, cfg.ObjectStore.External.SecretKey, cfg.ObjectStore.Copy.SecretKey = "hush", "hush", "hush"
	cfg.Alerting.Telegram.Token, cfg.Alerting.SMS.Key = "hush", "hush"
	cfg.Delivery.GitOps.Password, cfg.Delivery.Runner.Token, cfg.Edge.Certificate.Key = "hush", "hush", "hush"
	cfg.Delivery.GitLabRunner.Token = "hush"
	cfg.Certificates.ACME.APIKey = "hush"
	said := map[string]bool{}
	for _, path := range settings.Secrets(cfg) {
		_, key, _ := strings.Cut(strings.ReplaceAll(path.String(), "[0]", "[]"), ".")
		said[key] = true
	}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(line, "pulumi config set --secret") {
			key := strings.Trim(cells[1], " `")
			assert.Check(t, said[key], key)
		}
	}
}

// Nodes would say so after ten minutes, in an event of a pod.
func TestAWrongLoginOfTheImageIsNamedBeforeAnythingIsMade(t *testing.T) {
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(registry.Close)
	host := strings.TrimPrefix(registry.URL, "http://")
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Exchange.Image.Repository = host + "/exchange"
	cfg.Exchange.Image.RegistryUser, cfg.Exchange.Image.RegistryPassword = "robot", "hush"
	recording, err := mocktest.World{}.Try(func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
	assert.ErrorContains(t, err, `exchange.image: `+host+` does not let "robot" pull `+host+`/exchange: it answers 401 Unauthorized; nothing was changed`)
	assert.DeepEqual(t, len(recording.OfType("arvancloud:iaas:Server")), 0)

	cfg.Mirrors.Registries = map[string]string{host: "https://mirror.example"}
	deployedWith(t, cfg) // nodes ask the mirror first
}
