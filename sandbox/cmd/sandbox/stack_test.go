package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// newWorkspace is a checkout without anything in its sandbox.
func newWorkspace(t *testing.T) *workspace.Workspace {
	t.Helper()
	t.Setenv("SANDBOX_NAME", "")
	t.Chdir(t.TempDir())
	assert.NilError(t, os.WriteFile("Pulumi.yaml", nil, 0o644))
	w, err := workspace.Open()
	assert.NilError(t, err)
	return w
}

func TestOnlyRealMachinesInstallFromTheSandboxsMirrors(t *testing.T) {
	w := newWorkspace(t)
	light, err := installedFrom(w, "charts", "")
	assert.NilError(t, err)
	assert.Equal(t, light.Charts, "charts")
	assert.Equal(t, len(light.Registries), 0)
	assert.Equal(t, light.Files, "")
	assert.Equal(t, light.Git, workspace.Git{})
	assert.NilError(t, makeImages(t.Context(), w, io.Discard), "nothing is made")

	assert.NilError(t, w.ChooseKind(workspace.Real))
	real, err := installedFrom(w, "charts", "")
	assert.NilError(t, err)
	assert.Equal(t, real.Registries["docker.io"], w.RegistryURL())
	assert.Equal(t, real.Files, w.MirrorURL())
	assert.Assert(t, strings.HasPrefix(real.Git.URL, "https://") && strings.Contains(real.Git.Authority, "BEGIN CERTIFICATE"), "%v", real.Git)
}

// Kubespray's own tree is served where the sandbox's is, by the checksum that it has there.
func TestTheClusterIsMadeByTheTreeThatIsGiven(t *testing.T) {
	w := newWorkspace(t)
	tree := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(tree, "cluster.yml"), nil, 0o644))
	assert.NilError(t, os.WriteFile(filepath.Join(tree, "galaxy.yml"), []byte("version: 2.31.0"), 0o644))
	given, later := kubespraySource(w, tree), kubespraySource(w, "")
	_, err := given("v2.31.0")
	assert.ErrorContains(t, err, "--kubespray needs machines on which something can be installed")

	assert.NilError(t, w.ChooseKind(workspace.Real))
	ours, err := later("v2.31.0")
	assert.NilError(t, err)
	theirs, err := given("v2.31.0")
	assert.NilError(t, err)
	assert.Equal(t, theirs.URL, ours.URL)
	assert.Assert(t, theirs.SHA256 != ours.SHA256)
	stays, err := later("v2.31.0")
	assert.NilError(t, err)
	assert.Equal(t, stays, theirs, "a cluster is not changed by another tree than made it")
	_, err = given("v2.30.0")
	assert.ErrorContains(t, err, "kubernetes.kubespray.version is v2.30.0")
}

func TestKubespraysOwnTreeIsForNewMachines(t *testing.T) {
	w := newWorkspace(t)
	assert.NilError(t, w.ChooseKind(workspace.Real))
	assert.NilError(t, os.MkdirAll(w.Path("hosts", "1"), 0o700))
	_, err := kubespraySource(w, t.TempDir())("v2.31.0")
	assert.ErrorContains(t, err, "Destroy their stack first")
}

func TestEnvPointsToNoClusterThatIsGone(t *testing.T) {
	w := newWorkspace(t)
	assert.NilError(t, os.WriteFile(w.Kubeconfig(), []byte("clusters: [{name: old, cluster: {certificate-authority-data: b2xk}}]"), 0o600))
	var said, lines bytes.Buffer
	command := envCommand()
	command.SetOut(&lines)
	command.SetErr(&said)
	command.SetArgs(nil)
	assert.NilError(t, command.Execute())
	assert.Assert(t, bytes.Contains(said.Bytes(), []byte("there is no kubeconfig")), said.String())
	assert.Assert(t, bytes.Contains(lines.Bytes(), []byte("export KUBECONFIG=")))
	_, err := os.Stat(w.Kubeconfig())
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestAFailureOfPulumisIsExplained(t *testing.T) {
	w := newWorkspace(t)
	assert.Equal(t, explain(w, "demo", errSaid), errSaid, "pulumi has said it")
	folder := w.Path("state", ".pulumi", "locks", "organization", "exchange-platform", "demo")
	assert.NilError(t, os.MkdirAll(folder, 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "1.json"), []byte(`{"pid": 7, "username": "maryam", "hostname": "elsewhere"}`), 0o600))
	err := explain(w, "demo", errSaid)
	assert.Assert(t, !errors.Is(err, errSaid), "it is to be printed")
	assert.ErrorContains(t, err, "process 7 of maryam on elsewhere")
}

func TestAnOptionOfOursIsTakenOutOfPulumisArguments(t *testing.T) {
	for _, arguments := range [][]string{
		{"--refresh", "--charts", "upstream", "--diff"},
		{"--refresh", "--charts=upstream", "--diff"},
	} {
		value, rest, err := takeOption("--charts", arguments)
		assert.NilError(t, err)
		assert.Equal(t, value, "upstream")
		assert.DeepEqual(t, rest, []string{"--refresh", "--diff"})
	}
}

func TestAnOptionWithoutItsValueIsAnError(t *testing.T) {
	_, _, err := takeOption("--charts", []string{"--charts"})
	assert.ErrorContains(t, err, "--charts needs a value")
}

func TestOnlyAnUpdateOfTheWholeStackHasDealtWithAllThatWasInterrupted(t *testing.T) {
	assert.Assert(t, !partly([]string{"up", "--yes", "--skip-preview", "--expect-no-changes"}))
	for _, option := range []string{"--target", "--target=urn:x", "-t", "--exclude", "--exclude-dependents", "--target-dependents"} {
		assert.Assert(t, partly([]string{"up", option}), option)
	}
}
