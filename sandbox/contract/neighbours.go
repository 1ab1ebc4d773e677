package contract

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/storage"
)

// neighbours are what the platform gives an application: a database and a store, and where the two buckets are apart another store, of the
// media bucket.
type neighbours struct {
	database         *postgres
	store, elsewhere *store
}

// startNeighbours makes them in a folder.
func startNeighbours(ctx context.Context, dir string) (*neighbours, error) {
	for _, folder := range []string{"postgres", "store", "elsewhere"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	store, err := startStore(storage.Options{
		Dir: filepath.Join(dir, "store"), Buckets: []string{staticBucket, mediaBucket}, Public: []string{staticBucket},
		AccessKey: secrets["AWS_ACCESS_KEY_ID"], SecretKey: secrets["AWS_SECRET_ACCESS_KEY"], Region: "us-east-1",
	})
	if err != nil {
		return nil, err
	}
	elsewhere, err := startStore(storage.Options{
		Dir: filepath.Join(dir, "elsewhere"), Buckets: []string{mediaBucket},
		AccessKey: secrets["AWS_MEDIA_ACCESS_KEY_ID"], SecretKey: secrets["AWS_MEDIA_SECRET_ACCESS_KEY"], Region: elsewhereRegion,
	})
	if err != nil {
		store.server.Close()
		return nil, err
	}
	database, err := startPostgres(ctx, filepath.Join(dir, "postgres"))
	if err != nil {
		store.server.Close()
		elsewhere.server.Close()
		return nil, err
	}
	return &neighbours{database: database, store: store, elsewhere: elsewhere}, nil
}

// stop ends them; nobody needs what they keep.
func (n *neighbours) stop() {
	n.store.server.Close()
	n.elsewhere.server.Close()
	_ = n.database.stop()
}

const (
	staticBucket, mediaBucket = "static", "media"
	// elsewhereRegion is that of the other store, and of nothing else.
	elsewhereRegion = "elsewhere-1"
)

// store is an S3 server on the loopback.
type store struct {
	dir    string
	server *httptest.Server
}

func startStore(options storage.Options) (*store, error) {
	served, err := storage.New(options)
	if err != nil {
		return nil, err
	}
	return &store{dir: options.Dir, server: httptest.NewServer(served)}, nil
}

// url is the store's address by one of its names: pods know it by another one than browsers.
func (s *store) url(name string) string {
	return fmt.Sprintf("http://%s:%d", name, s.server.Listener.Addr().(*net.TCPAddr).Port)
}

// objects counts what is in a bucket.
func (s *store) objects(bucket string) (int, error) {
	count := 0
	err := filepath.WalkDir(filepath.Join(s.dir, bucket), func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			count++
		}
		return err
	})
	return count, err
}

// postgres is a PostgreSQL of this machine's package on the loopback, without anything that outlives it.
type postgres struct {
	programs, dir string
	port          int
	name, role    string
	owner         *syscall.Credential // who runs it: it refuses to be root's
	server        *exec.Cmd
}

// findPostgres returns the folder of the newest server's programs.
func findPostgres() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("no PostgreSQL server in /usr/lib/postgresql: install the package postgresql-15"), err)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// startPostgres makes a server and an empty database in it, whose owner is the application.
func startPostgres(ctx context.Context, dir string) (*postgres, error) {
	programs, err := findPostgres()
	if err != nil {
		return nil, err
	}
	p := &postgres{programs: programs, dir: dir, name: "orders", role: "keeper"}
	if os.Geteuid() == 0 {
		if p.owner, err = credential("postgres"); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(p.owner.Uid), int(p.owner.Gid)); err != nil {
			return nil, err
		}
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(secrets["DATABASE_PASSWORD"]), 0o644); err != nil {
		return nil, err
	}
	init := p.command(ctx, "initdb", "--pgdata", filepath.Join(dir, "data"), "--username", "postgres", "--pwfile", password,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
	if output, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, output)
	}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	for _, statement := range []string{
		fmt.Sprintf("CREATE ROLE %s LOGIN CREATEDB PASSWORD '%s'", p.role, secrets["DATABASE_PASSWORD"]),
		fmt.Sprintf("CREATE DATABASE %s OWNER %s", p.name, p.role),
	} {
		if _, err := p.ask(ctx, "postgres", statement); err != nil {
			return nil, errors.Join(err, p.stop())
		}
	}
	return p, nil
}

func (p *postgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(p.programs, name), args...)
	command.Dir = p.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner, Pdeathsig: syscall.SIGKILL}
	return command
}

// start starts the server and waits until it answers. From then on it lives until it is stopped: whoever starts it anew does so for
// others, too.
func (p *postgres) start(ctx context.Context) error {
	p.server = p.command(context.WithoutCancel(ctx), "postgres", "-D", filepath.Join(p.dir, "data"), "-p", strconv.Itoa(p.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "dynamic_shared_memory_type=mmap", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.server.Stderr = log
	if err := p.server.Start(); err != nil {
		return err
	}
	if err := wait(ctx, time.Minute, "PostgreSQL to answer", func() error {
		_, err := p.ask(ctx, "postgres", "SELECT 1")
		return err
	}); err != nil {
		return errors.Join(err, p.stop())
	}
	return nil
}

// stop stops the server at once, with everybody's connections.
func (p *postgres) stop() error {
	if err := p.server.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	return p.server.Wait()
}

// psql is a client of a superuser's.
func (p *postgres) psql(ctx context.Context, database string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(p.programs, "psql"), append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(p.port),
		"-U", "postgres", "-d", database, "-XAtq", "-v", "ON_ERROR_STOP=1"}, args...)...)
	command.Env = append(os.Environ(), "PGPASSWORD="+secrets["DATABASE_PASSWORD"], "PGOPTIONS=", "PGSSLMODE=prefer")
	return command
}

// ask runs a statement and returns the one value it gives.
func (p *postgres) ask(ctx context.Context, database, statement string) (string, error) {
	output, err := p.psql(ctx, database, "-c", statement).CombinedOutput()
	text := strings.TrimSpace(string(output))
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", statement, err, text)
	}
	return text, nil
}

// hold keeps a table locked until it is told to let go.
func (p *postgres) hold(ctx context.Context, table string) (release func() error, err error) {
	client := p.psql(ctx, p.name)
	in, err := client.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := client.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := client.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(in, "BEGIN;\nLOCK TABLE %s IN ACCESS EXCLUSIVE MODE;\n\\echo held\n", table); err != nil {
		return nil, err
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(said) != "held" {
		return nil, errors.Join(fmt.Errorf("the table %s cannot be locked", table), err, in.Close(), client.Wait())
	}
	return func() error { return errors.Join(in.Close(), client.Wait()) }, nil
}

// credential is the identity of a user of this machine.
func credential(name string) (*syscall.Credential, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// wait asks again and again until there is no error.
func wait(ctx context.Context, patience time.Duration, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s in vain for %s: %w", patience, what, err)
		case <-again.C:
		}
	}
}

// get asks one of the servers, and follows no redirect.
func get(ctx context.Context, url string, change func(*http.Request)) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(request)
	}
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(request)
}
