package roster_test

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
)

type member struct{ id, name, hostname string }

func (m member) ID() string       { return m.id }
func (m member) Name() string     { return m.name }
func (m member) Hostname() string { return m.hostname }

func TestAMachineIsFoundByEachOfItsNames(t *testing.T) {
	var machines roster.Roster[member]
	for _, each := range []member{{"2", "w1", "m1"}, {"1", "m1", "first"}} {
		_, err := machines.Ensure(each.id, func() (member, error) { return each, nil })
		assert.NilError(t, err)
	}
	for name, id := range map[string]string{"1": "1", "w1": "2", "first": "1", "m1": "1"} {
		found, err := machines.Find(name)
		assert.NilError(t, err)
		assert.Equal(t, found.id, id, name)
	}
	_, err := machines.Find("nobody")
	assert.Error(t, err, `no virtual machine is called "nobody"; there are: m1, w1`)

	known, err := machines.Ensure("1", func() (member, error) { panic("it is there") })
	assert.NilError(t, err)
	assert.Equal(t, known.name, "m1")
	_, was := machines.Take("1")
	assert.Assert(t, was)
	_, was = machines.Take("1")
	assert.Assert(t, !was)

	machines.Close()
	_, err = machines.Ensure("3", func() (member, error) { return member{}, nil })
	assert.ErrorIs(t, err, roster.ErrClosed)
	machines.WhileOpen(func() { t.Error("it is closed") })
}
