//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// page is one of the docs, whose commands a test types.
type page struct {
	lines []string
	typed map[string]bool
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	return page{shellLines(string(text)), map[string]bool{}}
}

// line is the one that begins like this. It counts as typed from then on.
func (p *page) line(t *testing.T, start string) string {
	t.Helper()
	i := slices.IndexFunc(p.lines, func(line string) bool { return strings.HasPrefix(line, start) })
	assert.Assert(t, i >= 0, "the page has no line %q", start)
	p.typed[p.lines[i]] = true
	return p.lines[i]
}

// isTyped checks that every line was, but those that begin like one of others and those that are known.
func (p *page) isTyped(t *testing.T, others map[string]string, known func(line string) bool) {
	t.Helper()
	for _, line := range p.lines {
		typed := p.typed[line] || known(line)
		for start := range others {
			typed = typed || strings.HasPrefix(line, start)
		}
		assert.Check(t, typed, "nobody has typed %q", line)
	}
}

// shellLines are what the blocks of a page say to type.
func shellLines(page string) []string {
	var typed []string
	for i, part := range strings.Split(page, "```") {
		block, isShell := strings.CutPrefix(part, "sh\n")
		if i%2 == 0 || !isShell {
			continue
		}
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); line != "" {
				typed = append(typed, line)
			}
		}
	}
	return typed
}
