package main

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestTheCommittedSchemaFollowsTheTypes(t *testing.T) {
	committed, err := os.ReadFile("../outputs.schema.json")
	assert.NilError(t, err)
	wanted, err := Schema()
	assert.NilError(t, err)
	assert.Equal(t, string(committed), string(wanted), "run: go generate ./stacks/outputs")
}
