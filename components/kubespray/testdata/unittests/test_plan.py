"""What has to run, and what is refused, as tables."""

import copy
import unittest

import plan


def node(name, address, **roles):
    return dict({"name": name, "controlPlane": False, "etcd": False, "worker": False, "address": address, "machine": "vm-" + name}, **roles)


def wanted(**changes):
    base = {
        "cluster": "demo", "kubernetes": "1.34.3", "kubespray": "v2.30.0", "variables": "v1", "hash": "h1",
        "nodes": [
            node("m1", "10.0.0.11", controlPlane=True, etcd=True),
            node("m2", "10.0.0.12", controlPlane=True, etcd=True),
            node("w1", "10.0.0.21", worker=True),
        ],
    }
    return dict(copy.deepcopy(base), **changes)


def with_node(new):
    return wanted(hash="h2", nodes=wanted()["nodes"] + [new])


def changed(name, **fields):
    nodes = wanted()["nodes"]
    for item in nodes:
        if item["name"] == name:
            item.update(fields)
    return wanted(hash="h2", nodes=nodes)


APPLIED = {"plan": wanted(), "complete": True}
STARTED = {"plan": wanted(), "complete": False}


class Decide(unittest.TestCase):
    def test_phases(self):
        w2 = node("w2", "10.0.0.22", worker=True)
        m3 = node("m3", "10.0.0.13", controlPlane=True, etcd=True)
        for name, applied, plan_, expected in (
            ("create", None, wanted(), [("cluster.yml", [])]),
            ("nothing", APPLIED, wanted(), []),
            ("unfinished, the same", STARTED, wanted(), [("cluster.yml", [])]),
            ("unfinished, another", STARTED, with_node(w2), [("cluster.yml", [])]),
            ("a worker", APPLIED, with_node(w2), [("playbooks/facts.yml", []), ("scale.yml", ["w2"])]),
            ("a worker and a variable", APPLIED, dict(with_node(w2), variables="v2"), [("cluster.yml", [])]),
            ("a control plane", APPLIED, with_node(m3), [("cluster.yml", [])]),
            ("a variable", APPLIED, wanted(hash="h2", variables="v2"), [("cluster.yml", [])]),
            ("labels", APPLIED, changed("w1", labels={"a": "b"}), [("cluster.yml", [])]),
            ("the next minor", APPLIED, wanted(hash="h2", kubernetes="1.35.4", kubespray="v2.31.0"), [("upgrade-cluster.yml", [])]),
        ):
            with self.subTest(name):
                _, phases = plan.decide(applied, plan_)
                self.assertEqual([(p["playbook"], p["limit"]) for p in phases], expected)
                self.assertEqual(plan.refusals(applied, plan_), [])

    def test_refusals(self):
        nodes = wanted()["nodes"]
        for name, plan_, expected in (
            ("removed", wanted(hash="h2", nodes=nodes[:2]), "node w1 left the inventory"),
            ("first control plane removed", wanted(hash="h2", nodes=nodes[1:]), "would change from m1 to m2"),
            ("first control plane reordered", wanted(hash="h2", nodes=[nodes[1], nodes[0], nodes[2]]), "would change from m1 to m2"),
            ("reordered", wanted(hash="h2", nodes=[nodes[0], nodes[2], nodes[1]]), "the order of the existing nodes changed"),
            ("put before", wanted(hash="h2", nodes=[nodes[0], node("x", "10.0.0.9", worker=True)] + nodes[1:]), "append new nodes"),
            ("new address", changed("w1", address="10.0.0.99"), "its private address changed from 10.0.0.21 to 10.0.0.99"),
            ("rebuilt", changed("w1", machine="vm-new"), "its machine changed from vm-w1 to vm-new"),
            ("role", changed("m2", etcd=False), "its etcd role changed from yes to no"),
            ("skipped minor", wanted(hash="h2", kubernetes="1.36.0"), "upgrade one minor at a time, 1.35 next"),
            ("back", wanted(hash="h2", kubernetes="1.33.0"), "cannot go back from 1.34.3 to 1.33.0"),
            ("upgrade and add", dict(with_node(node("w2", "10.0.0.22", worker=True)), kubernetes="1.35.0"), "upgrade first, then add w2"),
        ):
            with self.subTest(name):
                for applied in (APPLIED, STARTED):
                    self.assertIn(expected, "\n".join(plan.refusals(applied, plan_)))
                self.assertEqual(plan.refusals(None, plan_), [], "a first run has nothing to compare with")


if __name__ == "__main__":
    unittest.main()
