"""What the disruption budgets of a cluster have against an order."""

import json
import os
import unittest
from typing import Any
from unittest import mock

from cluster_runner import guard, local_data
from cluster_runner.errors import Failure, Refused
from tests.examples import RUNNER

WANTED: Any = {"cluster": "prod", "nodes": [{"name": name, "worker": name.startswith("w")} for name in ("m1", "w1", "w2", "w3")]}
WORKERS = {"playbook": "upgrade-cluster.yml", "hosts": ["w1", "w2", "w3"], "why": ""}
CONTROL_PLANES = {"playbook": "upgrade-cluster.yml", "hosts": ["m1"], "why": ""}
EVERYTHING = {"playbook": "cluster.yml", "hosts": ["m1", "w1", "w2", "w3"], "why": ""}


def budget(allowed, name="db"):
    return {"kind": "PodDisruptionBudget", "metadata": {"name": name, "namespace": "postgres"},
            "spec": {"selector": {"matchLabels": {"app": name}}}, "status": {"disruptionsAllowed": allowed}}


def pod(name, node, app="db", namespace="postgres", phase="Running", **metadata):
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}, **metadata},
            "spec": {"nodeName": node}, "status": {"phase": phase}}


class Upgrade(unittest.TestCase):
    def check(self, objects, *steps, **order):
        """objects: what the API server answers, or the Failure to ask it."""
        store = mock.Mock(root="/nowhere/cluster")
        store.login().kubectl = mock.Mock(side_effect=[objects if isinstance(objects, Failure) else json.dumps({"items": objects})])
        given: Any = {"wanted": "", "against": 0, "why": "", "steps": list(steps), **order}
        guard.check(store, WANTED, given)
        return store.login().kubectl.call_count

    def refused(self, *args, **order):
        with self.assertRaises(Refused) as caught:
            self.check(*args, **order)
        return str(caught.exception)

    def test_a_budget_that_allows_none_is_named_with_its_pods(self):
        said = self.refused([budget(0), pod("db-1", "w2"), pod("db-0", "w1"), pod("web-0", "w3", app="web")], CONTROL_PLANES, WORKERS)
        self.assertIn("the disruption budget postgres/db allows 0 disruptions, and nodes are drained on which its pods run: db-0 on w1, "
                      "db-1 on w2. Give that workload another replica, or see that its pods are Ready; or set kubernetes.force", said)

    def test_who_is_in_the_way_of_an_upgrade(self):
        """./scripts/review --upgrade says the same before (cmd/review/upgrade_test.go)."""
        with open(os.path.join(RUNNER, "..", "testdata", "budgets", "examples.json"), encoding="utf-8") as file:
            for example in json.load(file):
                given = example["budget"]
                namespace, labels = given["metadata"]["namespace"], given["spec"]["selector"]["matchLabels"]
                with self.subTest(example["of"]):
                    what = [given, pod("one", "w2", namespace=namespace, labels=labels)], CONTROL_PLANES, WORKERS
                    if example["stops"]:
                        self.assertIn("the disruption budget %s/%s allows 0" % (namespace, given["metadata"]["name"]), self.refused(*what))
                    else:
                        self.check(*what)

    def test_one_at_a_time_is_enough(self):
        self.check([budget(1), pod("db-0", "w1"), pod("db-1", "w1"), pod("db-2", "w2")], CONTROL_PLANES, WORKERS)

    def test_what_a_drain_leaves_alone_does_not_count(self):
        self.check([budget(0),
                    pod("done", "w1", phase="Succeeded"), pod("other", "w1", namespace="web"), pod("waits", None, phase="Pending"),
                    pod("agent", "w1", ownerReferences=[{"kind": "DaemonSet", "controller": True}]),
                    pod("static", "m1", annotations={"kubernetes.io/config.mirror": "x"})], CONTROL_PLANES, WORKERS)

    def test_only_the_nodes_that_are_drained_count(self):
        objects = [budget(0), pod("db-0", "w1")]
        self.check(objects, CONTROL_PLANES)
        self.assertIn("db-0 on m1", self.refused([budget(0), pod("db-0", "m1")], CONTROL_PLANES))
        self.assertEqual(self.check(objects, EVERYTHING), 0, "nothing is drained, and the cluster was asked")

    def test_force(self):
        self.check([budget(0), pod("db-0", "w1")], WORKERS, force=True)

    def test_an_api_server_that_is_down_may_be_repaired(self):
        self.check(Failure("no route"), CONTROL_PLANES)
        self.assertIn("it cannot be told whether the workloads' disruption budgets allow it, nor whose data would be lost (no route): "
                      "bring the API server back first", self.refused(Failure("no route"), leaving=[{"name": "w4", "worker": True}]))


def stored(name, node, member, ready=True, app="db", namespace="postgres", **labels):
    """The pod of a StatefulSet, its claim, and the local volume of that."""
    claim = {"kind": "PersistentVolumeClaim",
             "metadata": {"name": "data-" + name, "namespace": namespace, "labels": {"app": app, **labels}}}
    volume = {"kind": "PersistentVolume", "metadata": {"name": "pvc-" + name}, "spec": {
        "claimRef": {"namespace": namespace, "name": "data-" + name},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
            {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}}
    if not member:
        return [claim, volume]
    user = pod(name, node, app, namespace, ownerReferences=[{"kind": "StatefulSet", "name": app, "controller": True}])
    user["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-" + name}}, {"name": "config"}]
    user["status"]["conditions"] = [{"type": "Ready", "status": str(ready)}]
    return [user, claim, volume]


class Data(unittest.TestCase):
    """What lies on nodes that leave for good."""

    def judge(self, *objects, leaving=("w4",), force=False):
        return local_data.judge([item for several in objects for item in several], leaving, force)

    def test_a_quorum_that_stays_is_said(self):
        said, reasons = self.judge(stored("db-0", "w1", True), stored("db-1", "w2", True), stored("db-2", "w4", True))
        self.assertEqual(reasons, [])
        self.assertEqual(said, ["postgres/db keeps data on w4: db-2 of 3; 2 that are Ready stay, a quorum, and it gets new volumes on "
                                "other nodes for those that leave"])

    def test_the_only_copy_is_not_lost_by_force_either(self):
        for force in (False, True):
            said, reasons = self.judge(stored("db-0", "w4", True), stored("web-0", "w1", True, app="web"), force=force)
            self.assertEqual(said, [])
            self.assertEqual(reasons, [
                "postgres/db keeps data on w4: db-0 of 1; no other member that is Ready has it, and it would be lost: give that workload "
                "replicas, or move its data, or, if nobody needs it, delete the claims postgres/data-db-0 yourself"])

    def test_members_that_are_not_ready_are_no_quorum(self):
        three = [stored("db-0", "w1", True, ready=False), stored("db-1", "w2", True), stored("db-2", "w4", True)]
        said, reasons = self.judge(*three)
        self.assertIn("postgres/db keeps data on w4: db-2 of 3; 1 Ready member left is no quorum", reasons[0])
        said, reasons = self.judge(*three, force=True)
        self.assertEqual((len(said), reasons), (1, []))

    def test_two_nodes_at_once(self):
        members = [stored("db-0", "w1", True), stored("db-1", "w3", True), stored("db-2", "w4", True)]
        _, reasons = self.judge(*members, leaving=["w3", "w4"])
        self.assertIn("postgres/db keeps data on w3, w4: db-1, db-2 of 3; 1 Ready member left is no quorum: remove fewer nodes", reasons[0])

    def test_four_servers_of_files_write_with_three(self):
        members = [stored("minio-%d" % i, "w%d" % (i + 1), True, app="minio", namespace="objectstore") for i in range(4)]
        said, reasons = self.judge(*members)
        self.assertEqual(reasons, [])
        self.assertEqual(said, ["objectstore/minio keeps data on w4: minio-3 of 4; 3 that are Ready stay, a quorum, and it gets new "
                                "volumes on other nodes for those that leave"])
        _, reasons = self.judge(*members, leaving=["w3", "w4"])
        self.assertIn("minio-2, minio-3 of 4; 2 Ready members left is no quorum: remove fewer nodes", reasons[0])

    def test_of_copies_one_is_enough(self):
        copy = {local_data.HOLDS: local_data.COPY}
        two = [stored("prometheus-%d" % i, node, True, app="prometheus", **copy) for i, node in enumerate(["w1", "w4"])]
        said, reasons = self.judge(*two)
        self.assertEqual(reasons, [])
        self.assertEqual(said, ["postgres/prometheus keeps data on w4: prometheus-1 of 2; 1 that is Ready stay, each with all of it, "
                                "and it gets new volumes on other nodes for those that leave"])
        _, reasons = self.judge(*two, leaving=["w1", "w4"], force=True)
        self.assertIn("no other member that is Ready has it", reasons[0])

    def test_a_claim_without_a_pod_is_its_workloads(self):
        said, reasons = self.judge(stored("db-0", "w1", True), stored("db-1", "w2", True), stored("db-2", "w4", False))
        self.assertEqual(reasons, [])
        self.assertIn("data-db-2 of 3", said[0])

    def test_what_is_not_there_is_no_matter(self):
        elsewhere = {"kind": "PersistentVolume", "metadata": {"name": "nfs"}, "spec": {"claimRef": {"namespace": "web", "name": "files"}}}
        self.assertEqual(self.judge(stored("db-0", "w1", True), [elsewhere, budget(1)]), ([], []))

    def test_it_is_asked_of_nodes_that_leave_for_good(self):
        store = mock.Mock(root="/nowhere/cluster")
        store.login().kubectl = mock.Mock(return_value=json.dumps({"items": stored("db-0", "w4", True)}))
        order: Any = {"wanted": "", "against": 0, "why": "", "steps": [], "leaving": [{"name": "w4", "worker": True}], "force": True}
        with self.assertRaisesRegex(Refused, "postgres/db keeps data on w4"):
            guard.check(store, WANTED, order)
        replaced: Any = {**WANTED, "nodes": WANTED["nodes"] + [{"name": "w4", "worker": True}]}
        self.assertEqual(guard.check(store, replaced, order), [])


if __name__ == "__main__":
    unittest.main()
