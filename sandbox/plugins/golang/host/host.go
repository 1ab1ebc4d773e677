// Package host is a Pulumi language host for Go programs: the process the engine asks which plugins a program needs, and
// to build and run it.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// healthInterval is how often the host looks whether its engine still lives. The official host looks every five minutes;
// a killed engine would leave this process, and the program it runs, behind for as long.
const healthInterval = 10 * time.Second

// Host serves one engine.
type Host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	version string
	// serving ends with the host; running, which is part of it, ends all programs but leaves the host to report it.
	serving, running    context.Context
	shutdown, interrupt context.CancelFunc

	mu     sync.Mutex
	engine string
}

// New returns a host that reports version and, when engine is not empty, already knows its engine's address.
func New(version, engine string) *Host {
	host := &Host{version: version, engine: engine}
	host.serving, host.shutdown = context.WithCancel(context.Background())
	host.running, host.interrupt = context.WithCancel(host.serving)
	return host
}

// Serve runs a host on a free loopback port until ctx ends or the engine goes away, and prints that port on out, which is
// how the engine learns where it listens.
func Serve(ctx context.Context, version, engine string, out io.Writer) error {
	host := New(version, engine)
	if engine != "" {
		if err := host.watchEngine(engine); err != nil {
			return err
		}
	}
	stopped := make(chan bool)
	go func() {
		select {
		case <-ctx.Done():
			host.shutdown()
		case <-host.serving.Done():
		}
		close(stopped)
	}()
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stopped,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("serve the language host: %w", err)
	}
	if _, err := fmt.Fprintln(out, handle.Port); err != nil {
		return fmt.Errorf("announce the port: %w", err)
	}
	return <-handle.Done
}

// watchEngine interrupts the host's programs, and ends it, when the engine no longer answers.
func (h *Host) watchEngine(address string) error {
	if err := rpcutil.Healthcheck(h.serving, address, healthInterval, h.shutdown); err != nil {
		return fmt.Errorf("watch the engine at %s: %w", address, err)
	}
	return nil
}

// Handshake tells the host where its engine listens.
func (h *Host) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	if req.GetEngineAddress() == "" {
		return nil, errors.New("the handshake names no engine address")
	}
	h.mu.Lock()
	h.engine = req.EngineAddress
	h.mu.Unlock()
	if err := h.watchEngine(req.EngineAddress); err != nil {
		return nil, err
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo reports the version of the host.
func (h *Host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: h.version}, nil
}

// Cancel interrupts the running program.
func (h *Host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.interrupt()
	return &emptypb.Empty{}, nil
}

// About names the Go toolchain programs are built with.
func (h *Host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return nil, errNoGo(err)
	}
	version, err := exec.CommandContext(ctx, tool, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", tool, err)
	}
	return &pulumirpc.AboutResponse{Executable: tool, Version: strings.TrimSpace(string(version))}, nil
}

// RuntimeOptionsPrompts has nothing to ask.
func (h *Host) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// Template has nothing to fill in.
func (h *Host) Template(context.Context, *pulumirpc.TemplateRequest) (*pulumirpc.TemplateResponse, error) {
	return &pulumirpc.TemplateResponse{}, nil
}

// InstallDependencies downloads the modules of the program.
func (h *Host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.GetIsTerminal())
	if err != nil {
		return err
	}
	defer closer.Close()
	tool, err := exec.LookPath("go")
	if err != nil {
		return errNoGo(err)
	}
	fmt.Fprint(stdout, "Installing dependencies...\n\n")
	// The official host tidies. Downloading is all a program with its go.sum committed needs, and it leaves go.mod alone.
	download := exec.CommandContext(server.Context(), tool, "mod", "download")
	download.Dir = req.GetInfo().GetProgramDirectory()
	download.Stdout, download.Stderr = stdout, stderr
	if err := download.Run(); err != nil {
		return fmt.Errorf("go mod download in %s: %w", download.Dir, err)
	}
	fmt.Fprint(stdout, "Finished installing dependencies\n\n")
	return closer.Close()
}

// engineClient connects to the engine of the handshake.
func (h *Host) engineClient() (pulumirpc.EngineClient, string, io.Closer, error) {
	h.mu.Lock()
	address := h.engine
	h.mu.Unlock()
	if address == "" {
		return nil, "", nil, errors.New("no engine: Run was called before Handshake")
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return nil, "", nil, fmt.Errorf("connect to the engine at %s: %w", address, err)
	}
	return pulumirpc.NewEngineClient(connection), address, connection, nil
}

// environment is what the host and what it starts see; a variable so that tests can pin it.
var environment = os.Environ

func errNoGo(err error) error {
	return fmt.Errorf("the program is written in Go, but there is no go on PATH: install Go or extend PATH (%w)", err)
}
