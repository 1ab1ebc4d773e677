package chartfolder

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// ours is the chart that the program brings.
const ours = "../../charts/exchange"

func written(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		assert.NilError(t, os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	return folder
}

func digestOf(t *testing.T, folder string) string {
	t.Helper()
	digest, err := Digest(folder)
	assert.NilError(t, err)
	return digest
}

func TestWhatEditorsLeaveInOurChartChangesNothing(t *testing.T) {
	folder := t.TempDir()
	assert.NilError(t, os.CopyFS(folder, os.DirFS(ours)))
	before := digestOf(t, folder)
	for _, name := range []string{
		".DS_Store", "templates/.DS_Store", "templates/.web.yaml.swp", ".values.yaml.swo", "values.yaml~", "templates/web.yaml~",
		"templates/#web.yaml#", "templates/web.yaml.orig", "templates/web.yaml.rej", "values.yaml.bak", "4913", "templates/4913", ".idea/workspace.xml",
		".vscode/settings.json", ".git/HEAD", ".gitignore", "Thumbs.db", "README.md", "ci/more-values.yaml", ".helmignore",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder, name)
			assert.NilError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			left, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			assert.NilError(t, err)
			_, err = left.WriteString("\n# left by an editor\n")
			assert.NilError(t, err)
			assert.NilError(t, left.Close())
			assert.Equal(t, digestOf(t, folder), before)
		})
	}
	for _, name := range []string{"values.yaml", "values.schema.json", "Chart.yaml", "templates/web.yaml", "templates/_pod.tpl", "templates/new.yaml", "files/new"} {
		t.Run(name, func(t *testing.T) {
			assert.NilError(t, os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755))
			assert.NilError(t, os.WriteFile(filepath.Join(folder, name), []byte("changed"), 0o600))
			after := digestOf(t, folder)
			assert.Assert(t, after != before)
			before = after
		})
	}
}

// Each case was tried on Helm's own rules (pkg/ignore of v3.20): they are not git's.
func TestRulesMeanWhatTheyMeanToHelm(t *testing.T) {
	for name, test := range map[string]struct {
		rules         string
		kept, ignored []string
	}{
		"none":                       {"", []string{".x", "docs/.x"}, []string{"templates/.x"}},
		"a name is one at any depth": {"*.swp", []string{"swp", "a.swp.b"}, []string{"a.swp", "templates/b/a.swp"}},
		"a folder is no file":        {"ci/", []string{"ci", "a/ci"}, []string{"ci/a", "a/ci/b"}},
		"a path is the whole path":   {"a/b", []string{"c/a/b", "b"}, []string{"a/b"}},
		"the chart's root":           {"/a", []string{"b/a"}, []string{"a"}},
		"a star ends at a slash":     {"a/*.txt", []string{"a/b/c.txt"}, []string{"a/c.txt"}},
		"not leaves out the rest":    {"!*.yaml", []string{"a.yaml"}, []string{"b.txt"}},
		"the first decides":          {"*.txt\n!a.txt", nil, []string{"a.txt", "b.yaml"}},
		"comments and a mark":        {"\uFEFF# *\n\n  *.bak  \r\n", []string{"a"}, []string{"a.bak"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, each := range test.kept {
				assert.Check(t, counted(t, test.rules, each), "%s does not count", each)
			}
			for _, each := range test.ignored {
				assert.Check(t, !counted(t, test.rules, each), "%s counts", each)
			}
		})
	}
}

func counted(t *testing.T, rules, name string) bool {
	t.Helper()
	return digestOf(t, written(t, map[string]string{ignoreFile: rules, name: "one"})) !=
		digestOf(t, written(t, map[string]string{ignoreFile: rules, name: "two"}))
}

func TestWrongRulesAreNamed(t *testing.T) {
	_, err := Digest(written(t, map[string]string{ignoreFile: "ci/\nx/**"}))
	assert.ErrorContains(t, err, ".helmignore, line 2: Helm does not know **")
	_, err = Digest(written(t, map[string]string{ignoreFile: "[a"}))
	assert.ErrorContains(t, err, `.helmignore, line 1: "[a" is no pattern`)
}

func TestLinksAreFollowed(t *testing.T) {
	folder, outside := written(t, map[string]string{ignoreFile: ".[#]*"}), written(t, map[string]string{"a.yaml": "one"})
	assert.NilError(t, os.Symlink(outside, filepath.Join(folder, "templates")))
	assert.NilError(t, os.Symlink("user@host.4711", filepath.Join(folder, ".#values.yaml"))) // Emacs' lock
	before := digestOf(t, folder)
	assert.NilError(t, os.WriteFile(filepath.Join(outside, "a.yaml"), []byte("two"), 0o600))
	assert.Assert(t, digestOf(t, folder) != before)
}
