"""What the disruption budgets of a cluster have against an order."""

import json
import unittest
from typing import Any
from unittest import mock

from cluster_runner import guard
from cluster_runner.errors import Failure, Refused

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
        self.assertIn("it cannot be told whether the workloads' disruption budgets allow it (no route): bring the API server back first",
                      self.refused(Failure("no route"), leaving=[{"name": "w4", "worker": True}]))


if __name__ == "__main__":
    unittest.main()
