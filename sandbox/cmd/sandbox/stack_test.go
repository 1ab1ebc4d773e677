package main

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestAnOptionOfOursIsTakenOutOfPulumisArguments(t *testing.T) {
	for _, arguments := range [][]string{
		{"--refresh", "--charts", "upstream", "--diff"},
		{"--refresh", "--charts=upstream", "--diff"},
	} {
		value, rest, err := takeOption("--charts", arguments)
		assert.NilError(t, err)
		assert.Equal(t, value, "upstream")
		assert.DeepEqual(t, rest, []string{"--refresh", "--diff"})
	}
}

func TestAnOptionWithoutItsValueIsAnError(t *testing.T) {
	_, _, err := takeOption("--charts", []string{"--charts"})
	assert.ErrorContains(t, err, "--charts needs a value")
}
