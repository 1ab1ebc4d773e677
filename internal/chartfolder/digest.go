// Package chartfolder tells one state of a chart's folder from another, as Helm would load them.
package chartfolder

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path"
	"path/filepath"
)

// Digest sums up the files of a chart folder. The provider sees a folder's chart by its version only: with the digest
// among a release's inputs, every edit of a template is a change that gets applied. What Helm does not load is left out: it
// would upgrade the release, and run the migrations, for nothing.
func Digest(folder string) (string, error) {
	rules, err := readIgnoreRules(folder)
	sum := sha256.New()
	if err == nil {
		err = rules.digest(sum, folder, "")
	}
	if err != nil {
		return "", fmt.Errorf("chart folder %s: %w", folder, err)
	}
	return fmt.Sprintf("sha256:%.12x", sum.Sum(nil)), nil
}

// digest adds the files below a folder of the chart. As Helm does, it goes where symbolic links lead.
func (r ignoreRules) digest(sum hash.Hash, folder, below string) error {
	entries, err := os.ReadDir(filepath.Join(folder, below))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := path.Join(below, entry.Name())
		file := filepath.Join(folder, name)
		info, err := os.Stat(file)
		switch {
		case name == ignoreFile:
			continue
		case err != nil:
			// where a link leads nowhere, the link itself is what a rule is about
			if r.ignore(name, false) {
				continue
			}
			return err
		case r.ignore(name, info.IsDir()):
			continue
		case info.IsDir():
			if err := r.digest(sum, folder, name); err != nil {
				return err
			}
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%q %d\n", name, len(content))
		sum.Write(content)
	}
	return nil
}
