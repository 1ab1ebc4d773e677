//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/sandbox/world"
)

// strike is what happens in the middle of a change of a cluster, to machines of either kind.
type strike struct {
	name string
	// at is the moment, by who plays which part.
	at func(cast) hold
	// happens does it while the machine is held.
	happens func(*testing.T, *rehearsal, *update)
	// says is what the update that it breaks says, or the runner when it is asked afterwards: what happened, where, what to do. Of one
	// that goes on all the same, nothing is asked.
	says func(*rehearsal) []string
	// mended is what somebody does before the next up; nil if that is nothing.
	mended func(*testing.T, *rehearsal)
}

// The moments at which changes are struck: a worker that stays is looked at, and a new one is made a node.
func looking(c cast) hold { return hold{machine: c.old, program: "apt-get"} }
func made(c cast) hold    { return hold{machine: c.new, program: "apt-get"} }
func joining(c cast) hold { return c.joins }

// needsNoConnection is said when the run is under way, and at what it joins.
const (
	needsNoConnection = "the run needs no connection: should this one break, run pulumi up again and it goes on waiting"
	resumes           = "run pulumi up again: it resumes after the last finished phase ("
)

var (
	connectionBreaks = strike{
		name: "the connection to the runner breaks", at: looking,
		happens: func(t *testing.T, r *rehearsal, _ *update) { r.must(t, "host", "drop", r.runner) },
		says:    saying("remote command exited without exit status", needsNoConnection),
	}
	pulumiIsKilled = strike{
		name: "pulumi is killed", at: looking,
		happens: func(t *testing.T, _ *rehearsal, u *update) { assert.NilError(t, u.cmd.Process.Kill()) },
		says:    saying(needsNoConnection),
		mended:  lockIsTaken,
	}
	// Nothing could write down how far the run was.
	powerFails = powerOf("the runner's power fails", looking, theRunner,
		"the run was interrupted in phase playbooks/facts.yml: this host was rebooted", resumes)
	ansibleIsKilled = strike{
		name: "Ansible is killed", at: joining,
		happens: func(t *testing.T, r *rehearsal, _ *update) { r.killAnsible(t) },
		says: func(r *rehearsal) []string {
			return []string{"task:    " + r.joinTask, "host:    " + r.new, "ansible-playbook scale.yml was killed by SIGKILL", resumes}
		},
	}
	diskGetsFull = strike{
		name: "the runner's disk gets full", at: made,
		happens: func(t *testing.T, r *rehearsal, _ *update) {
			r.must(t, "host", "fill", r.runner)
			r.release(t, made(r.cast))
		},
		says: func(r *rehearsal) []string { return []string{"the disk of " + r.runner + " is full: "} },
		mended: func(t *testing.T, r *rehearsal) {
			output := r.begin(t).fails(t) // which a machine without room refuses
			assert.Assert(t, cmp.Contains(output, "the disk of "+r.runner+" is full: "))
			assert.Assert(t, cmp.Contains(output, "Make room there and run up again"))
			r.must(t, "host", "free", r.runner)
		},
	}
)

func theRunner(c cast) string { return c.runner }
func theFirst(c cast) string  { return c.first }
func theNew(c cast) string    { return c.new }

// powerOf switches a machine off and on.
func powerOf(name string, moment func(cast) hold, machine func(cast) string, says ...string) strike {
	return strike{name: name, at: moment, says: saying(says...), happens: func(t *testing.T, r *rehearsal, _ *update) {
		r.must(t, "host", "kill", machine(r.cast))
		r.must(t, "host", "start", machine(r.cast))
	}}
}

// saying is what is said whoever plays which part; nil if that is nothing.
func saying(parts ...string) func(*rehearsal) []string {
	if len(parts) == 0 {
		return nil
	}
	return func(*rehearsal) []string { return parts }
}

// moved is the strike at another moment, at which something else is said.
func (s strike) moved(moment func(cast) hold, says ...string) strike {
	s.at, s.says = moment, saying(says...)
	return s
}

// lockIsTaken does what a user does after pulumi was killed.
func lockIsTaken(t *testing.T, r *rehearsal) {
	world.EndLeftovers(r.Workspace)
	_, err := r.MendCheckpoint(r.stack)
	assert.NilError(t, err)
	output, err := r.tool(t, nil, "pulumi", "cancel", "--yes")
	assert.NilError(t, err, output)
}

// suffer strikes an update to what the stack's file says, and leaves it as somebody finds it who comes to run the next. It returns what
// the update said.
func (r *rehearsal) suffer(t *testing.T, s strike) string {
	t.Helper()
	moment := s.at(r.cast)
	there := r.has(t, moment.machine)
	if there {
		r.hold(t, moment)
	}
	u := r.begin(t)
	u.says(t, needsNoConnection)
	if !there {
		r.hold(t, moment)
	}
	r.letGo(t, moment)
	r.held(t, moment)
	s.happens(t, r, u)
	if s.says == nil {
		r.release(t, moment)
		u.succeeds(t)
		return u.String()
	}
	said := u.fails(t)
	output := said + "\n" + r.order(t, "status")
	for _, part := range s.says(r) {
		assert.Assert(t, strings.Contains(output, part), "%q is not in:\n%s", part, output)
	}
	if s.mended != nil {
		s.mended(t, r)
	}
	return said
}

// has tells whether there is a machine.
func (r *rehearsal) has(t *testing.T, name string) bool {
	t.Helper()
	machines, err := world.Machines(t.Context(), r.Workspace)
	assert.NilError(t, err)
	for _, machine := range machines {
		if machine.Name == name {
			return true
		}
	}
	return false
}

// letGo releases what earlier strikes have held at other moments.
func (r *rehearsal) letGo(t *testing.T, but ...hold) {
	t.Helper()
	for _, moment := range slices.Clone(r.holding) {
		if !slices.Contains(but, moment) {
			r.release(t, moment)
		}
	}
}

// killAnsible kills the playbook that runs on a machine of this sandbox, as the kernel does when memory runs out.
func (r *rehearsal) killAnsible(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	assert.NilError(t, err)
	killed := 0
	for _, file := range files {
		text, _ := os.ReadFile(file)
		mounts, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "mountinfo"))
		words := strings.Split(string(text), "\x00")
		if len(words) < 3 || filepath.Base(words[1]) != "ansible-playbook" || !strings.Contains(string(mounts), r.Path("hosts")+"/") {
			continue
		}
		var pid int
		_, err := fmt.Sscanf(file, "/proc/%d/", &pid)
		assert.NilError(t, err)
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	assert.Assert(t, killed > 0, "no ansible-playbook runs")
}

// recovers runs up again, as somebody does who was told to, until the stack is as wanted with exactly these nodes: at most two may be
// needed. It returns how many were, and how long they took.
func (r *rehearsal) recovers(t *testing.T, nodes ...string) (ups int, took time.Duration) {
	t.Helper()
	r.letGo(t)
	begin := time.Now()
	for ups = 1; ; ups++ {
		u := r.begin(t)
		failure := <-u.done
		if failure == nil {
			break
		}
		t.Logf("up %d after the strike:\n%s", ups, u.String())
		assert.Assert(t, ups < 2, "%d ups do not bring it to its end", ups)
	}
	took = time.Since(begin)
	assert.DeepEqual(t, r.readyNodes(t), nodes)
	r.begin(t, "--expect-no-changes").succeeds(t)
	return ups, took
}
