package postgres_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func specOf(t *testing.T, r *mocktest.Recording, name string) map[string]any {
	t.Helper()
	return mocktest.Plain(r.Get(t, name).Inputs["spec"]).(map[string]any)
}

func recovering(from postgres.RecoverFrom) postgres.Config {
	config := proxied()
	config.Backup, config.RecoverFrom = backup(), from
	return config
}

// What is recovered stands beside what runs, reads its archive and writes one of its own.
func TestASecondClusterIsMadeOfTheBackupsOfTheFirst(t *testing.T) {
	for name, test := range map[string]struct {
		from   postgres.RecoverFrom
		name   string
		target map[string]any
	}{
		"a time": {
			postgres.RecoverFrom{Time: "2026-11-26T13:30:00+03:30"}, "postgres-20261126t100000", map[string]any{"targetTime": "2026-11-26T10:00:00Z"},
		},
		"a backup": {
			postgres.RecoverFrom{Backup: "20261126T013000"}, "postgres-b20261126t013000",
			map[string]any{"backupID": "20261126T013000", "targetImmediate": true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := mocktest.Run(t, programWith(recovering(test.from), noLook))
			made := r.Get(t, "postgres-recovered-cluster")
			assert.Equal(t, mocktest.Plain(made.Inputs["metadata"]).(map[string]any)["name"], test.name)
			spec := specOf(t, r, "postgres-recovered-cluster")
			recovery := spec["bootstrap"].(map[string]any)["recovery"].(map[string]any)
			assert.DeepEqual(t, recovery["recoveryTarget"], test.target)
			assert.Equal(t, recovery["source"], "postgres")
			source := spec["externalClusters"].([]any)[0].(map[string]any)["plugin"].(map[string]any)["parameters"].(map[string]any)
			assert.Equal(t, source["serverName"], "postgres")
			own := spec["plugins"].([]any)[0].(map[string]any)
			assert.DeepEqual(t, own["parameters"], map[string]any{"barmanObjectName": "postgres-backup", "serverName": test.name})
			assert.Equal(t, own["isWALArchiver"], true)
			running := specOf(t, r, "postgres-cluster")
			_, anew := running["bootstrap"].(map[string]any)["initdb"]
			assert.Assert(t, anew, "the cluster that runs is asked for something else: %v", running["bootstrap"])
		})
	}
}

// To serve from what was recovered, and back, changes where HAProxy looks, and neither cluster.
func TestTheExchangeIsLedToTheRecoveredServersAndBack(t *testing.T) {
	look := func(serve bool) (selector any, text string, clusters [2]map[string]any) {
		config := recovering(postgres.RecoverFrom{Time: "2026-11-26T10:00:00Z", Serve: serve})
		r := mocktest.Run(t, programWith(config, noLook))
		text, err := postgres.ProxyConfig(&config)
		assert.NilError(t, err)
		return specOf(t, r, "postgres-servers")["selector"].(map[string]any)["cnpg.io/cluster"], text,
			[2]map[string]any{specOf(t, r, "postgres-cluster"), specOf(t, r, "postgres-recovered-cluster")}
	}
	before, text, running := look(false)
	assert.Equal(t, before, "postgres")
	assert.Assert(t, contains(text, " verifyhost postgres-rw"))
	after, text, serving := look(true)
	assert.Equal(t, after, "postgres-20261126t100000")
	assert.Assert(t, contains(text, " verifyhost postgres-20261126t100000-rw"))
	assert.DeepEqual(t, running, serving)
}

// Operator and plugin know each other by certificates that stay the same, each for its side.
func TestOperatorAndPluginTrustEachOthersCertificates(t *testing.T) {
	r := mocktest.Run(t, program(postgres.CloudNativePG, noLook))
	for side, usage := range map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth} {
		data := r.SecretData(t, "postgres-operator-"+side+"-certificate")
		pair, err := tls.X509KeyPair([]byte(data["tls.crt"]), []byte(data["tls.key"]))
		assert.NilError(t, err)
		certificate, err := x509.ParseCertificate(pair.Certificate[0])
		assert.NilError(t, err)
		trusted := x509.NewCertPool()
		trusted.AddCert(certificate)
		_, err = certificate.Verify(x509.VerifyOptions{Roots: trusted, DNSName: "barman-cloud", KeyUsages: []x509.ExtKeyUsage{usage}})
		assert.NilError(t, err)
	}
}

func TestWithoutBackupsThereIsNoPluginAndNothingIsArchived(t *testing.T) {
	config := proxied()
	r := mocktest.Run(t, programWith(config, noLook))
	_, archives := specOf(t, r, "postgres-cluster")["plugins"]
	assert.Assert(t, !archives)
	for _, name := range r.Names() {
		assert.Assert(t, !contains(name, "backup"), name)
	}
}
