package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// stateFiles is a workspace with these files of the stack demo, each written a minute after the one before it.
func stateFiles(t *testing.T, files ...[2]string) *Workspace {
	t.Helper()
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	written := time.Now().Add(-time.Hour)
	for _, file := range files {
		path := w.stateFile(file[0])
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte(file[1]), 0o600))
		written = written.Add(time.Minute)
		assert.NilError(t, os.Chtimes(path, written, written))
	}
	return w
}

func (w *Workspace) stateFile(name string) string {
	switch name {
	case "state":
		return w.Checkpoint("demo")
	case "last good":
		return w.lastGood("demo")
	case "bak", "attrs", "bak.attrs":
		return w.Checkpoint("demo") + "." + name
	}
	return w.Path("state", ".pulumi", "backups", "exchange-platform", "demo", "demo."+name+".json")
}

func TestAStateThatIsCutShortIsMended(t *testing.T) {
	const old, recent, newest, cut = `{"version":1}`, `{"version":2}`, `{"version":3}`, `{"version":`
	for name, test := range map[string]struct {
		files [][2]string
		want  string
		says  string
	}{
		"whole":              {[][2]string{{"bak", old}, {"state", newest}}, newest, ""},
		"its copy":           {[][2]string{{"last good", old}, {"bak", recent}, {"state", cut}}, recent, "went back to the copy of "},
		"the sandbox's copy": {[][2]string{{"1", old}, {"last good", recent}, {"bak", ""}, {"state", ""}}, recent, "last-good"},
		"an update's copy":   {[][2]string{{"1", old}, {"2", recent}, {"3", ""}, {"bak", cut}, {"state", ""}}, recent, "demo.2.json"},
		"empty attributes":   {[][2]string{{"state", newest}, {"bak.attrs", ""}, {"attrs", ""}}, newest, "the state is whole"},
		"both":               {[][2]string{{"bak", old}, {"attrs", ""}, {"state", cut}}, old, "went back to the copy of "},
	} {
		t.Run(name, func(t *testing.T) {
			w := stateFiles(t, test.files...)
			done, err := w.MendCheckpoint("demo")
			assert.NilError(t, err)
			assert.Assert(t, (done == "") == (test.says == ""), done)
			assert.Assert(t, strings.Contains(done, test.says), done)
			text, err := os.ReadFile(w.Checkpoint("demo"))
			assert.NilError(t, err)
			assert.Equal(t, string(text), test.want)
			for _, attributes := range []string{"attrs", "bak.attrs"} {
				_, err := os.Stat(w.stateFile(attributes))
				assert.Assert(t, os.IsNotExist(err))
			}
			done, err = w.MendCheckpoint("demo")
			assert.NilError(t, err)
			assert.Equal(t, done, "", "once is enough")
		})
	}
}

func TestAStateWithoutAnyWholeCopyIsLeftAlone(t *testing.T) {
	w := stateFiles(t, [2]string{"bak", ""}, [2]string{"state", `{"half":`})
	_, err := w.MendCheckpoint("demo")
	assert.ErrorContains(t, err, "no copy of it is whole: docs/state.md says what is left to do")
	text, err := os.ReadFile(w.Checkpoint("demo"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), `{"half":`)
}

func TestOnlyAWholeStateIsKept(t *testing.T) {
	w := stateFiles(t)
	done, err := w.MendCheckpoint("demo")
	assert.NilError(t, err)
	assert.Equal(t, done, "", "there is no state yet")
	assert.NilError(t, w.KeepCheckpoint("demo"))

	for _, step := range []struct{ state, kept string }{{`{"version":1}`, `{"version":1}`}, {``, `{"version":1}`}, {`{"version":2}`, `{"version":2}`}} {
		assert.NilError(t, os.MkdirAll(filepath.Dir(w.Checkpoint("demo")), 0o755))
		assert.NilError(t, os.WriteFile(w.Checkpoint("demo"), []byte(step.state), 0o600))
		assert.NilError(t, w.KeepCheckpoint("demo"))
		text, err := os.ReadFile(w.lastGood("demo"))
		assert.NilError(t, err)
		assert.Equal(t, string(text), step.kept)
	}
	info, err := os.Stat(w.lastGood("demo"))
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
}
