package plan

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

func controlPlane(number int) Node {
	return Node{
		Name: fmt.Sprintf("m%d", number), ControlPlane: true, Etcd: true,
		Address: fmt.Sprintf("10.0.0.1%d", number), Machine: fmt.Sprintf("vm-m%d", number),
	}
}

func worker(number int) Node {
	return Node{
		Name: fmt.Sprintf("w%d", number), Worker: true,
		Address: fmt.Sprintf("10.0.1.%d", number), Machine: fmt.Sprintf("vm-w%d", number),
	}
}

// cluster has three control planes and three workers; changes are applied to it.
func cluster(changes ...func(*Shape)) *Shape {
	shape := &Shape{
		Cluster: "prod", Kubernetes: "1.34.3", Kubespray: "v2.30.0", Hash: "h",
		Nodes:     []Node{controlPlane(1), controlPlane(2), controlPlane(3), worker(1), worker(2), worker(3)},
		Variables: map[string]string{"calico_mtu": "1400", "kube_pods_subnet": `"10.233.64.0/18"`},
	}
	for _, change := range changes {
		change(shape)
	}
	return shape
}

func with(nodes ...Node) func(*Shape) {
	return func(s *Shape) { s.Nodes = append(s.Nodes, nodes...) }
}

func without(names ...string) func(*Shape) {
	return func(s *Shape) { s.Nodes = keepNodes(s.Nodes, func(n Node) bool { return !among(names)(n) }) }
}

func keepNodes(nodes []Node, keep func(Node) bool) []Node {
	var kept []Node
	for _, node := range nodes {
		if keep(node) {
			kept = append(kept, node)
		}
	}
	return kept
}

func edit(name string, change func(*Node)) func(*Shape) {
	return func(s *Shape) { change(s.node(name)) }
}

// rebuild gives nodes another machine at another address.
func rebuild(names ...string) func(*Shape) {
	return func(s *Shape) {
		for _, name := range names {
			s.node(name).Machine += "-new"
			s.node(name).Address = strings.Replace(s.node(name).Address, "10.0.", "10.9.", 1)
		}
	}
}

func set(name, value string) func(*Shape) {
	return func(s *Shape) { s.Variables[name] = value }
}

func version(kubernetes, kubespray string) func(*Shape) {
	return func(s *Shape) { s.Kubernetes, s.Kubespray = kubernetes, kubespray }
}

// steps renders a plan as "playbook(limit or hosts)".
func steps(plan *Plan) []string {
	rendered := []string{}
	for _, step := range plan.Steps {
		text := step.Playbook
		if len(step.Limit) > 0 {
			text += " --limit " + strings.Join(step.Limit, ",")
		}
		if node, is := step.Variables["node"]; is {
			text += fmt.Sprintf(" node=%v", node)
		}
		if len(step.Gone) > 0 {
			text += " (gone)"
		}
		rendered = append(rendered, text)
	}
	return rendered
}

func TestPlans(t *testing.T) {
	now := &State{Revision: 7, Shape: cluster()}
	left := func(playbooks ...string) *Unfinished {
		return &Unfinished{Why: "change calico_mtu", Kubernetes: "1.34.3", Kubespray: "v2.30.0", Playbooks: playbooks}
	}
	for name, test := range map[string]struct {
		state  *State
		wanted *Shape
		why    string
		want   []string
	}{
		"create":             {nil, cluster(), "create the cluster", []string{"cluster.yml"}},
		"nothing":            {now, cluster(), "the cluster is as wanted", []string{}},
		"another host key":   {now, cluster(edit("w1", func(n *Node) { n.HostKey = "other" })), "the cluster is as wanted", []string{}},
		"creation was cut":   {&State{Shape: cluster(), Pending: []string{"m1", "w1"}, Unfinished: left(Cluster)}, cluster(), "create the cluster (an earlier attempt was not finished)", []string{"cluster.yml"}},
		"a worker":           {now, cluster(with(worker(4))), "add w4", []string{"playbooks/facts.yml", "scale.yml --limit w4"}},
		"two workers":        {now, cluster(with(worker(4), worker(5))), "add w4, w5", []string{"playbooks/facts.yml", "scale.yml --limit w4,w5"}},
		"joining was cut":    {&State{Shape: cluster(with(worker(4))), Pending: []string{"w4"}, Unfinished: left(Scale)}, cluster(with(worker(4))), "add w4", []string{"playbooks/facts.yml", "scale.yml --limit w4"}},
		"joining given up":   {&State{Shape: cluster(with(worker(4))), Pending: []string{"w4"}, Unfinished: left(Scale)}, cluster(), "remove w4", []string{"remove-node.yml node=w4", "runner/release-claims.yml node=w4"}},
		"remove a worker":    {now, cluster(without("w2")), "remove w2", []string{"remove-node.yml node=w2", "runner/release-claims.yml node=w2"}},
		"exchange a worker":  {now, cluster(without("w2"), with(worker(4))), "add w4; remove w2", []string{"playbooks/facts.yml", "scale.yml --limit w4", "remove-node.yml node=w2", "runner/release-claims.yml node=w2"}},
		"replace a worker":   {now, cluster(rebuild("w2")), "replace w2", []string{"remove-node.yml node=w2", "playbooks/facts.yml", "scale.yml --limit w2"}},
		"same address again": {now, cluster(edit("w2", func(n *Node) { n.Machine = "vm-new" })), "replace w2", []string{"remove-node.yml node=w2 (gone)", "playbooks/facts.yml", "scale.yml --limit w2"}},
		"labels":             {now, cluster(edit("w1", func(n *Node) { n.Labels = map[string]string{"a": "b"} })), "label w1", []string{"runner/labels.yml"}},
		"label and worker": {
			now, cluster(with(worker(4)), edit("w1", func(n *Node) { n.Taints = []string{"a=b:NoSchedule"} })), "add w4; label w1",
			[]string{"playbooks/facts.yml", "scale.yml --limit w4", "runner/labels.yml"},
		},
		"a variable":            {now, cluster(set("calico_mtu", "1450")), "change calico_mtu", []string{"cluster.yml"}},
		"a variable and worker": {now, cluster(set("calico_mtu", "1450"), with(worker(4))), "add w4; change calico_mtu", []string{"cluster.yml"}},
		"a control plane flag": {
			now, cluster(set("kubernetes_audit", "true")), "change kubernetes_audit",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit kube_control_plane,etcd"},
		},
		"variables of both kinds": {
			now, cluster(set("kubernetes_audit", "true"), set("calico_mtu", "1450")), "change kubernetes_audit, calico_mtu",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"a flag of control planes and kubelets": {
			now, cluster(set("tls_min_version", `"VersionTLS13"`)), "change tls_min_version",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"hardening, afterwards": {
			now, cluster(set("kube_encrypt_secret_data", "true"), set("kube_owner", `"root"`)), "change kube_encrypt_secret_data, kube_owner",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"variables were cut": {&State{Shape: cluster(), Unfinished: left(Upgrade, Cluster)}, cluster(), "converge after a run that was not finished: change calico_mtu", []string{"playbooks/facts.yml", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"}},
		"two control planes": {
			now, cluster(with(controlPlane(4), controlPlane(5))), "add m4, m5",
			[]string{"playbooks/facts.yml", "cluster.yml --limit kube_control_plane,etcd", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"replace a control plane": {
			now, cluster(rebuild("m3")), "replace m3",
			[]string{"remove-node.yml node=m3", "playbooks/facts.yml", "cluster.yml --limit kube_control_plane,etcd", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"fewer control planes": {
			&State{Shape: cluster(with(controlPlane(4), controlPlane(5)))}, cluster(), "remove m4, m5",
			[]string{"remove-node.yml node=m4", "remove-node.yml node=m5", "playbooks/facts.yml", "cluster.yml --limit kube_control_plane,etcd", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml"},
		},
		"the next minor": {
			now, cluster(version("1.35.4", "v2.31.0")), "upgrade Kubernetes from 1.34.3 to 1.35.4 with Kubespray v2.31.0",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit m1,m2,m3", "upgrade-cluster.yml --limit w1,w2,w3"},
		},
		"an upgrade was cut": {
			&State{Shape: cluster(), Unfinished: &Unfinished{Kubernetes: "1.35.4", Kubespray: "v2.31.0", Playbooks: []string{Upgrade}}},
			cluster(version("1.35.4", "v2.31.0")), "upgrade Kubernetes from 1.34.3 to 1.35.4 with Kubespray v2.31.0",
			[]string{"playbooks/facts.yml", "upgrade-cluster.yml --limit m1,m2,m3", "upgrade-cluster.yml --limit w1,w2,w3"},
		},
		"machines were lost in an upgrade": {
			&State{Shape: cluster(), Unfinished: &Unfinished{Kubernetes: "1.35.4", Kubespray: "v2.31.0", Playbooks: []string{Upgrade}}},
			cluster(version("1.35.4", "v2.31.0"), rebuild("m3", "w2")), "upgrade Kubernetes from 1.34.3 to 1.35.4 with Kubespray v2.31.0; replace m3, w2",
			[]string{
				"remove-node.yml node=w2", "remove-node.yml node=m3", "playbooks/facts.yml", "upgrade-cluster.yml --limit m1,m2", "upgrade-cluster.yml --limit w1,w3",
				"cluster.yml --limit kube_control_plane,etcd", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml",
			},
		},
		"a worker was lost in an upgrade": {
			&State{Shape: cluster(), Unfinished: &Unfinished{Kubernetes: "1.35.4", Kubespray: "v2.31.0", Playbooks: []string{Upgrade}}},
			cluster(version("1.35.4", "v2.31.0"), rebuild("w2")), "upgrade Kubernetes from 1.34.3 to 1.35.4 with Kubespray v2.31.0; replace w2",
			[]string{
				"remove-node.yml node=w2", "playbooks/facts.yml", "upgrade-cluster.yml --limit m1,m2,m3", "upgrade-cluster.yml --limit w1,w3",
				"playbooks/facts.yml", "scale.yml --limit w2",
			},
		},
		"backups": {now, cluster(set("etcd_backup", `"daily"`)), "change the backups of etcd", []string{"runner/etcd-backup.yml"}},
		"backups of a new member": {
			&State{Shape: cluster(set("etcd_backup", `"daily"`))}, cluster(set("etcd_backup", `"daily"`), rebuild("m3")), "replace m3",
			[]string{"remove-node.yml node=m3", "playbooks/facts.yml", "cluster.yml --limit kube_control_plane,etcd", "upgrade-cluster.yml --limit kube_control_plane,etcd", "cluster.yml", "runner/etcd-backup.yml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Make(test.state, test.wanted, Options{})
			assert.NilError(t, err)
			assert.DeepEqual(t, steps(plan), test.want)
			assert.Equal(t, plan.Why, test.why)
		})
	}
}

func TestRefusals(t *testing.T) {
	now := &State{Shape: cluster()}
	single := cluster(without("m2", "m3"))
	for name, test := range map[string]struct {
		state  *State
		wanted *Shape
		want   string
	}{
		"first control plane removed":   {now, cluster(without("m1")), "the first control plane m1 would be removed"},
		"first control plane replaced":  {now, cluster(rebuild("m1")), "the machine of the first control plane m1 would be another one"},
		"first control plane reordered": {now, cluster(func(s *Shape) { s.Nodes[0], s.Nodes[1] = s.Nodes[1], s.Nodes[0] }), "the first control plane would change from m1 to m2"},
		"reordered":                     {now, cluster(func(s *Shape) { s.Nodes[3], s.Nodes[4] = s.Nodes[4], s.Nodes[3] }), "restore m1, m2, m3, w1, w2, w3, and append new nodes at the end"},
		"put between":                   {now, cluster(func(s *Shape) { s.Nodes = append([]Node{s.Nodes[0], worker(9)}, s.Nodes[1:]...) }), "append new nodes at the end"},
		"even etcd":                     {now, cluster(without("m3")), "etcd would have 2 members, and it needs an odd number: 1 or 3"},
		"quorum": {
			now, cluster(without("m2", "m3")),
			"etcd would lose m2, m3, 2 of its 3 members at once, and with them its quorum and every write: it cannot shrink from 3 to 1; put back m2, m3",
		},
		"quorum by replacement": {now, cluster(rebuild("m2", "m3")), "etcd would lose m2, m3, 2 of its 3 members at once, and with them its quorum and every write: exchange at most 1 in one up, and go on when it has ended well"},
		"only member":           {&State{Shape: single}, cluster(without("m1", "m3")), "the first control plane m1 would be removed"},
		"role":                  {now, cluster(edit("m2", func(n *Node) { n.Worker = true })), "node m2 would turn from control plane + etcd into control plane + etcd + worker, and a running node keeps its role"},
		"last worker":           {now, cluster(without("w1", "w2", "w3")), "no worker would be left"},
		"skipped minor":         {now, cluster(version("1.36.0", "v2.30.0")), "upgrade one minor at a time, 1.35 next, each with a Kubespray release that carries it"},
		"back":                  {now, cluster(version("1.33.0", "v2.30.0")), "Kubernetes cannot go back from 1.34.3 to 1.33.0"},
		"skipped release":       {now, cluster(version("1.34.3", "v2.32.0")), "go through the releases one by one, v2.31 next"},
		"release back":          {now, cluster(version("1.34.3", "v2.29.1")), "Kubespray cannot go back"},
		"upgrade and add":       {now, cluster(version("1.35.4", "v2.31.0"), with(worker(4))), "upgrade first, then add w4 in another up"},
		"upgrade and remove":    {now, cluster(version("1.35.4", "v2.31.0"), without("w1")), "upgrade first, then remove w1 in another up"},
		"upgrade and replace":   {now, cluster(version("1.35.4", "v2.31.0"), rebuild("w1")), "upgrade first, then replace w1 in another up"},
		"pod range":             {now, cluster(set("kube_pods_subnet", `"10.1.0.0/16"`)), `the pods' address range (kube_pods_subnet) cannot change from "10.233.64.0/18" to "10.1.0.0/16" on a running cluster`},
		"endpoint":              {now, cluster(set("apiserver_loadbalancer_domain_name", `"api.x"`)), "the name at which the nodes reach the API (apiserver_loadbalancer_domain_name) cannot change from nothing"},
		"upgrade given up": {
			&State{Shape: cluster(), Unfinished: &Unfinished{Kubernetes: "1.35.4", Kubespray: "v2.31.0", Playbooks: []string{Upgrade}}},
			cluster(), "an upgrade to Kubernetes 1.35.4 was begun and is not finished: set the version to 1.35.4 with Kubespray v2.31.0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Make(test.state, test.wanted, Options{})
			var refusal *Refusal
			assert.Assert(t, errors.As(err, &refusal), "%v %v", plan, err)
			assert.Assert(t, is.Contains(err.Error(), "refused, nothing was touched:"))
			assert.Assert(t, is.Contains(err.Error(), test.want))
		})
	}
}

func TestRelabel(t *testing.T) {
	old := Node{Name: "w1", Labels: map[string]string{"stays": "1", "changes": "1", "goes": "1"}, Taints: []string{"stays=1:NoSchedule", "changes=1:NoSchedule", "goes=1:NoExecute"}}
	now := Node{Name: "w1", Labels: map[string]string{"stays": "1", "changes": "2", "new": ""}, Taints: []string{"stays=1:NoSchedule", "changes=2:NoSchedule"}}
	assert.DeepEqual(t, relabel(&old, &now), map[string]any{
		"node": "w1", "labels": []string{"changes=2", "new=", "goes-"}, "taints": []string{"changes=2:NoSchedule", "goes:NoExecute-"},
	})
}

// Without a word to Kubespray, a drain that the budgets do not allow would fail where the runner was told not to refuse it.
func TestForceReachesTheDrains(t *testing.T) {
	for _, force := range []bool{false, true} {
		for name, test := range map[string]struct {
			wanted   *Shape
			playbook string
			says     string
		}{
			"a removal":                 {cluster(without("w3")), Remove, "allow_ungraceful_removal"},
			"an upgrade":                {cluster(version("1.35.4", "v2.31.0")), Upgrade, "drain_fallback_enabled"},
			"flags of the API servers":  {cluster(set("kube_profiling", "true")), Upgrade, "drain_fallback_enabled"},
			"a control plane joins two": {cluster(with(controlPlane(4), controlPlane(5))), Upgrade, "drain_fallback_enabled"},
		} {
			plan, err := Make(&State{Shape: cluster()}, test.wanted, Options{Force: force})
			assert.NilError(t, err, name)
			asked := 0
			for _, step := range plan.Steps {
				if step.Playbook == test.playbook {
					asked++
					assert.Equal(t, step.Variables[test.says] == true, force, "%s: %v", name, step.Variables)
				}
			}
			assert.Assert(t, asked > 0, "%s: %v", name, steps(plan))
		}
	}
}

func TestDescribe(t *testing.T) {
	plan, err := Make(&State{Shape: cluster()}, cluster(with(worker(4))), Options{})
	assert.NilError(t, err)
	assert.Equal(t, plan.Describe("prod", map[string]Timing{"scale.yml --limit": {Seconds: 95}}), `plan for cluster prod: add w4
  1. playbooks/facts.yml on m1, m2, m3, w1 and 3 more: a limited playbook needs the facts of every host
  2. scale.yml on w4: join the new workers (took 1:35 last time)`)
}

func TestOneWorkerMoreTouchesOneOfFifty(t *testing.T) {
	var many []Node
	for number := 4; number <= 50; number++ {
		many = append(many, worker(number))
	}
	plan, err := Make(&State{Shape: cluster(with(many...))}, cluster(with(append(many, worker(51))...)), Options{})
	assert.NilError(t, err)
	for _, step := range plan.Steps {
		if step.Playbook != Facts {
			assert.DeepEqual(t, step.Limit, []string{"w51"})
		}
	}
}

func BenchmarkMake(b *testing.B) {
	for _, count := range []int{10, 50, 100} {
		b.Run(fmt.Sprintf("%d nodes", count), func(b *testing.B) {
			shape := &Shape{Nodes: []Node{controlPlane(1)}}
			for number := range count - 1 {
				shape.Nodes = append(shape.Nodes, worker(number))
			}
			wanted := &Shape{Nodes: append(shape.Nodes, worker(count))}
			for b.Loop() {
				if _, err := Make(&State{Shape: shape}, wanted, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
