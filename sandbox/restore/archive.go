package restore

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// archive is what Barman has put into a bucket of the sandbox's for one cluster of servers.
type archive struct{ folder string }

// base is a base backup, with the first and the last piece of the log without which it is none.
type base struct {
	data         string // its file
	made         time.Time
	begins, ends string
}

// newest is the youngest base backup that is whole.
func (a archive) newest() (*base, error) {
	infos, err := filepath.Glob(filepath.Join(a.folder, "base", "*", "backup.info"))
	if err != nil {
		return nil, err
	}
	slices.Sort(infos) // their folders are named by their times
	for _, info := range slices.Backward(infos) {
		said, err := readInfo(info)
		if err != nil {
			return nil, err
		}
		data, err := filepath.Glob(filepath.Join(filepath.Dir(info), "data.tar*"))
		if err != nil {
			return nil, err
		}
		about, err := os.Stat(info)
		if err != nil {
			return nil, err
		}
		if said["status"] == "DONE" && len(data) == 1 && len(said["begin_wal"]) == 24 {
			return &base{data: data[0], made: about.ModTime(), begins: said["begin_wal"], ends: said["end_wal"]}, nil
		}
	}
	return nil, fmt.Errorf("there is no base backup in %s yet", a.folder)
}

// readInfo reads Barman's description of a base backup.
func readInfo(file string) (map[string]string, error) {
	text, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	said := map[string]string{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		said[key] = value
	}
	return said, lines.Err()
}

// segment is a piece of the log under its name in the archive.
var segment = regexp.MustCompile(`^([0-9A-F]{24})(\.gz)?$`)

// pieces are the files of the log that are wanted by their names and when they were archived.
func (a archive) pieces(wanted func(name string, archived time.Time) bool) ([]string, error) {
	var found []string
	err := filepath.WalkDir(filepath.Join(a.folder, "wals"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := segment.FindStringSubmatch(entry.Name())
		if entry.IsDir() || name == nil {
			return nil
		}
		about, err := entry.Info()
		if err == nil && wanted(name[1], about.ModTime()) {
			found = append(found, path)
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no such piece of the log in %s", a.folder)
	}
	return found, err
}

// away is a file's name while it is hidden.
const away = ".hidden-by-a-rehearsal"

// hide takes files away, and returns what brings them back.
func hide(files []string) (back func() error, err error) {
	var hidden []string
	back = func() error {
		var failures []error
		for _, file := range hidden {
			failures = append(failures, os.Rename(file+away, file))
		}
		return errors.Join(failures...)
	}
	for _, file := range files {
		if err := os.Rename(file, file+away); err != nil {
			return nil, errors.Join(err, back())
		}
		hidden = append(hidden, file)
	}
	return back, nil
}

// halve leaves the first half of a file in its place, as a broken copy would, and returns what brings the whole back.
func halve(file string) (back func() error, err error) {
	back, err = hide([]string{file})
	if err != nil {
		return nil, err
	}
	whole, err := os.ReadFile(file + away)
	if err == nil {
		err = os.WriteFile(file, whole[:len(whole)/2], 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, back())
	}
	return back, nil
}
