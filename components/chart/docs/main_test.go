package main

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
)

func TestPageIsUpToDate(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	written, err := os.ReadFile("../" + page)
	assert.NilError(t, err)
	assert.Equal(t, string(written), render(catalogue), "docs/charts.md is stale: run go generate ./components/chart")
}
