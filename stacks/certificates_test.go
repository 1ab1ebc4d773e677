package stacks

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func certified(t *testing.T, hosts ...string) map[string]string {
	t.Helper()
	made, err := chart.Certify("a", &x509.Certificate{DNSNames: hosts})
	assert.NilError(t, err)
	return made
}

// A certificate that was handed in is what the workers show, its end is told, and browsers come by HTTPS.
func TestACertificateThatWasHandedInIsShownAndWatched(t *testing.T) {
	made := certified(t, "*.iransre.ir")
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Edge.Mode, cfg.Edge.Certificate = edge.DNS, edge.Certificate{Chain: made[chart.CertificateBlock], Key: made[chart.KeyBlock]}
	assert.Equal(t, len(validateTogether("demo", cfg)), 0)
	recording := deployedWith(t, cfg)
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	assert.Assert(t, is.Contains(text(recording.Get(t, "exchange-release").Inputs), "publicURL:https://demo-files.iransre.ir"))
	assert.Assert(t, is.Contains(text(recording.Get(t, "monitoring-alerts").Inputs), "vector(2713910400)"))
	assert.Assert(t, recording.Get(t, "ingress-certificate").Inputs["stringData"].IsSecret())

	cfg.Exchange.MoreHosts = []string{"iransre.ir"}
	assert.ErrorContains(t, validateTogether("demo", cfg)[0], "edge.certificate.chain: Invalid value: is for *.iransre.ir, and not for iransre.ir")
}

func text(inputs resource.PropertyMap) string {
	return fmt.Sprint(mocktest.Plain(resource.NewProperty(inputs)))
}

// When the certificates of a kubeconfig end is told in plain text, and nothing else of it.
func TestTheEndsOfCertificatesAreTold(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(certified(t)[chart.CertificateBlock]))
	kubeconfig := `{"clusters": [{"cluster": {"certificate-authority-data": "` + encoded + `"}}], "users": [{"user": {"client-certificate-data": "` + encoded + `"}}]}`
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	mocktest.Run(t, func(ctx *pulumi.Context) error {
		found := newKnownCertificates(ctx, cfg, pulumi.ToSecret(pulumi.String(kubeconfig)).(pulumi.StringOutput))
		for wanted, told := range map[string]pulumi.Output{
			"map[kubeconfig:%s kubernetes:%s logging:%s postgres:%s]":                                         found.Ends.ToStringMapOutput(),
			"map[kubeconfig:map[ends:%s] kubernetes:map[ends:%s] logging:map[ends:%s] postgres:map[ends:%s]]": found.All.ToMapOutput(),
		} {
			known, err := internals.UnsafeAwaitOutput(ctx.Context(), told)
			assert.NilError(t, err)
			assert.Assert(t, !known.Secret)
			assert.Equal(t, fmt.Sprint(known.Value), strings.ReplaceAll(wanted, "%s", "2056-01-01T00:00:00Z"))
		}
		return nil
	})
}

// The lines of docs/edge.md on certificates, from the key to a stack file that is taken.
func TestACertificateIsOrderedAndHandedInAsThePageSays(t *testing.T) {
	page, err := os.ReadFile("../docs/edge.md")
	assert.NilError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Certificates\n")
	assert.Assert(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for i, part := range strings.Split(section, "```") {
		if i%2 == 1 {
			blocks = append(blocks, strings.TrimPrefix(part, "sh\n"))
		}
	}
	assert.Equal(t, len(blocks), 3, "the order, the settings, what is told")

	folder := t.TempDir()
	stub := "#!/bin/sh\necho \"$*\" >>said\ncase $1 in config) shift $(($# - 1)); cat >\"$1\" ;; esac\n"
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "pulumi"), []byte(stub), 0o700))
	typed := func(lines string) {
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", lines)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
		output, err := cmd.CombinedOutput()
		assert.NilError(t, err, "%s:\n%s", lines, output)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		assert.NilError(t, err)
		return string(text)
	}
	typed(blocks[0])
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "chain.pem"), []byte(signed(t, read("request.pem"))), 0o600))
	typed(blocks[1])
	typed(blocks[2])
	assert.Assert(t, is.Contains(read("said"), "config set --secret --path exchange-platform:edge.certificate.key\n"))

	raw := completed(t, "prod")
	var values map[string]any
	assert.NilError(t, json.Unmarshal([]byte(raw[project+":edge"]), &values))
	values["certificate"] = map[string]string{"chain": read("exchange-platform:edge.certificate.chain"), "key": read("exchange-platform:edge.certificate.key")}
	edited, err := json.Marshal(values)
	assert.NilError(t, err)
	raw[project+":edge"] = string(edited)
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	assert.Assert(t, cfg.Edge.Certificate.Given())
}

// signed is what an authority gives for a request: a certificate for the names that it asks for.
func signed(t *testing.T, request string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(request))
	asked, err := x509.ParseCertificateRequest(block.Bytes)
	assert.NilError(t, err)
	authority, err := rsa.GenerateKey(rand.Reader, 2048)
	assert.NilError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: asked.Subject, DNSNames: asked.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	made, err := x509.CreateCertificate(rand.Reader, template, &x509.Certificate{Subject: asked.Subject}, asked.PublicKey, authority)
	assert.NilError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}))
}
