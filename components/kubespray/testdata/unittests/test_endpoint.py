"""Waiting for the API's name."""

import unittest
from unittest import mock

import endpoint
from failure import Failure

WANTED = {
    "variables": {"apiserver_loadbalancer_domain_name": '"api.internal.example"'},
    "nodes": [
        {"name": "m1", "controlPlane": True, "address": "10.0.0.11"}, {"name": "m2", "controlPlane": True, "address": "10.0.0.12"},
        {"name": "w1", "controlPlane": False, "address": "10.0.0.21"},
    ],
}


class Name(unittest.TestCase):
    def setUp(self):
        self.ansible = mock.Mock(known_hosts="known_hosts")
        self.asked = []
        self.clock = 0

    def wait(self, answers, wanted=WANTED, joins=("m1", "w1")):
        """answers: what getent says on a node, by its name, one after the other."""
        def ssh(_store, _known_hosts, node, command):
            self.asked.append((node["name"], command))
            status, *addresses = answers[node["name"]].pop(0) if len(answers[node["name"]]) > 1 else answers[node["name"]][0]
            return status, "".join("%s STREAM api\n%s DGRAM\n" % (a, a) for a in addresses), ""

        def sleep(seconds):
            self.clock += seconds

        with mock.patch.object(endpoint, "ssh", ssh), mock.patch.object(endpoint.time, "sleep", sleep), \
                mock.patch.object(endpoint.time, "monotonic", lambda: self.clock):
            endpoint.wait_for_name(self.ansible, wanted, {"joins": list(joins)})

    def said(self):
        return [call.kwargs["text"] for call in self.ansible.note.call_args_list]

    def test_found(self):
        self.wait({"m1": [(0, "10.0.0.11", "10.0.0.12")], "w1": [(0, "10.0.0.12", "10.0.0.11")]})
        self.assertEqual(sorted(self.asked), [("m1", "getent ahostsv4 api.internal.example"), ("w1", "getent ahostsv4 api.internal.example")])
        self.assertEqual(self.said(), [])

    def test_found_later(self):
        self.wait({"m1": [(2,), (2,), (0, "10.9.9.9"), (0, "10.0.0.11")], "w1": [(0, "10.0.0.11")]})
        under = "waiting: under api.internal.example, which should lead to 10.0.0.11 and the other control planes, "
        self.assertEqual(self.said(), [under + "m1 finds nothing", under + "m1 finds 10.9.9.9"])

    def test_never_found(self):
        with self.assertRaises(Failure) as caught:
            self.wait({"m1": [(0, "10.0.0.11")], "w1": [(2,)]})
        self.assertIn("w1 finds nothing. See that the record is there", caught.exception.what["message"])
        self.assertLessEqual(self.clock, endpoint.PATIENCE_SECONDS + endpoint.PAUSE_SECONDS)

    def test_a_node_that_does_not_answer_is_left_to_ansible(self):
        self.wait({"m1": [(255,)], "w1": [(0, "10.0.0.11")]})

    def test_only_nodes_that_join_are_asked(self):
        self.wait({"w1": [(0, "10.0.0.11")]}, joins=["w1"])
        self.wait({}, joins=[])
        self.wait({}, wanted=dict(WANTED, variables={}))
        self.assertEqual(len(self.asked), 1)
