package chart_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
)

// A label that the runner does not know would have it ask two Prometheus for a quorum, and no worker of theirs could leave.
func TestTheRunnerKnowsTheLabelOfCopies(t *testing.T) {
	text, err := os.ReadFile("../kubespray/runner/cluster_runner/local_data.py")
	assert.NilError(t, err)
	for label, value := range chart.Copies() {
		assert.Assert(t, strings.Contains(string(text), fmt.Sprintf("HOLDS = %q\nCOPY = %q\n", label, value)))
	}
}
