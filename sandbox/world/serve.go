// Package world is the sandbox's one background process: the ArvanCloud emulator, the machines behind it, the chart
// repository, and the Kubernetes control plane that the machines' cluster is made of.
package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/kubespray"
	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/storage"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// Serve runs the world of w until ctx ends, and then stops every process it started. If it cannot start, the reason is
// left where Ensure finds it.
func Serve(ctx context.Context, w *workspace.Workspace) error {
	err := serve(ctx, w)
	if err != nil {
		_ = os.WriteFile(failureFile(w), []byte(err.Error()), 0o644)
	}
	return err
}

func serve(ctx context.Context, w *workspace.Workspace) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	address := w.Address(1)
	build := fingerprint(w, "/proc/self/exe") // whatever becomes of the file it was started from

	// The files are served before anything else starts: they are also the lock that keeps a second world of the same
	// checkout away.
	files, err := listen(address.String(), workspace.FilesPort)
	if err != nil {
		return err
	}
	defer files.Close()
	api, err := listen(address.String(), workspace.APIPort)
	if err != nil {
		return err
	}
	defer api.Close()
	objects, err := listen(address.String(), workspace.StoragePort)
	if err != nil {
		return err
	}
	defer objects.Close()

	var cluster *cluster // nil where the machines run Kubernetes themselves
	if w.Kind() == workspace.Light {
		cluster = startCluster(ctx, w, logger)
		defer cluster.stop()
	}
	machines, err := newMachines(w, cluster, logger)
	if err != nil {
		return err
	}
	defer machines.Close()
	cloud, err := newCloud(w, machines, logger)
	if err != nil {
		return err
	}
	defer cloud.Close()
	edge, err := newEdge(w, cloud, machines, logger)
	if err != nil {
		return err
	}
	defer edge.close()
	store, err := newStorage(w)
	if err != nil {
		return err
	}
	defer store.Close()
	content := newFiles(w)

	var simulation *beside // nil where there is no cluster of the machines' own
	if own, can := machines.(nodes); can {
		simulation = newBeside(w, own, logger)
		var running sync.WaitGroup
		ctx, end := context.WithCancel(ctx)
		running.Go(func() { simulation.run(ctx) })
		defer running.Wait()
		defer end()
	}

	_ = os.Remove(socket(w))
	control, err := net.Listen("unix", socket(w))
	if err != nil {
		return fmt.Errorf("the sandbox's control socket: %w", err)
	}
	status := func() Status {
		parts := []Part{
			{Name: "ArvanCloud", Kind: "emulator of IaaS v1 and CDN 4.0", Address: w.APIURL(), State: "running"},
			{Name: "virtual machines", Kind: describeKind(w.Kind()), Address: w.Address(10).String() + " …", State: "running"},
			describeCluster(cluster),
			{Name: "object storage", Kind: "S3-compatible, over a folder; signatures are checked", Address: w.StorageURL(), State: "running"},
			{Name: "Kubespray", Kind: "the real ansible-playbook on " + describeTree(w), Address: w.FilesURL() + "/files/", State: "served"},
			{Name: "charts", Kind: "stand-ins with the real charts' objects", Address: w.FilesURL() + "/charts/", State: "served"},
		}
		if w.Kind() == workspace.Real {
			parts = append(parts, Part{Name: "Git", Kind: "git's own server, with the one repository that Argo CD may watch", Address: w.GitURL() + "/" + workspace.DevOps, State: "served"})
		}
		return Status{PID: os.Getpid(), Build: build, Machines: machines.List(), MemoryMiB: memoryMiB(os.Getpid()), FreeMiB: freeMiB(), Edge: edge.status(), Pods: simulation.pods(ctx), Parts: parts}
	}
	people := &told{}
	sites := []site{{files, content}, {api, cloud}, {objects, store}, {control, controlHandler(status, machines, cluster, people)}}
	if w.Kind() == workspace.Real {
		own, err := forMachines(w)
		if err != nil {
			return err
		}
		for _, each := range own {
			defer each.listener.Close()
		}
		outside, err := listen(address.String(), workspace.MessagesPort)
		if err != nil {
			return err
		}
		defer outside.Close()
		sites = append(append(sites, own...), site{outside, messages.Outside(people.take)})
	}
	return serveAll(ctx, logger, append(sites, edge.sites()...)...)
}

// clearing is how long a world that was killed a moment ago may still hold its ports.
const clearing = 5 * time.Second

// listen is net.Listen with some patience, and an error that says which port is in the way.
func listen(address string, port int) (net.Listener, error) {
	patience, again := time.After(clearing), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	var listener net.Listener
	var err error
	for waiting := true; waiting; {
		listener, err = net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		select {
		case <-again.C:
		case <-patience:
			waiting = false
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d on %s is in use by another program; stop it, or remove the file .sandbox/network and the stack's state to move the sandbox elsewhere", port, address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on port %d of %s: %w", port, address, err)
	}
	return listener, nil
}

func newCloud(w *workspace.Workspace, machines hosts.Machines, logger *slog.Logger) (*emulator.Emulator, error) {
	apiKey, err := w.Secret("api-key")
	if err != nil {
		return nil, err
	}
	return emulator.New(emulator.Options{
		APIKey: apiKey, StateFile: w.Path("cloud.json"), PublicAddresses: w.Addresses(10, 239), Machines: machines, Logger: logger,
		Pace: emulator.Clock(200 * time.Millisecond), // of a cloud, whoever looks; short beside what machines take
	})
}

// newStorage is where backups go, and a state if it is told to.
func newStorage(w *workspace.Workspace) (*storage.Storage, error) {
	options := storage.Options{Dir: w.Path("storage"), Region: workspace.StorageRegion,
		Buckets: []string{workspace.BackupBucket, workspace.DatabaseBackupBucket, workspace.LogsBucket, workspace.StateBucket}}
	for key, field := range map[string]*string{"accessKey": &options.AccessKey, "secretKey": &options.SecretKey} {
		var err error
		if *field, err = w.Secret(workspace.BackupSecrets[key]); err != nil {
			return nil, err
		}
	}
	return storage.New(options)
}

// newFiles serves what installs come from: charts as a mirror would, an archive of each release of Kubespray, and the software of nodes.
func newFiles(w *workspace.Workspace) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/charts/", charts.Handler(manifests(w)))
	for _, tag := range kubespray.Releases() {
		mux.HandleFunc("/files/"+kubespray.ArchiveName(tag), func(response http.ResponseWriter, _ *http.Request) {
			archive, err := KubesprayArchive(w, tag)
			if err != nil {
				http.Error(response, err.Error(), http.StatusInternalServerError)
				return
			}
			response.Header().Set("Content-Type", "application/gzip")
			_, _ = response.Write(archive)
		})
	}
	if w.Kind() == workspace.Real {
		mirrorFiles(mux, w)
	}
	return mux
}

func controlHandler(status func() Status, machines hosts.Disturbable, cluster *cluster, people *told) http.Handler {
	mux := http.NewServeMux()
	handleMachines(mux, machines)
	handlePrivate(mux, machines)
	handleEtcd(mux, cluster)
	people.serve(mux)
	mux.HandleFunc("GET /status", func(response http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(response).Encode(status())
	})
	return mux
}

// site is a handler and where it listens.
type site struct {
	listener net.Listener
	handler  http.Handler
}

// serveAll serves every site until ctx ends or one of them fails.
func serveAll(ctx context.Context, logger *slog.Logger, sites ...site) error {
	failed := make(chan error, len(sites))
	for _, site := range sites {
		server := &http.Server{Handler: site.handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)}
		defer server.Close()
		go func() { failed <- server.Serve(site.listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}
