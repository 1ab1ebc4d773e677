package main

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestTheCommittedPageFollowsTheTypes(t *testing.T) {
	committed, err := os.ReadFile("../../docs/configuration.md")
	assert.NilError(t, err)
	wanted, err := Configuration("../..")
	assert.NilError(t, err)
	assert.Equal(t, string(committed), wanted, "run: go generate ./stacks")
}

func TestTheCommittedTableOfRefusalsIsTheRealOne(t *testing.T) {
	committed, err := os.ReadFile("../../docs/cluster.md")
	assert.NilError(t, err)
	wanted, err := WithRefusals(string(committed))
	assert.NilError(t, err)
	assert.Equal(t, string(committed), wanted, "run: go generate ./stacks")
}

func TestTheCommittedPolicyIsTheRealOne(t *testing.T) {
	committed, err := os.ReadFile("../../docs/reviews.md")
	assert.NilError(t, err)
	wanted, err := WithPolicy(string(committed))
	assert.NilError(t, err)
	assert.Equal(t, string(committed), wanted, "run: go generate ./stacks")
}
