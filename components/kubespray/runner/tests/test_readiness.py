"""Waiting for the API server."""

import unittest
from typing import Any
from unittest import mock

from cluster_runner import readiness
from cluster_runner.errors import Failure

WANTED: Any = {"nodes": [{"name": "m1", "controlPlane": True, "address": "10.0.0.11"}]}
DOWN = Failure("kubectl get --raw /readyz on m1: connection refused")


class API(unittest.TestCase):
    def setUp(self):
        self.ansible, self.clock = mock.Mock(), 0

    def wait(self, *answers, playbook="scale.yml"):
        def sleep(seconds):
            self.clock += seconds

        self.ansible.login.kubectl.side_effect = answers
        with mock.patch("time.sleep", sleep), mock.patch("time.monotonic", lambda: self.clock):
            readiness.wait_api(self.ansible, WANTED, {"playbook": playbook, "hosts": ["w1"], "why": ""})
        return [call.kwargs["text"] for call in self.ansible.note.call_args_list]

    def test_one_that_answers_is_not_waited_for(self):
        self.assertEqual(self.wait("ok"), [])
        self.assertEqual(self.clock, 0)

    def test_one_that_starts_is_waited_for(self):
        """That of a control plane whose power failed in the middle of a run, say."""
        self.assertEqual(self.wait(DOWN, DOWN, "ok"), ["waiting for the API server: kubectl get --raw /readyz on m1: connection refused"])

    def test_one_that_is_down_is_left_to_the_step(self):
        self.wait(*[DOWN] * 100)
        self.assertGreaterEqual(self.clock, readiness.API_READY_SECONDS)

    def test_what_makes_one_does_not_wait(self):
        self.wait(DOWN, playbook="cluster.yml")
        self.ansible.login.kubectl.assert_not_called()
