package kubespray

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestTheRunnersPythonSuitsTheRelease(t *testing.T) {
	for _, test := range []struct {
		release, system string
		refused         bool
	}{
		{"v2.28.1", "ubuntu 20.04", true}, {"v2.28.1", "debian 11", true}, {"v2.28.1", "ubuntu 22.04", false},
		{"v2.29.1", "ubuntu 20.04", true}, {"v2.29.1", "ubuntu 22.04", false}, {"v2.29.1", "debian 11", true},
		{"v2.30.0", "ubuntu 20.04", true}, {"v2.30.0", "ubuntu 22.04", false}, {"v2.30.0", "ubuntu 24.04", false},
		{"v2.31.0", "ubuntu 22.04", true}, {"v2.31.0", "Ubuntu 22.04", true}, {"v2.31.0", "debian 11", true},
		{"v2.31.0", "debian 12", false}, {"v2.31.0", "debian 13", false}, {"v2.31.0", "ubuntu 24.04", false},
		{"v2.31.0", "almalinux 9", false}, {"v2.31.0", "", false},
	} {
		args := demoArgs()
		args.Kubespray.Version, args.Kubespray.Ansible, args.LastState = test.release, Venv, "{}"
		args.Nodes[0].System = test.system
		if err := Check(args); (err != nil) != test.refused {
			t.Errorf("%s on %s: %v", test.release, test.system, err)
		}
		args.Kubespray.Ansible = System
		assert.NilError(t, Check(args))
	}
}

func TestAPythonThatIsTooOldIsToldWithThoseThatAreNot(t *testing.T) {
	args := demoArgs()
	args.Kubespray.Ansible, args.LastState = Venv, "{}"
	args.Nodes[0].System, args.Nodes[1].System = "ubuntu 22.04", "ubuntu 18.04"
	err := Check(args)
	assert.ErrorContains(t, err, "cluster demo: refused, nothing was touched:")
	assert.ErrorContains(t, err, "arvan-k8s-m1, on which Ansible runs, has Python 3.10 with ubuntu 22.04, and Kubespray v2.31.0 needs 3.11 or newer there: "+
		"make its machine from debian 12, ubuntu 24.04, debian 13 or ubuntu 26.04, or bring an Ansible of your own and set kubernetes.kubespray.ansible to system")
	assert.ErrorContains(t, err, "node arvan-k8s-w1 has Python 3.6 with ubuntu 18.04, and Kubespray v2.31.0 needs 3.8 or newer on a node: make its machine from "+
		"ubuntu 20.04, debian 11, ubuntu 22.04, debian 12, ")
}

// A release that this runner has run is not judged again; another one is.
func TestARunnerThatServesIsNotJudgedAgain(t *testing.T) {
	args := demoArgs()
	args.Kubespray.Ansible, args.Nodes[0].System = Venv, "ubuntu 22.04"
	args.LastState = `{"state": {"revision": 1, "shape": {"kubernetes": "1.35.4", "kubespray": "v2.31.0", "nodes": [{"name": "arvan-k8s-m1"}]}}}`
	found, err := readKnown(args.LastState)
	assert.NilError(t, err)
	assert.Equal(t, len(args.pythonRefusals(found.State)), 0)
	args.Nodes[1].System = "debian 10"
	assert.Equal(t, len(args.pythonRefusals(found.State)), 1, "a new node of an old system was not judged")
	found.State.Shape.Kubespray = "v2.30.0"
	assert.Equal(t, len(args.pythonRefusals(found.State)), 2)
}

func TestEveryReleaseSaysWhichPythonItNeeds(t *testing.T) {
	for _, release := range Releases() {
		assert.Assert(t, oldest[release].runner > 0 && oldest[release].node > 0, "%s does not", release)
	}
	assert.Equal(t, len(oldest), len(Releases()))
}
