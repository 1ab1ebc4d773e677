// Package tools builds the programs a sandbox runs, each once, and says how long it takes.
package tools

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// Tool is one program to build.
type Tool struct {
	// Name is the file's, as others look for it.
	Name string
	// Purpose tells a newcomer what the minutes go into.
	Purpose string
	// Module is the folder of the Go module to build in, relative to the checkout; Package is the main package.
	Module, Package string
	// LinkerFlags are added to "-s -w".
	LinkerFlags string
	// Tags choose what is compiled.
	Tags string
	// Completed is a module that lacks something.
	Completed *completion
	// For is what stacks say for which it is built, such as "profile: prod"; empty for all.
	For string
	// Target is the file to make.
	Target string
	// Static programs run inside the machines, whose libraries may be of another age.
	Static bool
	// Shared ones have their packages compiled as those of programs that are not static: the C library is in them if there is one.
	Shared bool
}

// Those of the modules in go.mod, which a test holds them to.
const (
	pulumiVersion = "v3.274.1"
	helmVersion   = "v3.20.1"
)

// All lists the tools of w in the order in which they are built: what a first `up` needs first comes first.
func All(w *workspace.Workspace) []Tool {
	const sandbox = "github.com/iransre/exchange-platform/sandbox/"
	own := func(name, purpose, pkg string) Tool {
		return Tool{Name: name, Purpose: purpose, Module: "sandbox", Package: sandbox + pkg, Target: w.Binary(name)}
	}
	plugin := func(name, version, pkg string) Tool {
		tool := own("pulumi-resource-"+name, "stand-in for the plugin "+name+" "+version, pkg)
		tool.Target = filepath.Join(w.PulumiHome(), "plugins", "resource-"+name+"-"+version, tool.Name)
		return tool
	}
	pulumi := Tool{
		Name: "pulumi", Purpose: "the real Pulumi CLI " + pulumiVersion, Module: "sandbox",
		Package:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		LinkerFlags: " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=" + pulumiVersion,
		Target:      w.Binary("pulumi"),
	}
	kube := own("kube", "the real Kubernetes control plane "+controlplane.KubernetesVersion+", etcd, kubectl and KWOK", "cmd/kube")
	kube.LinkerFlags = controlplane.VersionFlags
	language := own("pulumi-language-go", "stand-in for Pulumi's Go language host", "plugins/golang")
	language.LinkerFlags = " -X main.version=" + strings.TrimPrefix(pulumiVersion, "v")
	guest := own("guest", "the machines' systemctl, cloud-init, kubeadm …", "cmd/guest")
	guest.Static = true
	all := []Tool{
		pulumi,
		language,
		plugin("random", "v4.21.1", "plugins/random"),
		plugin("command", "v1.2.1", "plugins/command"),
		plugin("kubernetes", "v4.33.0", "plugins/kubernetes"),
		guest,
		kube,
		{
			Name: "helm", Purpose: "the real Helm CLI " + helmVersion + ", for reviews", Module: "sandbox",
			Package: "helm.sh/helm/v3/cmd/helm", Target: w.Binary("helm"),
			LinkerFlags: " -X helm.sh/helm/v3/internal/version.version=" + helmVersion,
		},
		{
			Name: "pulumi-resource-arvancloud", Purpose: "our own ArvanCloud provider", Module: ".",
			Package: "github.com/iransre/exchange-platform/provider/cmd/pulumi-resource-arvancloud",
			Target:  filepath.Join(w.Root, "bin", "pulumi-resource-arvancloud"),
		},
		{
			Name: "exchange-platform", Purpose: "the program itself", Module: ".",
			Package: "github.com/iransre/exchange-platform",
			Target:  filepath.Join(w.Root, "bin", "exchange-platform"),
		},
	}
	if w.Kind() == workspace.Real {
		node := own("node", "the real software of Kubernetes nodes "+controlplane.KubernetesVersion+": kubelet, kubeadm, kube-proxy …", "cmd/node")
		node.Static, node.Shared, node.LinkerFlags = true, true, controlplane.VersionFlags
		all = append(append(all, node), slices.DeleteFunc(forImages(w), func(tool Tool) bool {
			return tool.For != "" && !w.Says(tool.For)
		})...)
	}
	return all
}

// Build makes, or links where the official one is installed, every tool that is missing or older than its sources, and writes what it does to out. An error names the
// tool and holds the compiler's own words.
func Build(ctx context.Context, w *workspace.Workspace, out io.Writer) error {
	fingerprint, err := sources(w)
	if err != nil {
		return err
	}
	stamp := w.Binary("fingerprint-" + variant(w)) // all sandboxes of a checkout share the tools
	if err := os.MkdirAll(filepath.Dir(stamp), 0o755); err != nil {
		return err
	}
	if built, err := os.ReadFile(stamp); err == nil && string(built) == fingerprint && allThere(w) {
		return nil
	}
	start := time.Now()
	for _, tool := range All(w) {
		if err := tool.provide(ctx, w, out); err != nil {
			return err
		}
	}
	if err := linkKubectl(w); err != nil {
		return err
	}
	fmt.Fprintf(out, "tools ready after %s\n", time.Since(start).Round(time.Second))
	return os.WriteFile(stamp, []byte(fingerprint), 0o644)
}

// variant tells apart sandboxes for which other tools are built.
func variant(w *workspace.Workspace) string {
	settings := []string{string(w.Kind())}
	for _, tool := range All(w) {
		if at := strings.LastIndex(tool.For, ": "); at >= 0 {
			settings = append(settings, tool.For[at+2:])
		}
	}
	slices.Sort(settings[1:])
	return strings.Join(slices.Compact(settings), "-")
}

func allThere(w *workspace.Workspace) bool {
	return !slices.ContainsFunc(All(w), func(tool Tool) bool {
		_, err := os.Stat(tool.Target)
		return err != nil
	})
}

// linkKubectl gives the control plane's binary the name under which it is kubectl.
func linkKubectl(w *workspace.Workspace) error {
	err := os.Symlink("kube", w.Binary("kubectl"))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// provide links the official program where one is installed and builds ours where none is.
func (t Tool) provide(ctx context.Context, w *workspace.Workspace, out io.Writer) error {
	official := t.official(w)
	if official == "" {
		return t.build(ctx, w, out)
	}
	if err := os.MkdirAll(filepath.Dir(t.Target), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(t.Target); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-28s %6s  the installed one: %s\n", t.Name, "", official)
	return os.Symlink(official, t.Target)
}

// build runs `go build`, which does nothing fast when nothing changed, and prints a line at least every 10 seconds.
func (t Tool) build(ctx context.Context, w *workspace.Workspace, out io.Writer) error {
	flags := "-s -w" + t.LinkerFlags
	if t.Static && t.Shared && usesC(ctx) {
		flags += " -linkmode external -extldflags -static"
	}
	arguments := []string{"build", "-v", "-trimpath", "-buildvcs=false", "-tags", t.Tags, "-ldflags", flags, "-o", t.Target}
	if t.Completed != nil {
		file, err := t.Completed.modfile(ctx, filepath.Join(w.Root, t.Module), t.Target+".source")
		if err != nil {
			return fmt.Errorf("build %s: %w", t.Name, err)
		}
		arguments = append(arguments, "-modfile="+file)
	}
	cmd := exec.CommandContext(ctx, "go", append(arguments, t.Package)...)
	cmd.Dir = filepath.Join(w.Root, t.Module)
	// a link to an official program that is gone by now would send the build's output there
	if info, err := os.Lstat(t.Target); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if err := os.Remove(t.Target); err != nil {
			return err
		}
	}
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if t.Static && !t.Shared {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	output, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: %w; is Go installed and on PATH?", t.Name, err)
	}
	failure := t.watch(output, out, start)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", t.Name, err, failure)
	}
	// as old as what it was made of: scripts/program looks whether anything was written since
	if err := os.Chtimes(t.Target, start, start); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-28s %6s  %s\n", t.Name, time.Since(start).Round(time.Second), t.Purpose)
	return nil
}

// usesC tells whether Go compiles with the C library.
func usesC(ctx context.Context) bool {
	output, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED").Output()
	return err == nil && strings.TrimSpace(string(output)) == "1"
}

// watch counts the packages that `go build -v` names on its way and returns the lines that are not package names: the
// compiler's errors.
func (t Tool) watch(output io.Reader, out io.Writer, start time.Time) string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(output)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	var failure []string
	packages := 0
	for {
		select {
		case line, more := <-lines:
			switch {
			case !more:
				return strings.Join(failure, "\n")
			case strings.ContainsAny(line, " :#"):
				if !strings.HasPrefix(line, "go: downloading") {
					failure = append(failure, line)
				}
			default:
				packages++
			}
		case <-tick.C:
			fmt.Fprintf(out, "  %-28s %6s  … %d packages compiled, still at work\n", t.Name, time.Since(start).Round(time.Second), packages)
		}
	}
}

// sources is a hash over everything the tools are built from: our own Go files, the module files, and the Go version.
func sources(w *workspace.Workspace) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), pulumiVersion)
	for _, tool := range All(w) {
		fmt.Fprintln(sum, tool.Name, tool.official(w))
	}
	err := filepath.WalkDir(w.Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".") && path != w.Root || path == filepath.Join(w.Root, "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".md") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		// size and time, as make and the go command do: reading two thousand files would cost more than it saves
		fmt.Fprintln(sum, strings.TrimPrefix(path, w.Root), info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}
