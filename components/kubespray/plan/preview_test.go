package plan

import (
	"testing"

	"gotest.tools/v3/assert"
)

// What only an update will tell is no replacement that already happened.
func TestPreviewsDoNotClaimToKnow(t *testing.T) {
	machine := func(n *Node) { n.Machine = Unknown }
	address := func(n *Node) { n.Address = Unknown }
	both := func(n *Node) { machine(n); address(n) }
	const maybe = "its machine may become another one, a preview cannot tell: if so, take the old one out"
	for name, test := range map[string]struct {
		wanted     *Shape
		why, first string
	}{
		"machine":           {cluster(edit("w1", machine)), "maybe replace w1", maybe},
		"address":           {cluster(edit("w1", address)), "maybe replace w1", maybe},
		"both":              {cluster(edit("w1", both)), "maybe replace w1", maybe},
		"machine and moved": {cluster(rebuild("w1"), edit("w1", machine)), "replace w1", "its machine is replaced: take the old one out"},
		"address, rebuilt":  {cluster(rebuild("w1"), edit("w1", address)), "replace w1", "its machine is replaced: take the old one out"},
		"another image":     {cluster(edit("w1", func(n *Node) { both(n); n.Image = "b" })), "replace w1", "its machine is replaced: take the old one out"},
		"the same image":    {cluster(edit("w1", func(n *Node) { both(n); n.Image = "a" })), "maybe replace w1", maybe},
		"another is sure":   {cluster(rebuild("w2"), edit("w1", both)), "replace w2; maybe replace w1", maybe},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Make(&State{Shape: cluster(edit("w1", func(n *Node) { n.Image = "a" }))}, test.wanted, Options{})
			assert.NilError(t, err)
			assert.Equal(t, plan.Why, test.why)
			assert.Equal(t, plan.Steps[0].Why, test.first)
		})
	}
	_, err := Make(&State{Shape: cluster()}, cluster(edit("m1", machine)), Options{})
	assert.ErrorContains(t, err, "the machine of the first control plane m1 may become another one, a preview cannot tell")
}
