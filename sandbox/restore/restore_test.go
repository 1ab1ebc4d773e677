package restore

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// barman is an archive as Barman makes it: two base backups that are whole, one that is not, and the log.
func barman(t *testing.T) archive {
	t.Helper()
	folder := t.TempDir()
	for path, text := range map[string]string{
		"base/20261128T010000/backup.info":                                  "status=DONE\nbegin_wal=000000010000000000000002\nend_wal=000000010000000000000002\n",
		"base/20261128T010000/data.tar.gz":                                  "old",
		"base/20261128T020000/backup.info":                                  "backup_label=None\nbegin_wal=000000020000000000000005\nend_wal=000000020000000000000006\nstatus=DONE\n",
		"base/20261128T020000/data.tar.gz":                                  "0123456789",
		"base/20261128T030000/backup.info":                                  "status=FAILED\n",
		"wals/0000000100000000/000000010000000000000002.gz":                 "2",
		"wals/0000000200000000/000000020000000000000005.gz":                 "5",
		"wals/0000000200000000/000000020000000000000006.gz":                 "6",
		"wals/0000000200000000/000000020000000000000007.gz":                 "7",
		"wals/0000000200000000/000000020000000000000008.gz":                 "8",
		"wals/0000000200000000/000000020000000000000005.00000028.backup.gz": "of Barman's own",
		"wals/00000002.history":                                             "history",
	} {
		path = filepath.Join(folder, path)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
		if text == "7" { // the others were archived just now
			assert.NilError(t, os.Chtimes(path, time.Time{}, time.Now().Add(-recent)))
		}
	}
	return archive{folder}
}

// contents are the files of an archive by their names.
func (a archive) contents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	assert.NilError(t, filepath.WalkDir(a.folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		found[entry.Name()] = string(text)
		if entry.Name() == "backup.info" || entry.Name() == "data.tar.gz" {
			delete(found, entry.Name())
			found[filepath.Base(filepath.Dir(path))+"/"+entry.Name()] = string(text)
		}
		return err
	}))
	return found
}

func TestWhatIsDamagedIsOfTheNewestBackupAndComesBack(t *testing.T) {
	a := barman(t)
	before := a.contents(t)
	newest, err := a.newest()
	assert.NilError(t, err)
	for _, each := range []struct {
		make    func(archive, *base) (func() error, error)
		missing []string
		halved  bool
	}{
		{make: damage, halved: true},
		{make: loseOwn, missing: []string{"000000020000000000000005.gz", "000000020000000000000006.gz"}},
		{make: loseRecent, missing: []string{"000000020000000000000008.gz"}},
	} {
		back, err := each.make(a, newest)
		assert.NilError(t, err)
		during := a.contents(t)
		for name, text := range before {
			_, there := during[name]
			hidden := slices.Contains(each.missing, name)
			assert.Equal(t, there, !hidden, name)
			if each.halved && name == "20261128T020000/data.tar.gz" {
				text = "01234"
			}
			assert.Assert(t, hidden || during[name] == text, name)
		}
		assert.NilError(t, back())
		assert.DeepEqual(t, a.contents(t), before)
	}
}

func TestNothingIsHiddenWhereNothingIs(t *testing.T) {
	_, err := archive{t.TempDir()}.newest()
	assert.ErrorContains(t, err, "no base backup")
	a := barman(t)
	_, err = loseRecent(a, &base{ends: "0000000F0000000000000009"})
	assert.ErrorContains(t, err, "no such piece of the log")
}

func TestADrillIsJudgedByItsWords(t *testing.T) {
	passes, fails := condition{name: "all is there"}, condition{name: "half is missing", says: "the recovery failed"}
	assert.NilError(t, passes.judge(""))
	assert.ErrorContains(t, passes.judge("no heartbeat"), "the drill fails: no heartbeat")
	assert.NilError(t, fails.judge("the recovery failed: FATAL"))
	assert.ErrorContains(t, fails.judge(""), "and the drill passes")
	assert.ErrorContains(t, fails.judge("not within 7200 s"), "for another reason")
}
