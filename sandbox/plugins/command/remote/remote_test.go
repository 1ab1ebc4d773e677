package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/blang/semver"
	gliderssh "github.com/gliderlabs/ssh"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// machine is an SSH server that understands a few commands.
type machine struct {
	port    float64
	hostKey string
	// privateKey gets in.
	privateKey string
	// ran are the commands it was given.
	ran []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	userKey, hostKey := newKey(t), newKey(t)
	allowed, err := ssh.NewSignerFromKey(userKey)
	assert.NilError(t, err)
	host, err := ssh.NewSignerFromKey(hostKey)
	assert.NilError(t, err)
	block, err := ssh.MarshalPrivateKey(userKey, "")
	assert.NilError(t, err)

	m := &machine{
		hostKey:    string(ssh.MarshalAuthorizedKey(host.PublicKey())),
		privateKey: string(pem.EncodeToMemory(block)),
	}
	forward := &gliderssh.ForwardedTCPHandler{}
	server := &gliderssh.Server{
		Handler: m.handle,
		PublicKeyHandler: func(ctx gliderssh.Context, key gliderssh.PublicKey) bool {
			return ctx.User() == "ubuntu" && gliderssh.KeysEqual(key, allowed.PublicKey())
		},
		LocalPortForwardingCallback: func(gliderssh.Context, string, uint32) bool { return true },
		ChannelHandlers: map[string]gliderssh.ChannelHandler{
			"session": gliderssh.DefaultSessionHandler, "direct-tcpip": gliderssh.DirectTCPIPHandler,
		},
		RequestHandlers: map[string]gliderssh.RequestHandler{"tcpip-forward": forward.HandleSSHRequest},
	}
	server.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	m.port = float64(listener.Addr().(*net.TCPAddr).Port)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

func (m *machine) handle(session gliderssh.Session) {
	command := session.RawCommand()
	m.ran = append(m.ran, command)
	switch {
	case command == "cat":
		_, _ = io.Copy(session, session)
	case command == "env":
		for _, variable := range session.Environ() {
			fmt.Fprintln(session, variable)
		}
	case strings.HasPrefix(command, "echo "):
		fmt.Fprintln(session, strings.TrimPrefix(command, "echo "))
	case command == "fail":
		fmt.Fprintln(session, "so far so good")
		fmt.Fprintln(session.Stderr(), "no such host")
		_ = session.Exit(4)
	}
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	assert.NilError(t, err)
	return key
}

// connection is the input that gets into the machine, with some of it changed.
func (m *machine) connection(changes map[string]property.Value) property.Value {
	values := map[string]property.Value{
		"host": property.New("127.0.0.1"), "port": property.New(m.port), "user": property.New("ubuntu"),
		"privateKey": property.New(m.privateKey), "hostKey": property.New(m.hostKey), "dialErrorLimit": property.New(1.0),
	}
	maps.Copy(values, changes)
	return property.New(values)
}

func newServer(t *testing.T) integration.Server {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "command", semver.MustParse("1.2.1"),
		integration.WithProvider(infer.Provider(infer.Options{
			Resources: []infer.InferredResource{infer.Resource(&Command{})},
		})))
	assert.NilError(t, err)
	return server
}

const commandURN = resource.URN("urn:pulumi:demo::exchange::command:remote:Command::step")

func create(t *testing.T, server integration.Server, inputs map[string]property.Value) (p.CreateResponse, error) {
	t.Helper()
	checked, err := server.Check(p.CheckRequest{Urn: commandURN, Inputs: property.NewMap(inputs)})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
	return server.Create(p.CreateRequest{Urn: commandURN, Properties: checked.Inputs})
}

func output(t *testing.T, properties property.Map, name string) string {
	t.Helper()
	value, there := properties.GetOk(name)
	assert.Assert(t, there && value.IsString(), "output %s of %v", name, properties)
	return value.AsString()
}

func TestCommandLifecycle(t *testing.T) {
	m, server := newMachine(t), newServer(t)
	inputs := map[string]property.Value{
		"connection": m.connection(nil), "create": property.New("echo made"), "delete": property.New("env"),
	}
	created, err := create(t, server, inputs)
	assert.NilError(t, err)
	assert.Equal(t, output(t, created.Properties, "stdout"), "made")
	assert.Assert(t, cmp.Regexp("^step[0-9a-f]{8}$", created.ID))
	connection, _ := created.Properties.GetOk("connection")
	assert.Assert(t, connection.Secret(), "the connection is secret")

	inputs["create"] = property.New("echo again")
	checked, err := server.Check(p.CheckRequest{Urn: commandURN, Inputs: property.NewMap(inputs)})
	assert.NilError(t, err)
	diff, err := server.Diff(p.DiffRequest{Urn: commandURN, ID: created.ID, State: created.Properties, Inputs: checked.Inputs})
	assert.NilError(t, err)
	assert.Equal(t, diff.DetailedDiff["create"].Kind, p.Update)
	updated, err := server.Update(p.UpdateRequest{Urn: commandURN, ID: created.ID, State: created.Properties, Inputs: checked.Inputs})
	assert.NilError(t, err)
	assert.Equal(t, output(t, updated.Properties, "stdout"), "again", "without an update command, create runs again")

	assert.NilError(t, server.Delete(p.DeleteRequest{Urn: commandURN, ID: created.ID, Properties: updated.Properties}))
	assert.DeepEqual(t, m.ran, []string{"echo made", "echo again", "env"})
}

func TestCommandPassesStdinAndEnvironment(t *testing.T) {
	m, server := newMachine(t), newServer(t)
	created, err := create(t, server, map[string]property.Value{
		"connection": m.connection(nil), "create": property.New("cat"), "stdin": property.New("secret\n").WithSecret(true),
	})
	assert.NilError(t, err)
	assert.Equal(t, output(t, created.Properties, "stdout"), "secret")
	stdin, _ := created.Properties.GetOk("stdin")
	assert.Assert(t, stdin.Secret(), "a secret stays one")

	created, err = create(t, server, map[string]property.Value{
		"connection": m.connection(nil), "create": property.New("env"),
		"environment": property.New(map[string]property.Value{"LANG": property.New("C")}),
	})
	assert.NilError(t, err)
	assert.Equal(t, output(t, created.Properties, "stdout"), "LANG=C")
}

func TestFailedCommandShowsItsOutput(t *testing.T) {
	m, server := newMachine(t), newServer(t)
	_, err := create(t, server, map[string]property.Value{
		"connection": m.connection(nil), "create": property.New("fail"),
	})
	assert.ErrorContains(t, err, "Process exited with status 4: running \"fail\":\n")
	assert.ErrorContains(t, err, "so far so good")
	assert.ErrorContains(t, err, "no such host")
}

func TestDialErrors(t *testing.T) {
	m, server := newMachine(t), newServer(t)
	other := newMachine(t)
	for name, test := range map[string]struct {
		changes map[string]property.Value
		message string
	}{
		"nobody listens": {map[string]property.Value{"port": property.New(1.0)}, "after 1 failed attempts: dial tcp 127.0.0.1:1"},
		"wrong host key": {map[string]property.Value{"hostKey": property.New(other.hostKey)}, "host key mismatch"},
		"wrong user key": {map[string]property.Value{"privateKey": property.New(other.privateKey)}, "unable to authenticate"},
		"no host key":    {map[string]property.Value{"hostKey": property.New("nonsense")}, "failed to parse host key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := create(t, server, map[string]property.Value{
				"connection": m.connection(test.changes), "create": property.New("env"),
			})
			assert.ErrorContains(t, err, test.message)
		})
	}
}

func TestCommandThroughProxy(t *testing.T) {
	m, proxy, server := newMachine(t), newMachine(t), newServer(t)
	created, err := create(t, server, map[string]property.Value{
		"connection": m.connection(map[string]property.Value{"proxy": proxy.connection(nil)}), "create": property.New("echo far"),
	})
	assert.NilError(t, err)
	assert.Equal(t, output(t, created.Properties, "stdout"), "far")
	assert.Equal(t, len(proxy.ran), 0)
}

func TestPreviewRunsNothing(t *testing.T) {
	m, server := newMachine(t), newServer(t)
	checked, err := server.Check(p.CheckRequest{Urn: commandURN, Inputs: property.NewMap(map[string]property.Value{
		"connection": m.connection(nil), "create": property.New("echo made"),
	})})
	assert.NilError(t, err)
	created, err := server.Create(p.CreateRequest{Urn: commandURN, Properties: checked.Inputs, DryRun: true})
	assert.NilError(t, err)
	stdout, _ := created.Properties.GetOk("stdout")
	assert.Assert(t, stdout.IsComputed(), "what it will print is not known yet")
	assert.Equal(t, len(m.ran), 0)
}
