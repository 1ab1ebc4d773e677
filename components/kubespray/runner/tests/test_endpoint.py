"""Waiting for the API's name."""

import unittest
from unittest import mock

from cluster_runner import endpoint
from cluster_runner.errors import Failure

WANTED = {
    "variables": {"apiserver_loadbalancer_domain_name": '"api.internal.example"'},
    "nodes": [
        {"name": "m1", "controlPlane": True, "address": "10.0.0.11"}, {"name": "m2", "controlPlane": True, "address": "10.0.0.12"},
        {"name": "w1", "controlPlane": False, "address": "10.0.0.21"},
    ],
}


class Name(unittest.TestCase):
    def setUp(self):
        self.ansible = mock.Mock()
        self.asked = []
        self.clock = 0

    def wait(self, answers, wanted=WANTED, joins=("m1", "w1")):
        """answers: what getent says on a node, by its name, one after the other."""
        def ssh(node, command):
            self.asked.append((node["name"], command))
            of_node = answers[node["name"]]
            status, *addresses = of_node.pop(0) if len(of_node) > 1 else of_node[0]
            return status, "".join("%s STREAM api\n%s DGRAM\n" % (a, a) for a in addresses), ""

        def sleep(seconds):
            self.clock += seconds

        self.ansible.login.ssh = ssh
        with mock.patch("time.sleep", sleep), mock.patch("time.monotonic", lambda: self.clock):
            endpoint.wait_for_name(self.ansible, wanted, {"playbook": "scale.yml", "hosts": list(joins), "why": "", "joins": list(joins)})

    def said(self):
        return [call.kwargs["text"] for call in self.ansible.note.call_args_list]

    def test_found(self):
        self.wait({"m1": [(0, "10.0.0.11", "10.0.0.12")], "w1": [(0, "10.0.0.12", "10.0.0.11")]})
        question = "getent ahostsv4 api.internal.example"
        self.assertEqual(sorted(self.asked), [("m1", question), ("w1", question)])
        self.assertEqual(self.said(), [])

    def test_found_later(self):
        self.wait({"m1": [(2,), (2,), (0, "10.9.9.9"), (0, "10.0.0.11")], "w1": [(0, "10.0.0.11")]})
        under = "waiting: under api.internal.example, which should lead to 10.0.0.11 and the other control planes, "
        self.assertEqual(self.said(), [under + "m1 finds nothing", under + "m1 finds 10.9.9.9"])

    def test_never_found(self):
        with self.assertRaises(Failure) as caught:
            self.wait({"m1": [(0, "10.0.0.11")], "w1": [(2,)]})
        self.assertIn("w1 finds nothing. See that the record is there", caught.exception.report["message"])
        self.assertLessEqual(self.clock, endpoint.PATIENCE_SECONDS + endpoint.PAUSE_SECONDS)

    def test_a_node_that_does_not_answer_is_left_to_ansible(self):
        self.wait({"m1": [(255,)], "w1": [(0, "10.0.0.11")]})

    def test_only_nodes_that_join_are_asked(self):
        self.wait({"w1": [(0, "10.0.0.11")]}, joins=["w1"])
        self.wait({}, joins=[])
        self.wait({}, wanted=dict(WANTED, variables={}))
        self.assertEqual(len(self.asked), 1)
