package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/alerts"
)

func TestPageIsUpToDate(t *testing.T) {
	written, err := os.ReadFile("../" + page)
	assert.NilError(t, err)
	text, err := render()
	assert.NilError(t, err)
	assert.Equal(t, string(written), text, "docs/monitoring.md is stale: run go generate ./internal/alerts")
}

func TestNoCellOfThePageIsEmptyAndNoAlertIsLeftOut(t *testing.T) {
	text, err := render()
	assert.NilError(t, err)
	for line := range strings.Lines(text) {
		if row, isRow := strings.CutPrefix(strings.TrimSpace(line), "|"); isRow {
			for cell := range strings.SplitSeq(strings.TrimSuffix(row, "|"), "|") {
				assert.Check(t, strings.Trim(cell, " `,") != "", line)
			}
		}
	}
	groups, err := alerts.Groups()
	assert.NilError(t, err)
	for _, group := range groups {
		assert.Check(t, slices.ContainsFunc(capabilities, func(c struct{ file, name string }) bool { return c.file == group.File }), group.File)
		for _, rule := range group.Rules {
			assert.Check(t, strings.Contains(text, "["+rule.Alert+"](runbooks/"+rule.Alert+".md)"), rule.Alert)
		}
	}
}
