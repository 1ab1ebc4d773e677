package chartfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ignoreFile names the files of a chart's folder that are no part of the chart.
const ignoreFile = ".helmignore"

// ignoreRules are the lines of a .helmignore, with Helm's meaning of them and not git's: the first rule that matches decides,
// and "!x" leaves out everything but x.
type ignoreRules []ignoreRule

type ignoreRule struct {
	pattern string // without the signs that the others stand for
	not     bool   // "!…"
	folder  bool   // "…/": folders only
	rooted  bool   // the whole path is compared, not the last name only
}

// readIgnoreRules reads a folder's rules. One of them is Helm's own: dotfiles among the templates are none.
func readIgnoreRules(folder string) (ignoreRules, error) {
	text, err := os.ReadFile(filepath.Join(folder, ignoreFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines := append(strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n"), "templates/.?*")
	var rules ignoreRules
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(line, "**") {
			return nil, fmt.Errorf("%s, line %d: Helm does not know **: write a rule for each folder", ignoreFile, i+1)
		}
		var rule ignoreRule
		line, rule.not = strings.CutPrefix(line, "!")
		line, rule.folder = strings.CutSuffix(line, "/")
		rule.rooted = strings.Contains(line, "/")
		rule.pattern = strings.TrimPrefix(line, "/")
		if _, err := path.Match(rule.pattern, "any"); err != nil {
			return nil, fmt.Errorf("%s, line %d: %q is no pattern: %w", ignoreFile, i+1, line, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// ignore tells whether a file or a folder is no part of the chart.
func (r ignoreRules) ignore(name string, isFolder bool) bool {
	for _, rule := range r {
		matches := (isFolder || !rule.folder) && rule.matches(name)
		if matches != rule.not {
			return true
		}
	}
	return false
}

func (r ignoreRule) matches(name string) bool {
	if !r.rooted {
		name = path.Base(name)
	}
	matches, _ := path.Match(r.pattern, name) // whether it is a pattern was asked when it was read
	return matches
}
