package host

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
)

// fakeEngine takes log lines, as the real one does.
type fakeEngine struct {
	pulumirpc.UnimplementedEngineServer
	lines chan string
}

func (e *fakeEngine) Log(_ context.Context, req *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.lines <- req.GetMessage()
	return &emptypb.Empty{}, nil
}

// newHost is a host that has shaken hands with a fake engine.
func newHost(t *testing.T) (*Host, *fakeEngine) {
	t.Helper()
	engine := &fakeEngine{lines: make(chan string, 100)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	server := grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, engine)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	host := New("1.2.3", "")
	t.Cleanup(host.shutdown)
	_, err = host.Handshake(t.Context(), &pulumirpc.LanguageHandshakeRequest{EngineAddress: listener.Addr().String()})
	assert.NilError(t, err)
	return host, engine
}

// program is a folder with a Go program that has this main.go.
func program(t *testing.T, source string) string {
	t.Helper()
	return fs.NewDir(t, "program", fs.WithFile("go.mod", "module program\n\ngo 1.26\n"), fs.WithFile("main.go", source)).Path()
}

func request(t *testing.T, dir string, options map[string]any) *pulumirpc.RunRequest {
	t.Helper()
	values, err := structpb.NewStruct(options)
	assert.NilError(t, err)
	return &pulumirpc.RunRequest{
		Project: "exchange", Stack: "demo", Pwd: dir, Parallel: 8, DryRun: true, MonitorAddress: "127.0.0.1:1",
		Config: map[string]string{"exchange:zone": "ir-thr-ba1"}, ConfigSecretKeys: []string{"exchange:key"},
		Info: &pulumirpc.ProgramInfo{RootDirectory: dir, ProgramDirectory: dir, EntryPoint: ".", Options: values},
	}
}

const printEnvironment = `package main

import ("os"; "strings")

func main() {
	var out []string
	for _, name := range []string{"PROJECT", "STACK", "CONFIG", "CONFIG_SECRET_KEYS", "DRY_RUN", "PARALLEL", "MONITOR"} {
		out = append(out, name + "=" + os.Getenv("PULUMI_" + name))
	}
	if err := os.WriteFile("environment", []byte(strings.Join(out, "\n")), 0o600); err != nil { panic(err) }
}
`

func TestRunBuildsTheProgramAndHandsItTheRun(t *testing.T) {
	host, engine := newHost(t)
	dir := program(t, printEnvironment)
	response, err := host.Run(t.Context(), request(t, dir, map[string]any{"buildTarget": "bin/program"}))
	assert.NilError(t, err)
	assert.Equal(t, response.GetError(), "")
	assert.Assert(t, !response.GetBail())
	assert.Equal(t, <-engine.lines, "Compiling the program ...")
	seen, err := os.ReadFile(filepath.Join(dir, "environment"))
	assert.NilError(t, err)
	assert.Equal(t, string(seen), `PROJECT=exchange
STACK=demo
CONFIG={"exchange:zone":"ir-thr-ba1"}
CONFIG_SECRET_KEYS=["exchange:key"]
DRY_RUN=true
PARALLEL=8
MONITOR=127.0.0.1:1`)
	_, err = os.Stat(filepath.Join(dir, "bin/program"))
	assert.NilError(t, err, "the build target is kept")

	// The same program, built beforehand.
	assert.NilError(t, os.Remove(filepath.Join(dir, "environment")))
	response, err = host.Run(t.Context(), request(t, dir, map[string]any{"binary": "bin/program"}))
	assert.NilError(t, err)
	assert.Equal(t, response.GetError(), "")
	_, err = os.Stat(filepath.Join(dir, "environment"))
	assert.NilError(t, err)
}

func TestRunReportsHowTheProgramEnded(t *testing.T) {
	host, _ := newHost(t)
	for _, test := range []struct {
		name, source string
		bail         bool
		message      string
	}{
		{"error told to the engine", `package main; import "os"; func main() { os.Exit(32) }`, true, ""},
		{"error not told", `package main; import "os"; func main() { os.Exit(3) }`, false, "non-zero exit code: 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, err := host.Run(t.Context(), request(t, program(t, test.source), nil))
			assert.NilError(t, err)
			assert.Equal(t, response.GetBail(), test.bail)
			assert.Assert(t, cmp.Contains(response.GetError(), test.message))
		})
	}
}

func TestRunShowsCompileErrors(t *testing.T) {
	host, _ := newHost(t)
	_, err := host.Run(t.Context(), request(t, program(t, "package main\n\nfunc main() { nothing() }\n"), nil))
	assert.ErrorContains(t, err, "./main.go:3:15: undefined: nothing")

	_, err = host.Run(t.Context(), request(t, program(t, "package other\n"), nil))
	assert.ErrorContains(t, err, "its package must be called main")
}

func TestRunRefusesContradictoryOptions(t *testing.T) {
	host, _ := newHost(t)
	_, err := host.Run(t.Context(), request(t, t.TempDir(), map[string]any{"binary": "a", "buildTarget": "b"}))
	assert.ErrorContains(t, err, "exclude each other")
	_, err = host.Run(t.Context(), request(t, t.TempDir(), map[string]any{"binary": "no-such-program"}))
	assert.ErrorContains(t, err, `unable to find "no-such-program"`)
	_, err = host.Run(t.Context(), request(t, t.TempDir(), nil))
	assert.ErrorContains(t, err, "no *.go file")
}

func TestCancelInterruptsTheProgram(t *testing.T) {
	host, _ := newHost(t)
	dir := program(t, `package main

import ("os"; "os/signal")

func main() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	if err := os.Mkdir("started", 0o700); err != nil { panic(err) }
	<-interrupted
	os.Exit(7)
}
`)
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(dir, "started")); err == nil {
				_, _ = host.Cancel(context.Background(), nil)
				return
			}
		}
	}()
	response, err := host.Run(t.Context(), request(t, dir, nil))
	assert.NilError(t, err)
	assert.Equal(t, response.GetError(), "program exited with non-zero exit code: 7")
}
