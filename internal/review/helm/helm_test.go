package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/chartfolder"
	"github.com/iransre/exchange-platform/internal/review"
)

// standIn renders one Deployment with the replicas and one ConfigMap with the word of its values, notes how it was called, and where its
// folder says so fails, hangs or prints what it finds there.
const standIn = `#!/bin/sh
set -eu
here=$(dirname "$0")
echo "$*" >>"$here/calls"
if [ -e "$here/fails" ]; then cat "$here/fails" >&2; exit 1; fi
if [ -e "$here/hangs" ]; then exec sleep 600; fi
case "$1" in
pull) : >"$3/shop-1.tgz" ;;
template)
  values=$(cat)
  if [ -e "$here/prints" ]; then cat "$here/prints"; exit; fi
  replicas=$(echo "$values" | sed -n 's/.*"replicas":\([0-9]*\).*/\1/p')
  word=$(echo "$values" | sed -n 's/.*"word":"\([^"]*\)".*/\1/p')
  cat <<END
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: $replicas, template: {spec: {containers: [{name: web, image: "shop:1", env: [{name: WORD, value: "$word"}]}]}}}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {key: "$word"}
END
  ;;
esac
`

func withHelm(t *testing.T, files map[string]string) (*Helm, string) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	for name, text := range files {
		assert.NilError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	program := filepath.Join(folder, "helm")
	assert.NilError(t, os.WriteFile(program, []byte(standIn), 0o755))
	return &Helm{Program: program, Root: folder}, folder
}

// upgrade is a preview in which the values of one release change.
func upgrade(chart string, before, after map[string]any) *review.Preview {
	state := func(values map[string]any) *review.Resource {
		return &review.Resource{Type: review.ReleaseType, Custom: true, Inputs: map[string]any{
			"chart": chart, "version": "1", "name": "shop", "namespace": "market", "values": values,
			"repositoryOpts": map[string]any{"repo": "https://charts.example"},
		}}
	}
	return &review.Preview{Steps: []review.Step{{
		Op: review.Update, URN: "urn:pulumi:prod::p::" + review.ReleaseType + "::shop", Old: state(before), New: state(after),
		DiffReasons: []string{"values"},
	}}}
}

func render(t *testing.T, h *Helm, preview *review.Preview) (*review.Release, string) {
	t.Helper()
	assert.NilError(t, h.Render(t.Context(), preview))
	rules, err := review.Default()
	assert.NilError(t, err)
	left, err := os.ReadDir(os.TempDir())
	assert.NilError(t, err)
	assert.Equal(t, len(left), 0, "files stay in the folder of temporary ones")
	return preview.Releases[preview.Steps[0].URN], rules.Make("prod", preview, review.Source{}).Comment()
}

func words(replicas float64, word string) map[string]any {
	return map[string]any{"replicas": replicas, "word": word}
}

func TestTheObjectsOfAReleaseAreCompared(t *testing.T) {
	h, folder := withHelm(t, nil)
	release, comment := render(t, h, upgrade("shop", words(1, "hidden-one"), words(2, "hidden-one")))
	assert.Equal(t, release.Unknown, "")
	assert.Equal(t, len(release.Changes), 1)
	assert.Check(t, is.Contains(comment, "Deployment `market/web`: `spec.replicas`"))
	assert.Check(t, is.Contains(comment, "no pod restarts"))

	called, err := os.ReadFile(filepath.Join(folder, "calls"))
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(string(called), "pull "), 1, "a chart is fetched once")
	assert.Check(t, !strings.Contains(string(called), "hidden-one"), "values stand in the arguments")
	assert.Check(t, is.Contains(string(called), "--repo https://charts.example -- shop\n"))

	_, comment = render(t, h, upgrade("shop", words(1, "one"), words(1, "two")))
	assert.Check(t, is.Contains(comment, "pods restart: Deployment `market/web`"))
	assert.Check(t, is.Contains(comment, "Secret `market/keys`: "))
}

// What a Secret holds is not shown, and neither is a value of which only the engine knows.
func TestSecretsAreNotShown(t *testing.T) {
	h, folder := withHelm(t, nil)
	preview := upgrade("shop", map[string]any{"replicas": 1.0, "word": review.Secret}, map[string]any{"replicas": 1.0, "word": review.Secret})
	preview.Steps[0].DetailedDiff = map[string]map[string]any{"values.word": {"kind": "update"}}
	release, comment := render(t, h, preview)
	assert.Equal(t, release.Unknown, "")
	assert.Check(t, is.Contains(comment, "pods may restart: Deployment `market/web`"), "nobody knows what it becomes")

	assert.NilError(t, os.WriteFile(filepath.Join(folder, "fails"), []byte(`Error: shop/values: password: "hunter2" is too short`), 0o600))
	_, comment = render(t, h, upgrade("shop", words(1, "one"), words(2, "one")))
	assert.Check(t, !strings.Contains(comment, "hunter2"), comment)
	assert.Check(t, is.Contains(comment, "run helm template by hand"))
}

// A preview may come from a stranger: nothing in it is an option of helm's, which could have it run a program.
func TestWhatStandsInAPreviewIsNoOption(t *testing.T) {
	h, folder := withHelm(t, nil)
	render(t, h, upgrade("--post-renderer=/bin/false", words(1, "one"), words(2, "one")))
	called, err := os.ReadFile(filepath.Join(folder, "calls"))
	assert.NilError(t, err)
	assert.Check(t, is.Contains(string(called), " -- --post-renderer=/bin/false\n"))
}

// Whatever is wrong with helm, the comment says that nobody knows what changes, and the change ranks as if pods restarted.
func TestHelmThatDoesNotRenderIsSaid(t *testing.T) {
	for _, test := range []struct{ name, file, text, says string }{
		{"it fails", "fails", "Error: no such chart", "helm pull: exit status 1: Error: no such chart"},
		{"it hangs", "hangs", "", "helm pull took longer than 200ms"},
		{"it prints a text", "prints", "hello\n", "cannot unmarshal"},
		{"it prints no object", "prints", "{a: 1}\n", "is no object"},
		{"it prints nothing", "prints", "", "no object at all"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, _ := withHelm(t, map[string]string{test.file: test.text})
			if test.file == "hangs" {
				h.Patience = 200 * time.Millisecond
			}
			release, comment := render(t, h, upgrade("shop", words(1, "one"), words(2, "one")))
			assert.Check(t, is.Contains(release.Unknown, test.says))
			assert.Check(t, is.Contains(comment, "**what changes in the cluster is not known**"))
		})
	}
	nothing := filepath.Join(t.TempDir(), "helm")
	h, _ := withHelm(t, nil)
	for _, h.Program = range []string{"helm-that-is-nowhere", nothing} {
		release, _ := render(t, h, upgrade("shop", words(1, "one"), words(2, "one")))
		assert.Equal(t, release.Unknown, "there is no helm: install Helm 3, or put it onto PATH")
	}
}

// What a chart of the checkout itself was before is in another commit, if there are commits.
func TestAFolderThatIsWhatItWasNeedsNoHistory(t *testing.T) {
	h, folder := withHelm(t, nil)
	assert.NilError(t, os.MkdirAll(filepath.Join(folder, "charts/exchange/templates"), 0o755))
	sum, err := chartfolder.Digest(filepath.Join(folder, "charts/exchange"))
	assert.NilError(t, err)
	preview := upgrade("./charts/exchange", words(1, "one"), words(2, "one"))
	for i, state := range []*review.Resource{preview.Steps[0].Old, preview.Steps[0].New} {
		delete(state.Inputs, "repositoryOpts")
		state.Inputs["description"] = [...]string{"chart of before", "chart " + sum}[i]
	}
	release, _ := render(t, h, preview)
	assert.Check(t, is.Contains(release.Unknown, "not a git repository"))

	preview.Steps[0].Old.Inputs["description"] = "chart " + sum
	release, _ = render(t, h, preview)
	assert.Equal(t, release.Unknown, "")
	assert.Equal(t, len(release.Changes), 1)
	called, err := os.ReadFile(filepath.Join(folder, "calls"))
	assert.NilError(t, err)
	assert.Check(t, !strings.Contains(string(called), "pull"))

	for _, side := range []*review.Resource{preview.Steps[0].Old, preview.Steps[0].New} {
		side.Inputs["description"] = "chart of elsewhere"
	}
	release, _ = render(t, h, preview)
	assert.Check(t, is.Contains(release.Unknown, "another ./charts/exchange than the preview was made from"))
}

// An archive is known by its name and version only: packed anew under these, it is not what is installed.
func TestAnArchiveThatWasPackedAnewIsNotWhatIsInstalled(t *testing.T) {
	h, folder := withHelm(t, nil)
	updated := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	packed := func(at time.Time) {
		t.Helper()
		var text bytes.Buffer
		compressed := gzip.NewWriter(&text)
		archive := tar.NewWriter(compressed)
		assert.NilError(t, archive.WriteHeader(&tar.Header{Name: "shop/Chart.yaml", Mode: 0o644, ModTime: at}))
		assert.NilError(t, archive.Close())
		assert.NilError(t, compressed.Close())
		assert.NilError(t, os.WriteFile(filepath.Join(folder, "shop-1.tgz"), text.Bytes(), 0o600))
	}
	preview := upgrade("./shop-1.tgz", words(1, "one"), words(2, "one"))
	for _, side := range []*review.Resource{preview.Steps[0].Old, preview.Steps[0].New} {
		delete(side.Inputs, "repositoryOpts")
		side.Modified = updated
	}
	packed(updated.AddDate(0, 0, -1))
	release, _ := render(t, h, preview)
	assert.Equal(t, release.Unknown, "")
	assert.Equal(t, len(release.Changes), 1)
	packed(updated.AddDate(0, 0, 1))
	release, comment := render(t, h, preview)
	assert.Check(t, is.Contains(release.Unknown, "./shop-1.tgz was packed anew on 21 November, 12:00 UTC, after the release was last updated"))
	assert.Check(t, is.Contains(comment, "Give it another version"))
}

// A chart may render a value wherever it wants: what is called a secret among the values is one in every object, and in what helm says.
func TestSecretsOfTheValuesAreNotShownWhereverTheyAreRendered(t *testing.T) {
	values := func(password string) map[string]any {
		return map[string]any{"replicas": 1.0, "passwords": map[string]any{"word": password}}
	}
	h, folder := withHelm(t, nil)
	_, comment := render(t, h, upgrade("shop", values("hunter2"), values("hunter3")))
	assert.Check(t, is.Contains(comment, "Deployment `market/web`"))
	assert.Check(t, !strings.Contains(comment, "hunter"), comment)
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "fails"), []byte("Error: bad hunter2"), 0o600))
	_, comment = render(t, h, upgrade("shop", values("hunter2"), values("hunter3")))
	assert.Check(t, !strings.Contains(comment, "hunter2"), comment)
}

// The program brings a chart of its own: its old state is in the history, wherever that has moved on to.
func TestTheFormerStateOfAFolderIsTakenFromTheHistory(t *testing.T) {
	h, folder := withHelm(t, nil)
	git := func(arguments ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, arguments...)...)
		said, err := cmd.CombinedOutput()
		assert.NilError(t, err, string(said))
	}
	git("init", "--quiet")
	var sums []string
	for _, content := range []string{"one", "two", "three"} {
		assert.NilError(t, os.MkdirAll(filepath.Join(folder, "charts/own"), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(folder, "charts/own/values.yaml"), []byte("word: "+content), 0o600))
		sum, err := chartfolder.Digest(filepath.Join(folder, "charts/own"))
		assert.NilError(t, err)
		sums = append(sums, sum)
		git("add", "charts")
		git("commit", "--quiet", "-m", content)
	}
	from := func(sum string) (*review.Release, string) {
		preview := upgrade("./charts/own", words(1, "one"), words(2, "one"))
		for i, side := range []*review.Resource{preview.Steps[0].Old, preview.Steps[0].New} {
			delete(side.Inputs, "repositoryOpts")
			side.Inputs["description"] = "chart " + []string{sum, sums[2]}[i]
		}
		return render(t, h, preview)
	}
	release, _ := from(sums[0])
	assert.Equal(t, release.Unknown, "")
	called, err := os.ReadFile(filepath.Join(folder, "calls"))
	assert.NilError(t, err)
	lines := strings.Split(strings.TrimSpace(string(called)), "\n")
	assert.Check(t, strings.HasSuffix(lines[0], "/charts/own") && strings.Contains(lines[0], "review-charts-"), lines[0])
	assert.Check(t, strings.HasSuffix(lines[1], " ./charts/own"), lines[1])

	release, comment := from("sha256:000000000000")
	assert.Check(t, is.Contains(release.Unknown, "no commit here has the chart as it was installed"))
	assert.Check(t, is.Contains(comment, "git fetch --unshallow"))
}
