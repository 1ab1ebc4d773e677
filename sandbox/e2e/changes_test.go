//go:build e2e

package e2e

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"gotest.tools/v3/assert"
)

// otherImage is one that the prod profile does not use.
var otherImage = map[string]any{"distribution": "ubuntu", "version": "22.04"}

func addWorker(t *testing.T, l *life) {
	l.setNodes(append(l.section("nodes").([]any), map[string]any{
		"name": "arvan-prod-w5", "role": "worker", "plan": "g2-16-8-0", "diskGiB": 100, "data": 50, "labels": map[string]any{"disk": "slow", "pool": "spare"},
	}))
	assert.DeepEqual(t, changes(l.up(t)), clusterRun("prod",
		"created arvancloud:iaas:Server arvan-prod-w5",
		"created arvancloud:storage:Volume arvan-prod-w5-data",
		"created arvancloud:storage:VolumeAttachment arvan-prod-w5-data-attachment",
		"created command:remote:Command arvan-prod-w5-admin-keys",
		"created command:remote:Command arvan-prod-w5-data-disk",
		"created command:remote:Command arvan-prod-w5-root-disk",
		"created command:remote:Command prod-cluster-ready-arvan-prod-w5",
		"created random:index:RandomPassword arvan-prod-w5-host-key",
		"updated arvancloud:cdn:DnsRecord edge-files-record",
		"updated arvancloud:cdn:DnsRecord edge-record",
	))
	l.again(t)
	l.settled(t, "v1.34.3", append(slices.Clone(prodNodes), "arvan-prod-w5")...)
	assert.Equal(t, l.labels(t, "arvan-prod-w5")["disk"], "slow")
}

// grow takes the demo stack's cluster from one control plane to three.
func grow(t *testing.T, s *sandbox) {
	l := newLife(t, s)
	assert.Equal(t, len(l.etcdMembers(t)), 1)
	var wanted []string
	for _, name := range []string{"arvan-k8s-m2", "arvan-k8s-m3"} {
		l.setNodes(append(l.section("nodes").([]any), map[string]any{"name": name, "role": "control-plane", "plan": "g2-4-2-0", "diskGiB": 50}))
		wanted = append(wanted, "created arvancloud:iaas:Server "+name, "created command:remote:Command demo-cluster-ready-"+name,
			"created command:remote:Command "+name+"-admin-keys", "created command:remote:Command "+name+"-root-disk",
			"created random:index:RandomPassword "+name+"-host-key")
	}
	output := l.up(t)
	inOrder(t, output,
		"1. playbooks/facts.yml",
		"2. cluster.yml on arvan-k8s-m1, arvan-k8s-m2, arvan-k8s-m3: bring control planes and etcd to the new members",
		"3. upgrade-cluster.yml on arvan-k8s-m1, arvan-k8s-m2, arvan-k8s-m3: tell every API server the new members of etcd",
		"4. cluster.yml on arvan-k8s-m1, arvan-k8s-w1, arvan-k8s-m2, arvan-k8s-m3: tell every node the new control planes",
		"succeeded after")
	// which asks the members of etcd how they are, at their addresses
	wanted = append(wanted, "updated kubernetes:helm.sh/v3:Release monitoring-release")
	assert.DeepEqual(t, changes(output), clusterRun("demo", wanted...))
	l.again(t)
	l.settled(t, "v1.35.4", "arvan-k8s-m1", "arvan-k8s-m2", "arvan-k8s-m3", "arvan-k8s-w1")
	assert.DeepEqual(t, l.etcdMembers(t), l.wantedMembers(t))
}

func relabel(t *testing.T, l *life) {
	l.node("arvan-prod-w5")["labels"] = map[string]any{"disk": "fast"}
	output := l.up(t)
	assert.DeepEqual(t, changes(output), clusterRun("prod"))
	inOrder(t, output, "1. runner/labels.yml on arvan-prod-w5", "succeeded after")
	l.again(t)
	labels := l.labels(t, "arvan-prod-w5")
	_, spare := labels["pool"]
	assert.Equal(t, labels["disk"], "fast")
	assert.Assert(t, !spare, "a label that left the file stayed on the node")
}

// growVolume: the API has no call for it, so it is refused before anything is touched until somebody did it in the panel.
func growVolume(t *testing.T, l *life) {
	l.node("arvan-prod-w3")["data"] = 250
	l.save(t)
	output, err := l.run(t, "up", l.stack, "--config-file", l.path)
	assert.Assert(t, err != nil, output)
	inOrder(t, output, "the volume arvan-prod-w3-data has 200 GB, and ArvanCloud's API has no call that makes one larger: make it 250 GB in the panel")
	assert.DeepEqual(t, changes(output), []string(nil))

	answer, err := http.Post(l.APIURL()+"/_emulator/volumes/arvan-prod-w3-data/grow?size=250", "", nil)
	assert.NilError(t, err)
	assert.NilError(t, answer.Body.Close())
	assert.Equal(t, answer.StatusCode, http.StatusNoContent)
	assert.DeepEqual(t, changes(l.up(t)), []string{
		"updated arvancloud:storage:Volume arvan-prod-w3-data", "updated command:remote:Command arvan-prod-w3-data-disk",
	})
	assert.Equal(t, l.on(t, "arvan-prod-w3", "sudo blockdev --getsize64 /dev/vdb"), strconv.Itoa(250<<30))
	l.again(t)
}

// volumesOf are the volumes of the ledger's claims, by the workers that they lie on.
func volumesOf(t *testing.T, l *life) map[string]string {
	t.Helper()
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct {
				ClaimRef     struct{ Namespace string }
				NodeAffinity struct {
					Required struct {
						NodeSelectorTerms []struct{ MatchExpressions []struct{ Values []string } }
					}
				}
			}
		}
	}
	l.query(t, &list, "kubectl", "get", "persistentvolumes", "--output", "json")
	found := map[string]string{}
	for _, volume := range list.Items {
		if volume.Spec.ClaimRef.Namespace == "rehearsal" {
			found[volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]] = volume.Metadata.Name
		}
	}
	return found
}

func removeWorker(t *testing.T, l *life) {
	l.ledger(t, 3, "arvan-prod-w5")
	before := volumesOf(t, l)
	assert.Assert(t, len(before) == 3 && before["arvan-prod-w5"] != "", "%v", before)
	l.setNodes(slices.DeleteFunc(l.section("nodes").([]any), func(node any) bool {
		return node.(map[string]any)["name"] == "arvan-prod-w5"
	}))
	output := l.up(t)
	inOrder(t, output,
		"1. remove-node.yml on arvan-prod-w5: drain it and take it out, while its machine runs",
		"2. runner/release-claims.yml on arvan-prod-w5: give up the claims of volumes that went with it, so that others are made",
		"Drain node except daemonsets resource (arvan-prod-w5)", "Reset node (arvan-prod-w5)",
		"succeeded after", "Server arvan-prod-w5 deleting", "Server arvan-prod-w5 deleted")
	assert.DeepEqual(t, changes(output), clusterRun("prod",
		"deleted arvancloud:iaas:Server arvan-prod-w5",
		"deleted arvancloud:storage:Volume arvan-prod-w5-data",
		"deleted arvancloud:storage:VolumeAttachment arvan-prod-w5-data-attachment",
		"deleted command:remote:Command arvan-prod-w5-admin-keys",
		"deleted command:remote:Command arvan-prod-w5-data-disk",
		"deleted command:remote:Command arvan-prod-w5-root-disk",
		"deleted command:remote:Command prod-cluster-ready-arvan-prod-w5",
		"deleted random:index:RandomPassword arvan-prod-w5-host-key",
		"updated arvancloud:cdn:DnsRecord edge-files-record",
		"updated arvancloud:cdn:DnsRecord edge-record",
	))
	assert.Assert(t, len(lines(output, "rehearsal/ledger keeps data on arvan-prod-w5: ledger-0 of 3; 2 that are Ready stay, a quorum")) > 0, output)
	l.again(t)
	l.settled(t, "v1.34.3", prodNodes...)
	// the member that was there has a new volume, the others have theirs
	l.kubectl(t, "rollout", "status", "statefulset/ledger", "--namespace=rehearsal", "--timeout=60s")
	after := volumesOf(t, l)
	assert.Equal(t, len(after), 3, "%v", after)
	for worker, volume := range before {
		assert.Equal(t, after[worker] == volume, worker != "arvan-prod-w5", "%s: %v", worker, after)
	}
	l.kubectl(t, "delete", "namespace", "rehearsal")
}

// unbearable are edits that would cost the cluster too much. Nothing may have been touched, above all no machine.
func unbearable(t *testing.T, l *life) {
	before := l.servers(t)
	for _, edit := range []struct {
		name string
		of   []string
		says string
	}{
		{"the first control plane", []string{"arvan-prod-m1"}, "the machine of the first control plane arvan-prod-m1 would be another one"},
		{"two of three members of etcd", []string{"arvan-prod-m2", "arvan-prod-m3"}, "etcd would lose arvan-prod-m2, arvan-prod-m3, 2 of its 3 members"},
		{"two workers", []string{"arvan-prod-w1", "arvan-prod-w2"}, "the machines of arvan-prod-w1, arvan-prod-w2 would be replaced at once"},
	} {
		for _, name := range edit.of {
			l.node(name)["image"] = otherImage
		}
		l.refused(t, edit.says)
		for _, name := range edit.of {
			delete(l.node(name), "image")
		}
	}
	assert.DeepEqual(t, l.servers(t), before)
}

func replaceWorker(t *testing.T, l *life) {
	old, system := l.machine(t, "arvan-prod-w4")
	assert.Equal(t, system, "ubuntu 24.04")
	l.node("arvan-prod-w4")["image"] = otherImage
	l.on(t, "arvan-prod-w4", "sudo touch "+dataPath+"/kept")
	output := l.up(t)
	inOrder(t, output,
		"VolumeAttachment arvan-prod-w4-data-attachment deleted original", "Server arvan-prod-w4 deleted original", "Server arvan-prod-w4 created replacement",
		"1. remove-node.yml on arvan-prod-w4: its machine is replaced: take the old one out",
		"3. scale.yml on arvan-prod-w4: join the machines that take their names", "succeeded after")
	replaced(t, l, output, "arvan-prod-w4", old, "replaced arvancloud:storage:VolumeAttachment arvan-prod-w4-data-attachment", "updated command:remote:Command arvan-prod-w4-data-disk")
	assert.Equal(t, l.on(t, "arvan-prod-w4", "ls "+dataPath), "kept\nlost+found", "the new machine has not mounted the old data")
}

func replaceControlPlane(t *testing.T, l *life) {
	old, _ := l.machine(t, "arvan-prod-m3")
	assert.DeepEqual(t, l.etcdMembers(t), l.wantedMembers(t))
	l.node("arvan-prod-m3")["image"] = otherImage
	output := l.up(t)
	// a member of etcd leaves before another joins: the new one is told exactly who the others are
	inOrder(t, output,
		"1. remove-node.yml on arvan-prod-m3: its machine is replaced: take the old one out",
		"3. cluster.yml on arvan-prod-m1, arvan-prod-m2, arvan-prod-m3: bring control planes and etcd to the new members",
		"4. upgrade-cluster.yml on arvan-prod-m1, arvan-prod-m2, arvan-prod-m3: tell every API server the new members of etcd",
		"5. cluster.yml on arvan-prod-m1, arvan-prod-m2, arvan-prod-m3, arvan-prod-w1 and 3 more: tell every node the new control planes",
		"succeeded after")
	replaced(t, l, output, "arvan-prod-m3", old)
	assert.DeepEqual(t, l.etcdMembers(t), l.wantedMembers(t))
}

// replaced asserts that a node has another machine of another image, and that nothing else was changed.
func replaced(t *testing.T, l *life, output, name, old string, more ...string) {
	t.Helper()
	assert.DeepEqual(t, changes(output), clusterRun("prod", append(more,
		"replaced arvancloud:iaas:Server "+name, "replaced command:remote:Command prod-cluster-ready-"+name,
		"updated command:remote:Command "+name+"-admin-keys", "updated command:remote:Command "+name+"-root-disk",
	)...))
	l.again(t)
	l.settled(t, "v1.34.3", prodNodes...)
	machine, system := l.machine(t, name)
	assert.Assert(t, machine != old, "it is still the machine %s", old)
	assert.Equal(t, system, "ubuntu 22.04")
}

func upgrade(t *testing.T, l *life) {
	l.versions(t, "v2.31.0", "1.35.4")
	output := l.up(t)
	inOrder(t, output, "upgrade Kubernetes from 1.34.3 to 1.35.4 with Kubespray v2.31.0",
		"upgrade-cluster.yml on arvan-prod-m1, arvan-prod-m2, arvan-prod-m3: one control plane at a time, before any worker",
		"upgrade-cluster.yml on arvan-prod-w1, arvan-prod-w2, arvan-prod-w3, arvan-prod-w4: drain and upgrade one worker at a time",
		"succeeded after")
	assert.DeepEqual(t, changes(output), clusterRun("prod", "updated command:remote:Command prod-cluster-kubeconfig"))
	l.again(t)
	l.settled(t, "v1.35.4", prodNodes...)
	// images of machines are a matter of their own: what is dropped from the file changes none
	delete(l.node("arvan-prod-w4"), "image")
	l.save(t)
	l.again(t)
}
