"""What is left of a run that something happened to."""

import collections
import contextlib
import io
import json
import os
import shutil
import signal
import tempfile
import unittest
from unittest import mock

from cluster_runner import disk_space, events, execute, json_files, units, up, watch, wording
from cluster_runner.errors import Failure
from cluster_runner.outcome import Outcome
from cluster_runner.progress import Progress
from cluster_runner.protocol import Phase
from cluster_runner.stop import Stop, Stopped
from cluster_runner.store import Store
from tests.stand_ins import world

PHASES: list[Phase] = [
    {"playbook": "playbooks/facts.yml", "hosts": ["w1"], "why": "facts"},
    {"playbook": "scale.yml", "hosts": ["w1"], "limit": ["w1"], "joins": ["w1"], "why": "join"},
]
WANTED = {"cluster": "demo", "hash": "abc", "kubernetes": "1.35.4", "kubespray": "v2.31.0",
          "nodes": [{"name": "w1", "controlPlane": False, "etcd": False, "worker": True}]}
Usage = collections.namedtuple("Usage", "total used free")


class Interruptions(unittest.TestCase):
    def setUp(self):
        self.store = Store(tempfile.mkdtemp())
        self.addCleanup(lambda: shutil.rmtree(self.store.root))
        self.run_ = self.store.run("000001-run")
        self.played = []
        self.begin(self.run_, [dict(phase) for phase in PHASES])

    def begin(self, run, phases):
        os.makedirs(run.bundle)
        json_files.write(os.path.join(run.bundle, "wanted.json"), WANTED)
        json_files.write(os.path.join(run.bundle, "toolchain.json"), {})
        run.set_order({"why": "add w1"})
        run.set_state({"status": "running", "wanted": "abc", "unit": "u.service", "why": "add w1", "started": wording.now(), "boot": "this",
                       "phase": "start", "number": 0, "phases": phases, "failure": None})

    def execute(self, happens, run=None):
        with world(self.played, happens) as handlers:
            self.terminate = lambda: handlers.call_args[0][1](signal.SIGTERM, None)
            return execute.execute(self.store, run or self.run_)

    def resume(self):
        """Goes on after the run as the next up does."""
        with contextlib.redirect_stdout(io.StringIO()):
            phases = up.resume(self.store, self.store.cluster(), "abc")
        again = self.store.run("000002-run")
        self.begin(again, phases)
        return self.execute(lambda _: None, again)

    def test_a_stopped_run_says_so_and_is_gone_on_with(self):
        def stop(playbook):
            if playbook == "scale.yml":
                self.terminate()

        self.assertEqual(self.execute(stop), 1)
        state = self.run_.state()
        self.assertEqual(state["status"], "stopped")
        self.assertIn("stopped in phase scale.yml", state["failure"]["message"])
        self.assertEqual(self.resume(), 0)
        self.assertEqual(self.played, ["playbooks/facts.yml", "scale.yml", "scale.yml"])
        self.assertTrue(self.store.cluster().settled)

    def test_ansible_may_be_the_first_to_end_of_a_stop(self):
        def stop(_):
            with contextlib.suppress(Stopped):
                self.terminate()
            raise Failure("ansible-playbook was killed by SIGTERM")

        self.assertEqual(self.execute(stop), 1)
        self.assertEqual(self.run_.state()["status"], "stopped")

    def test_a_stop_never_parts_what_belongs_together(self):
        stop = Stop()
        with self.assertRaises(Stopped):
            with stop.later():
                stop.ask(signal.SIGTERM, None)
                noted = True
        self.assertTrue(noted)

    def test_a_node_whose_removal_was_interrupted_is_half_there(self):
        """Should somebody want it back, it has to join again: it may have been reset."""
        joins = [{"playbook": "cluster.yml", "hosts": ["w1", "w2"], "why": "make the cluster", "joins": ["w1"]}]
        again = self.store.run("000002-run")
        self.begin(again, joins)
        self.execute(lambda _: None, again)
        self.assertEqual(self.store.cluster().data["pending"], [])
        leaves = self.store.run("000003-run")
        self.begin(leaves, [{"playbook": "remove-node.yml", "hosts": ["w1"], "why": "drain it", "removes": ["w1"]}])

        def kill(_):
            raise Failure("ansible-playbook was killed by SIGKILL")

        self.execute(kill, leaves)
        self.assertEqual(self.store.cluster().data["pending"], ["w1"])

    def test_a_full_disk_in_the_middle_of_a_run(self):
        """Nothing can be written once scale.yml has played: the files keep their last content, and the next up resumes."""
        write = json_files.write
        full: list[int] = []

        def writes(path, value):
            if full:
                raise OSError(28, "No space left on device")
            write(path, value)

        with mock.patch("cluster_runner.json_files.write", writes), \
                mock.patch("shutil.disk_usage", lambda _: Usage(1, 1, 0 if full else 1 << 40)):
            self.assertEqual(self.execute(lambda playbook: full.append(1) if playbook == "scale.yml" else None), 1)
            state = self.run_.state()
            self.assertEqual(state["status"], "running", "there was no room for the last word")
            self.assertIn("0 MB are free", watch.why_interrupted(self.run_, state))
            self.assertEqual([phase.get("status") for phase in state["phases"]], ["done", None])
            self.assertEqual(self.store.cluster().unfinished["playbooks"], ["scale.yml"])
            with self.assertRaisesRegex(Failure, "Make room there and run up again"):
                disk_space.check(self.store.root)
            full.clear()
            self.assertEqual(self.resume(), 0)
        self.assertEqual(self.played, ["playbooks/facts.yml", "scale.yml", "scale.yml"])

    def test_a_failure_on_a_full_disk_says_what_to_do(self):
        def fail(_):
            raise Failure("copy failed")

        with mock.patch("shutil.disk_usage", lambda _: Usage(1, 1, 3 << 20)):
            self.execute(fail)
        self.assertRegex(self.run_.state()["failure"]["message"], r"(?s)copy failed.*3 MB are free.*a run needs 256 MB")

    def test_why_a_run_was_interrupted(self):
        state = self.run_.state()
        with mock.patch("cluster_runner.units.boot", lambda: "this"):
            self.assertIn("its unit was killed", watch.why_interrupted(self.run_, state))
        with mock.patch("cluster_runner.units.boot", lambda: "another"):
            self.assertEqual(watch.why_interrupted(self.run_, state), "this host was rebooted")

    def test_damaged_events_are_passed_over(self):
        whole = json.dumps({"event": "task", "task": "Join", "time": 1.0})
        with open(self.run_.events, "w", encoding="utf-8") as file:
            file.write(whole[:11] + "\n" + "\0\0\0\n" + "3\n" + whole + "\n")
        self.assertEqual(Outcome(self.run_.events, "scale.yml").tasks, 1)
        progress = Progress(self.run_, {})
        progress.read(self.run_.state())
        self.assertEqual(progress.done, 1)
        self.assertEqual(list(events.parse(["[1]"])), [])

    def test_what_fails_on_several_hosts_is_one_failure(self):
        with open(self.run_.events, "w", encoding="utf-8") as file:
            for host, message in (("w1", "no route"), ("w2", "no route"), ("w3", "refused")):
                file.write(json.dumps({"event": "failed", "play": "p", "task": "t", "host": host, "message": message,
                                       "ignored": False, "time": 1.0}) + "\n")
        self.assertEqual(Outcome(self.run_.events, "scale.yml").failure,
                         {"play": "p", "task": "t", "host": "w1, w2, w3", "message": "no route\nrefused"})

    def test_only_what_is_left_counts_for_the_time_a_run_takes(self):
        state = self.run_.state()
        state["phases"][0].update({"status": "done", "earlier": True})
        progress = Progress(self.run_, {
            "playbooks/facts.yml": {"seconds": 600, "tasks": 4}, "scale.yml --limit": {"seconds": 60, "tasks": 4}})
        progress.read(state)
        self.assertEqual(progress.expected(), 60)

    def test_this_host_has_a_boot(self):
        self.assertRegex(units.boot(), "^[0-9a-f-]{36}$")
