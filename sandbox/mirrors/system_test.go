package mirrors_test

import (
	"maps"
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
			assert.NilError(t, tools.BuildForImages(t.Context(), place, os.Stderr, slices.Collect(maps.Values(row.Recipe.Programs))...))
		}
	}
	options, err := tools.ImagesOf(t.Context(), place)
	assert.NilError(t, err)
	options.Rows = rows
	assert.NilError(t, mirrors.Ensure(t.Context(), options, os.Stderr))

	prefix := loopback.Prefix(t)
	listener, err := net.Listen("tcp", prefix+".1:0")
	assert.NilError(t, err)
	trust := mirrors.NewTrust(t.TempDir())
	settings, err := trust.Server(prefix + ".1")
	assert.NilError(t, err)
	server := &http.Server{Handler: mirrors.Registry(place.Images()), TLSConfig: settings}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })

	machines, err := real.New(real.Options{Dir: dir + "/hosts", Base: base, Services: []string{listener.Addr().String()}})
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
	for _, registry := range mirrors.Registries() {
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
		n.until("sudo ctr task exec --exec-id r$RANDOM --user 1001:1001 database /bin/sh -c 'exec pg_isready -U exchange -h 127.0.0.1 -p 5432'")
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

// The exchange, its database and its storage, of the mirror's images alone: what it writes into both, a browser gets.
func TestTheExchangeRunsOfTheMirror(t *testing.T) {
	const (
		database = "docker.io/bitnamilegacy/postgresql"
		storage  = "quay.io/minio/minio"
		client   = "quay.io/minio/mc"
		exchange = "ghcr.io/iransre/exchange"
	)
	n := newNode(t, database, storage, client, exchange)
	for _, image := range []string{database, storage, client, exchange} {
		n.pull(image + ":1")
	}
	n.must("cat > variables", strings.Join([]string{
		"POSTGRES_USER=exchange", "POSTGRES_DATABASE=exchange", "POSTGRES_PASSWORD=own", "POSTGRES_POSTGRES_PASSWORD=admin",
		"MINIO_ROOT_USER=root", "MINIO_ROOT_PASSWORD=rootsecret", "MC_HOST_root=http://root:rootsecret@127.0.0.1:9000",
		"DJANGO_SECRET_KEY=secret", "DJANGO_ALLOWED_HOSTS=demo.iransre.ir", "DATABASE_HOST=127.0.0.1", "DATABASE_PORT=5432", "DATABASE_NAME=exchange",
		"DATABASE_USER=exchange", "DATABASE_PASSWORD=own", "AWS_ACCESS_KEY_ID=root", "AWS_SECRET_ACCESS_KEY=rootsecret",
		"AWS_S3_ENDPOINT_URL=http://127.0.0.1:9000", "AWS_S3_REGION_NAME=us-east-1", "AWS_S3_ADDRESSING_STYLE=path", "AWS_S3_SIGNATURE_VERSION=s3v4",
		"AWS_STATIC_CUSTOM_DOMAIN=127.0.0.1:9000/static", "AWS_S3_URL_PROTOCOL=http:", "AWS_STATIC_BUCKET_NAME=static", "AWS_MEDIA_BUCKET_NAME=media",
		"AWS_REQUEST_CHECKSUM_CALCULATION=when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION=when_required", "AWS_S3_PUBLIC_URL=http://127.0.0.1:9000",
		"HOME=/tmp", "GUNICORN_CMD_ARGS=--bind=127.0.0.1:8000",
	}, "\n"))
	run := func(options, image, name, command string) string {
		return n.must("sudo mkdir -p /scratch/"+name+" && sudo chmod 1777 /scratch /scratch/"+name+" && sudo ctr run "+options+
			" --net-host --env-file variables --mount type=bind,src=/scratch/"+name+",dst=/tmp,options=rbind:rw "+image+":1 "+name+" "+command, "")
	}
	n.must("sudo install -d -o 1001 -g 1001 /data", "")
	run("--detach --read-only --mount type=bind,src=/data,dst=/bitnami/postgresql,options=rbind:rw", database, "database", "")
	run("--detach", storage, "storage", "/bin/sh -ce '/usr/bin/docker-entrypoint.sh minio server /export --console-address :9001'")
	n.until("curl -fsS http://127.0.0.1:9000/minio/health/ready && exec 3<>/dev/tcp/127.0.0.1/5432 && sudo ctr task exec --exec-id r$RANDOM database pg_isready -h 127.0.0.1")
	run("--rm", client, "buckets", `/bin/sh -ec 'mc mb --ignore-existing root/static; mc mb root/media; mc anonymous set download root/static'`)
	run("--rm --read-only", exchange, "migrate", "python manage.py migrate --noinput")
	run("--rm --read-only", exchange, "collect", "python manage.py collectstatic --noinput")
	run("--detach --read-only", exchange, "web", "gunicorn config.wsgi:application")
	const page = "curl -fsS -H 'Host: demo.iransre.ir' -H 'X-Forwarded-Proto: https' http://127.0.0.1:8000/"
	n.until(page + " >/dev/null")
	style := n.must(page+" | grep -o 'http://127.0.0.1:9000/static/[^\"]*css'", "")
	assert.Assert(t, strings.Contains(n.must("curl -fsS '"+style+"'", ""), "{"), "its style, out of the storage")
}

// until waits for a command to succeed.
func (n *node) until(command string) {
	n.t.Helper()
	poll.WaitOn(n.t, func(poll.LogT) poll.Result {
		got := lighttest.Run(n.t, n.client, "", command)
		if got.Code == 0 {
			return poll.Success()
		}
		return poll.Continue("%s%s", got.Stdout, got.Stderr)
	}, poll.WithDelay(200*time.Millisecond), poll.WithTimeout(2*time.Minute))
}

func TestProgramsOfDebianStartInTheirImages(t *testing.T) {
	commands := map[string]string{
		"docker.io/haproxytech/haproxy-alpine":      "/docker-entrypoint.sh -v",
		"docker.io/library/busybox":                 "sh -c 'mkdir -m 0777 -p /tmp/volume && echo made'",
		"docker.io/library/nginx":                   `nginx -g "load_module /usr/lib/nginx/modules/ngx_stream_module.so;" -t`,
		"docker.io/bitnamilegacy/postgres-exporter": "/entrypoint --version",
	}
	n := newNode(t, slices.Sorted(maps.Keys(commands))...)
	for image, command := range commands {
		n.pull(image + ":1")
		n.must("sudo ctr run --rm "+image+":1 started "+command, "")
	}
}
