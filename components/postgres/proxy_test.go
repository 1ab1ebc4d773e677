package postgres_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// haproxy is the real one, which scripts/setup installs.
func haproxy(t *testing.T) string {
	t.Helper()
	for _, folder := range filepath.SplitList(os.Getenv("PATH") + ":/usr/sbin") {
		if path := filepath.Join(folder, "haproxy"); exec.Command(path, "-v").Run() == nil {
			return path
		}
	}
	t.Skip("no haproxy: ./scripts/setup installs it")
	return ""
}

// server is one of PostgreSQL as HAProxy sees it: a port that says who answers, and another that tells its role over TLS.
type server struct {
	host    string
	primary atomic.Bool
	stop    func()
}

// trial is HAProxy, with the configuration that the program gives it, in front of three servers.
type trial struct {
	network string // the first three parts of loopback addresses that nobody else uses
	servers []*server
}

func (r *trial) host(last int) string { return fmt.Sprintf("%s.%d", r.network, last) }

// newTrial starts servers, the first of which is the primary, and HAProxy.
func newTrial(t *testing.T, config postgres.Config) *trial {
	t.Helper()
	program := haproxy(t)
	r := &trial{network: fmt.Sprintf("127.%d.%d", 64+rand.IntN(128), rand.IntN(256))}
	folder := t.TempDir()
	certificate := r.certificates(t, filepath.Join(folder, "ca.crt"))
	for i := range 3 {
		each := &server{host: r.host(i + 11)}
		each.primary.Store(i == 0)
		each.stop = each.serve(t, certificate)
		r.servers = append(r.servers, each)
	}
	text, err := postgres.ProxyConfig(&config)
	assert.NilError(t, err)
	path := filepath.Join(folder, "haproxy.cfg")
	assert.NilError(t, os.WriteFile(path, []byte(r.here(t, text, folder)), 0o600))
	run := exec.Command(program, "-db", "-f", path)
	said, err := os.Create(filepath.Join(folder, "log"))
	assert.NilError(t, err)
	run.Stdout, run.Stderr = said, said
	assert.NilError(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
		if text, err := os.ReadFile(said.Name()); err == nil && t.Failed() {
			t.Logf("haproxy said:\n%s", text)
		}
	})
	r.settled(t)
	return r
}

// settled waits until HAProxy has asked each server for its role.
func (r *trial) settled(t *testing.T) {
	t.Helper()
	wanted := []string{`haproxy_backend_active_servers{proxy="rw"} 1`, `haproxy_backend_active_servers{proxy="ro"} 2`}
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		_, text := r.state("/metrics")
		for _, line := range wanted {
			if !strings.Contains(text, line) {
				return poll.Continue("no %s", line)
			}
		}
		return poll.Success()
	}, poll.WithTimeout(20*time.Second), poll.WithDelay(20*time.Millisecond))
}

// state is what HAProxy answers of itself.
func (r *trial) state(path string) (code int, text string) {
	answer, err := http.Get(fmt.Sprintf("http://%s:8404%s", r.host(1), path))
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	read, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(read)
}

// here is the configuration with this machine's addresses in the place of the cluster's.
func (r *trial) here(t *testing.T, text, folder string) string {
	t.Helper()
	swap := func(old, with string, times int) {
		assert.Equal(t, strings.Count(text, old), times, "%q in:\n%s", old, text)
		text = strings.ReplaceAll(text, old, with)
	}
	swap("bind :", "bind "+r.host(1)+":", 3)
	swap("ca-file /etc/postgres-authority/ca.crt", "ca-file "+filepath.Join(folder, "ca.crt"), 2)
	swap(" resolvers cluster init-addr none", "", 2)
	var list strings.Builder
	for i, each := range r.servers {
		fmt.Fprintf(&list, "server server%d %s:5432\n  ", i+1, each.host)
	}
	swap("server-template server 3 postgres-servers.postgres.svc.cluster.local:5432", list.String(), 2)
	return text
}

// certificates writes an authority's certificate and gives one that it signed for the Service of the primary.
func (r *trial) certificates(t *testing.T, authority string) tls.Certificate {
	t.Helper()
	signer, key, err := postgres.SomeAuthority()
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(authority, signer, 0o600))
	pair, err := tls.X509KeyPair(signer, key)
	assert.NilError(t, err)
	own, err := postgres.SignedBy(pair, "postgres-rw")
	assert.NilError(t, err)
	return own
}

// serve answers on both ports until it is stopped or the test ends.
func (s *server) serve(t *testing.T, certificate tls.Certificate) (stop func()) {
	t.Helper()
	data, err := net.Listen("tcp", s.host+":5432")
	assert.NilError(t, err)
	status, err := tls.Listen("tcp", s.host+":8000", &tls.Config{Certificates: []tls.Certificate{certificate}})
	assert.NilError(t, err)
	go func() {
		for {
			client, err := data.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(client, "%s\n", s.host)
			go io.Copy(io.Discard, client)
		}
	}()
	answer := http.NewServeMux()
	answer.HandleFunc("GET /pg/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"currentLsn":"0/7000060","isPrimary":%t,"pendingRestart":false}`, s.primary.Load())
	})
	web := &http.Server{Handler: answer}
	go func() { _ = web.Serve(status) }()
	stop = func() { data.Close(); web.Close() }
	t.Cleanup(stop)
	return stop
}

// session is one of a client through HAProxy, and which server it is with; empty if there is none.
func (r *trial) session(portHere int) (with string, connection net.Conn) {
	connection, err := net.Dial("tcp", net.JoinHostPort(r.host(1), strconv.Itoa(portHere)))
	if err != nil {
		return "", nil
	}
	_ = connection.SetReadDeadline(time.Now().Add(2 * time.Second))
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		connection.Close()
		return "", nil
	}
	return strings.TrimSpace(line), connection
}

// eventually waits until new sessions are with one of the servers, and tells how long that took.
func (r *trial) eventually(t *testing.T, portHere int, hosts ...string) time.Duration {
	t.Helper()
	begun := time.Now()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		with, connection := r.session(portHere)
		if connection != nil {
			connection.Close()
		}
		if slices.Contains(hosts, with) {
			return poll.Success()
		}
		return poll.Continue("new sessions are with %q, not one of %v", with, hosts)
	}, poll.WithTimeout(20*time.Second), poll.WithDelay(20*time.Millisecond))
	return time.Since(begun)
}

func (r *trial) promote(to int) {
	for i, each := range r.servers {
		each.primary.Store(i == to)
	}
}

// isCut tells whether a session ends from the other side.
func isCut(t *testing.T, connection net.Conn) bool {
	t.Helper()
	assert.NilError(t, connection.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := connection.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

const writes, reads = 5432, 5433

func proxied() postgres.Config {
	return postgres.Config{
		Engine: postgres.CloudNativePG, Database: "exchange", User: "exchange", MaxSizeGiB: 20, MemoryMiB: 4096, MaxConnections: 200,
		Proxy: postgres.Proxy{Enabled: true, ReadsAtPrimary: true},
	}
}

func TestWritesFollowThePrimaryAndSessionsToTheOldOneAreCut(t *testing.T) {
	r := newTrial(t, proxied())
	with, held := r.session(writes)
	assert.Equal(t, with, r.host(11))
	defer held.Close()
	r.promote(1)
	assert.Assert(t, isCut(t, held))
	took := r.eventually(t, writes, r.host(12))
	t.Logf("writes followed after %s more", took)
}

func TestReadsAreSpreadOverTheReplicas(t *testing.T) {
	r := newTrial(t, proxied())
	readers := map[string]int{}
	for range 20 {
		with, connection := r.session(reads)
		readers[with]++
		defer connection.Close()
	}
	assert.DeepEqual(t, readers, map[string]int{r.host(12): 10, r.host(13): 10})
}

func TestAReaderIsLedPastAReplicaThatIsGone(t *testing.T) {
	r := newTrial(t, proxied())
	r.servers[1].stop()
	for range 20 {
		with, connection := r.session(reads)
		assert.Equal(t, with, r.host(13))
		defer connection.Close()
	}
}

func TestReadersUseThePrimaryWhileThereIsNoReplica(t *testing.T) {
	for name, test := range map[string]bool{"as they may": true, "if they may": false} {
		t.Run(name, func(t *testing.T) {
			config := proxied()
			config.Proxy.ReadsAtPrimary = test
			r := newTrial(t, config)
			for _, each := range r.servers[1:] {
				each.stop()
			}
			if test {
				r.eventually(t, reads, r.host(11))
				return
			}
			r.eventually(t, reads, "")
		})
	}
}

// The pod is ready once there is a primary.
func TestHAProxyIsReadyOnceItHasSeenAPrimary(t *testing.T) {
	r := newTrial(t, proxied())
	is := func(path string, wanted int) {
		t.Helper()
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if got, _ := r.state(path); got != wanted {
				return poll.Continue("%s answers %d", path, got)
			}
			return poll.Success()
		}, poll.WithTimeout(20*time.Second), poll.WithDelay(20*time.Millisecond))
	}
	is("/ready", http.StatusOK)
	r.servers[0].primary.Store(false)
	is("/ready", http.StatusServiceUnavailable)
	is("/healthz", http.StatusOK)
	is("/metrics", http.StatusOK)
	is("/", http.StatusNotFound)
}

// What the pods get is taken by the real program as it is, with either engine.
func TestTheRealHAProxyTakesTheConfiguration(t *testing.T) {
	program := haproxy(t)
	signer, _, err := postgres.SomeAuthority()
	assert.NilError(t, err)
	alone := proxied()
	alone.Engine, alone.Architecture = postgres.Bitnami, postgres.Standalone
	for name, config := range map[string]postgres.Config{"cloudnative-pg": proxied(), "bitnami": alone, "bitnami with replicas": replicated()} {
		t.Run(name, func(t *testing.T) {
			text, err := postgres.ProxyConfig(&config)
			assert.NilError(t, err)
			folder := t.TempDir()
			assert.NilError(t, os.WriteFile(filepath.Join(folder, "ca.crt"), signer, 0o600))
			text = strings.ReplaceAll(text, "/etc/postgres-authority", folder)
			path := filepath.Join(folder, "haproxy.cfg")
			assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
			output, err := exec.Command(program, "-c", "-f", path).CombinedOutput()
			assert.NilError(t, err, "%s\n%s", output, text)
			assert.Assert(t, !strings.Contains(string(output), "WARNING"), "%s", output)
		})
	}
}

// One server's sessions are shared by two pods, and some are kept for the platform's own.
func TestHAProxyAsksAServerForNoMoreSessionsThanItHas(t *testing.T) {
	config := proxied()
	text, err := postgres.ProxyConfig(&config)
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(text, " maxconn 90 "), 2, text)
}

// Clients in other namespaces ask for the names of HAProxy, and the certificate of every server has them.
func TestTheServersCertificatesHaveTheNamesOfHAProxy(t *testing.T) {
	spec := mocktest.Plain(mocktest.Run(t, program(postgres.CloudNativePG, noLook)).Get(t, "postgres-cluster").Inputs["spec"]).(map[string]any)
	assert.DeepEqual(t, spec["certificates"].(map[string]any)["serverAltDNSNames"], []any{
		"haproxy-rw", "haproxy-rw.postgres", "haproxy-rw.postgres.svc", "haproxy-rw.postgres.svc.cluster.local",
		"haproxy-ro", "haproxy-ro.postgres", "haproxy-ro.postgres.svc", "haproxy-ro.postgres.svc.cluster.local",
	})
}
