// Package helm renders what the Helm releases of a preview are before and after it, with the helm command line: the engine knows of values only.
package helm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/internal/objects"
	"github.com/iransre/exchange-platform/internal/review"
)

// Helm renders charts.
type Helm struct {
	// Program is the command line; "helm" if empty.
	Program string
	// Root is the checkout, which paths of charts are seen from.
	Root string
	// Environ is added to the program's environment.
	Environ []string
	// Patience is how long one run of the program may take; some minutes if 0.
	Patience time.Duration

	scratch string
	pulls   sync.Map // charts that are here already: func() (string, error) by source
}

// chart is where a chart comes from.
type chart struct{ name, version, repository, description string }

// side is a release before or after.
type side struct {
	chart
	release, namespace string
	values             map[string]any
}

// limit is how many releases are rendered at once, patience how long one run of the program may take: it fetches charts.
const (
	limit    = 4
	patience = 2 * time.Minute
)

var errNone = errors.New("there is no helm: install Helm 3, or put it onto PATH")

// Render adds to a preview what becomes of the objects of each release that changes. What cannot be rendered is said to be not known.
func (h *Helm) Render(ctx context.Context, preview *review.Preview) error {
	scratch, err := os.MkdirTemp("", "review-charts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	h.scratch = scratch
	cluster := h.cluster(preview)
	preview.Releases = map[string]*review.Release{}
	var (
		mutex sync.Mutex
		group sync.WaitGroup
		slots = make(chan struct{}, limit)
	)
	for _, step := range preview.Steps {
		if !step.Upgrades() {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			made, err := h.release(ctx, step, cluster)
			if err != nil {
				made = &review.Release{Unknown: brief(err)}
			}
			mutex.Lock()
			defer mutex.Unlock()
			preview.Releases[step.URN] = made
		})
	}
	group.Wait()
	return ctx.Err()
}

// brief is an error's first words: those of Helm may quote all of a template.
func brief(err error) string {
	return objects.Short(strings.Join(strings.Fields(err.Error()), " "), 300)
}

func (h *Helm) release(ctx context.Context, step review.Step, cluster []string) (*review.Release, error) {
	after, again := step.NewValues()
	var sides [3]*side
	for i, from := range []struct {
		inputs map[string]any
		values any
	}{{step.Old.Inputs, step.Old.Inputs["values"]}, {step.New.Inputs, after}, {step.New.Inputs, again}} {
		var err error
		if sides[i], err = read(from.inputs, from.values); err != nil {
			return nil, err
		}
	}
	if err := h.takeFolders(ctx, &sides[0].chart, sides[1].chart); err != nil {
		return nil, err
	}
	if err := h.isInstalled(sides[0].chart, step.Old.Modified); err != nil {
		return nil, err
	}
	var manifests [3]string
	for i, each := range sides {
		var err error
		manifests[i], err = h.template(ctx, each, cluster)
		if errors.Is(err, errNone) {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", [...]string{"before", "after", "after"}[i], err)
		}
	}
	if strings.TrimSpace(manifests[0]) == "" {
		return nil, errors.New("helm renders no object at all of what is installed")
	}
	secrets := append(secretsIn("", step.Old.Inputs["values"]), secretsIn("", step.New.Inputs["values"])...)
	return review.Compare(sides[1].namespace, manifests[0], manifests[1], manifests[2], secrets...)
}

// read reads the inputs of a release.
func read(inputs map[string]any, values any) (*side, error) {
	made := &side{}
	for key, into := range map[string]*string{
		"chart": &made.name, "version": &made.version, "name": &made.release, "namespace": &made.namespace, "description": &made.description,
	} {
		text, is := inputs[key].(string)
		if inputs[key] != nil && (!is || text == review.Secret || strings.Contains(text, review.Unknown)) {
			return nil, fmt.Errorf("its %s is known by the update only", key)
		}
		*into = text
	}
	if options, is := inputs["repositoryOpts"].(map[string]any); is {
		made.repository, _ = options["repo"].(string)
	}
	if made.name == "" || made.release == "" || made.namespace == "" {
		return nil, errors.New("the preview does not say which chart, name and namespace it has")
	}
	if values == nil {
		values = map[string]any{}
	}
	known, is := values.(map[string]any)
	if !is {
		return nil, errors.New("its values are a secret, or known by the update only")
	}
	made.values = known
	if inputs["allowNullValues"] != true {
		made.values, _ = withoutNulls(known).(map[string]any)
	}
	return made, nil
}

// withoutNulls is what the plugin gives to Helm: null would take a default of the chart away.
func withoutNulls(value any) any {
	switch node := value.(type) {
	case map[string]any:
		made := map[string]any{}
		for key, each := range node {
			if each != nil {
				made[key] = withoutNulls(each)
			}
		}
		return made
	case []any:
		made := make([]any, len(node))
		for i, each := range node {
			made[i] = withoutNulls(each)
		}
		return made
	}
	return value
}

// isFolder tells of a chart that is in the checkout itself.
func (c chart) isFolder() bool { return c.isLocal() && !c.isArchive() }

// isLocal tells of a chart that is on this machine.
func (c chart) isLocal() bool { return c.repository == "" && !strings.Contains(c.name, "://") }

func (c chart) isArchive() bool { return strings.HasSuffix(c.name, ".tgz") }

// cluster tells Helm of the cluster what the preview knows: its version, and which kinds there are.
func (h *Helm) cluster(preview *review.Preview) []string {
	version, kinds := preview.Cluster()
	var arguments []string
	if version != "" {
		arguments = append(arguments, "--kube-version", version)
	}
	for _, each := range kinds {
		arguments = append(arguments, "--api-versions", each)
	}
	return arguments
}

func (h *Helm) template(ctx context.Context, s *side, cluster []string) (string, error) {
	path, err := h.get(ctx, s.chart)
	if err != nil {
		return "", err
	}
	values, err := json.Marshal(s.values)
	if err != nil {
		return "", err
	}
	arguments := append([]string{"template", "--namespace", s.namespace, "--is-upgrade", "--skip-tests", "--values", "-"}, cluster...)
	return h.run(ctx, bytes.NewReader(values), secretsIn("", s.values), append(arguments, names, s.release, path)...)
}

// get is where a chart is, after it was fetched once.
func (h *Helm) get(ctx context.Context, c chart) (string, error) {
	if c.isLocal() {
		return c.name, nil
	}
	c.description = ""
	once, _ := h.pulls.LoadOrStore(c, sync.OnceValues(func() (string, error) { return h.pull(ctx, c) }))
	return once.(func() (string, error))()
}

// names ends the options: what stands in a preview, which a stranger may have made, is none (--post-renderer would run a program).
const names = "--"

func (h *Helm) pull(ctx context.Context, c chart) (string, error) {
	into, err := os.MkdirTemp(h.scratch, "")
	if err != nil {
		return "", err
	}
	arguments := []string{"pull", "--destination", into}
	if c.version != "" {
		arguments = append(arguments, "--version", c.version)
	}
	if c.repository != "" {
		arguments = append(arguments, "--repo", c.repository)
	}
	if _, err := h.run(ctx, nil, nil, append(arguments, names, c.name)...); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(into, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("helm pull left %d charts of %s", len(found), c.name)
	}
	return found[0], nil
}

func (h *Helm) run(ctx context.Context, input *bytes.Reader, secrets []string, arguments ...string) (string, error) {
	patience := cmp.Or(h.Patience, patience)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, cmp.Or(h.Program, "helm"), arguments...)
	cmd.WaitDelay = time.Second // what it started may hold its output open
	cmd.Dir, cmd.Env = h.Root, slices.Concat(os.Environ(), h.Environ)
	if input != nil {
		cmd.Stdin = input
	}
	var printed, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &problems
	err := cmd.Run()
	said := strings.TrimSpace(problems.String())
	switch {
	case err == nil:
		return printed.String(), nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", errNone
	case limited.Err() != nil && ctx.Err() == nil:
		return "", fmt.Errorf("helm %s took longer than %s", arguments[0], patience)
	case objects.TellsSecret(said, secrets): // it quotes templates and values
		said = "what it says has a secret in it and is not shown: run helm " + arguments[0] + " by hand"
	}
	return "", fmt.Errorf("helm %s: %w: %s", arguments[0], err, said)
}
