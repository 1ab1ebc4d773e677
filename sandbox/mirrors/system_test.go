package mirrors_test

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

func TestMain(m *testing.M) { lighttest.Main(m) }

// node is a real machine whose containerd pulls from a mirror of these images.
type node struct {
	t      *testing.T
	client *gossh.Client
}

func newNode(t *testing.T, images ...string) *node {
	t.Helper()
	dir := t.TempDir()
	realtest.Need(t, dir)
	place, err := workspace.Open()
	assert.NilError(t, err)
	base, err := debian.Ensure(t.Context(), place.Systems(), os.Stderr)
	assert.NilError(t, err)
	var rows []mirrors.Row
	for _, row := range mirrors.Rows() {
		if slices.Contains(images, row.Image) {
			rows = append(rows, row)
		}
	}
	assert.NilError(t, mirrors.Ensure(t.Context(), mirrors.Options{Dir: place.Images(), Checkout: place.Root, Rows: rows, Program: func(name string) string { return tools.ImageProgram(place, name) }}, os.Stderr))

	prefix := loopback.Prefix(t)
	listener, err := net.Listen("tcp", prefix+".1:0")
	assert.NilError(t, err)
	trust := mirrors.NewTrust(t.TempDir())
	settings, err := trust.Server(prefix + ".1")
	assert.NilError(t, err)
	server := &http.Server{Handler: mirrors.Registry(place.Images()), TLSConfig: settings}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })

	machines, err := real.New(real.Options{Dir: dir + "/hosts", Base: base, GuestBinary: lighttest.Guest(), Services: []string{listener.Addr().String()}})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, machines.Close()) })
	key, err := hoststest.NewKey()
	assert.NilError(t, err)
	machine := hoststest.Machine(prefix, 1, "w1", key)
	assert.NilError(t, machines.Boot(t.Context(), machine))
	n := &node{t: t}
	n.client, err = gossh.Dial("tcp", machine.PublicAddress+":2222", lighttest.ClientConfig("ubuntu", key.Signer))
	assert.NilError(t, err)
	t.Cleanup(func() { _ = n.client.Close() })

	authority, err := trust.Authority()
	assert.NilError(t, err)
	n.must("sudo tee -a /etc/ssl/certs/ca-certificates.crt >/dev/null", string(authority))
	for _, registry := range []string{"docker.io", "quay.io", "registry.k8s.io"} {
		n.must("sudo mkdir -p /etc/containerd/certs.d/"+registry+"; sudo tee /etc/containerd/certs.d/"+registry+"/hosts.toml >/dev/null",
			"server = \"https://"+registry+"\"\n[host.\"https://"+listener.Addr().String()+"\"]\ncapabilities = [\"pull\", \"resolve\"]\n")
	}
	return n
}

// must runs a command that has to succeed, and returns what it printed.
func (n *node) must(command, input string) string {
	n.t.Helper()
	got := lighttest.Run(n.t, n.client, input, command)
	assert.Equal(n.t, got.Code, 0, "%s: %s%s", command, got.Stdout, got.Stderr)
	return strings.TrimSpace(got.Stdout)
}

func (n *node) pull(image string) {
	n.t.Helper()
	n.must("sudo ctr image pull --hosts-dir /etc/containerd/certs.d "+image+" >/dev/null", "")
}

func TestContainerdRunsPostgreSQLOfTheMirror(t *testing.T) {
	const name, image = "docker.io/bitnamilegacy/postgresql", "docker.io/bitnamilegacy/postgresql:17.6.0-debian-12-r4"
	n := newNode(t, name)
	n.pull(image)
	// as the chart's pod has it: a root that nobody writes to, passwords in files
	n.must("sudo install -d -o 1001 -g 1001 /data /data/tmp /data/secrets && cd /data/secrets && echo -n admin | sudo tee postgres-password >/dev/null && echo -n own | sudo tee password >/dev/null", "")
	const run = `sudo ctr run --detach --read-only \
  --env POSTGRES_USER=exchange --env POSTGRES_DATABASE=exchange --env POSTGRES_PASSWORD_FILE=/secrets/password --env POSTGRES_POSTGRES_PASSWORD_FILE=/secrets/postgres-password \
  --mount type=bind,src=/data,dst=/bitnami/postgresql,options=rbind:rw --mount type=bind,src=/data/tmp,dst=/tmp,options=rbind:rw --mount type=bind,src=/data/secrets,dst=/secrets,options=rbind:ro \
  ` + image + ` database`
	inside := func(command string) string {
		return `sudo ctr task exec --exec-id x$RANDOM --user 1001:1001 database /bin/sh -c "` + command + `"`
	}
	ready := func() {
		t.Helper()
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			got := lighttest.Run(t, n.client, "", inside("exec pg_isready -U exchange -h 127.0.0.1 -p 5432"))
			if got.Code == 0 {
				return poll.Success()
			}
			return poll.Continue("%s%s", got.Stdout, got.Stderr)
		}, poll.WithDelay(200*time.Millisecond), poll.WithTimeout(2*time.Minute))
	}
	n.must(run, "")
	ready()
	const sql = "PGPASSWORD=own psql -h 127.0.0.1 -U exchange -Atc "
	n.must(inside(sql+"'create table rows(n int); insert into rows values (41), (1)'"), "")
	assert.Equal(t, n.must(inside("PGPASSWORD=admin psql -h 127.0.0.1 -U postgres -Atc 'select usesuper from pg_user where usename = user'"), ""), "t")

	n.must("sudo ctr task kill --signal KILL database && while sudo ctr task ls | grep -q 'database.*RUNNING'; do :; done; sudo ctr task rm database; sudo ctr container rm database", "")
	n.must(run, "")
	ready()
	assert.Equal(t, n.must(inside(sql+"'select sum(n) from rows'"), ""), "42", "after a kill")
	n.must("sudo ctr task kill --signal KILL database", "")
}
