"""Nodes that an interrupted run has left cordoned."""

import json
import tempfile
import unittest
from typing import Any
from unittest import mock

from cluster_runner import cordons
from cluster_runner.errors import Failure
from cluster_runner.store import Store

NAMES = "m1", "w1", "w2"
WANTED: Any = {"nodes": [{"name": name} for name in NAMES]}
UPGRADE = {"playbook": "upgrade-cluster.yml", "hosts": ["w1", "w2"], "why": "upgrade"}


class Cordons(unittest.TestCase):
    def setUp(self):
        self.store = Store(self.enterContext(tempfile.TemporaryDirectory()))
        self.cordoned: set[str] = set()
        self.ansible = mock.Mock()
        self.ansible.login.kubectl = self.kubectl

    def kubectl(self, _nodes, question):
        if question.startswith("uncordon "):
            self.cordoned.remove(question.removeprefix("uncordon "))
            return ""
        return json.dumps({"items": [
            {"metadata": {"name": name}, "spec": {"unschedulable": True} if name in self.cordoned else {}} for name in NAMES]})

    def begin(self, step):
        cordons.begin(self.ansible, self.store, WANTED, step)

    def test_what_an_interrupted_step_cordoned_is_drained_anew_by_the_next(self):
        self.begin(UPGRADE)
        self.cordoned.add("w1")  # and the run is interrupted
        self.begin(UPGRADE)
        self.assertEqual(self.cordoned, set(), "Kubespray neither drains nor uncordons what is cordoned")
        self.assertEqual(self.store.drained(), ["w1", "w2"])
        self.assertEqual(self.ansible.note.call_args.kwargs["text"], "w1 takes pods again: a run that was interrupted had cordoned it")

    def test_what_is_left_in_the_end_takes_pods_again(self):
        self.begin(UPGRADE)
        self.cordoned.add("w2")
        cordons.end(self.ansible, self.store, WANTED)
        self.assertEqual(self.cordoned, set())
        self.cordoned.add("w2")  # by an administrator, later
        cordons.end(self.ansible, self.store, WANTED)
        self.assertEqual(self.cordoned, {"w2"})

    def test_what_an_administrator_cordoned_stays_so(self):
        self.cordoned.add("w1")
        for _ in range(2):
            self.begin(UPGRADE)
        cordons.end(self.ansible, self.store, WANTED)
        self.assertEqual(self.cordoned, {"w1"})

    def test_without_an_api_server_what_is_noted_stays(self):
        self.begin(UPGRADE)
        self.cordoned.add("w1")
        with mock.patch.object(self.ansible.login, "kubectl", side_effect=Failure("refused")):
            self.begin(UPGRADE)
        self.assertEqual(self.store.drained(), ["w1", "w2"])

    def test_only_what_drains_is_looked_at(self):
        with mock.patch.object(self.ansible.login, "kubectl") as asked:
            self.begin({"playbook": "scale.yml", "hosts": ["w1"], "why": "join"})
        asked.assert_not_called()
