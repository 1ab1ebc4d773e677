"""Runs that a runner of an earlier layout began: its bundle had all of its files in one folder."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from unittest import mock

from cluster_runner import command_line, execute, json_files, up
from cluster_runner.errors import Refused
from cluster_runner.store import Store
from tests.examples import changed, example
from tests.stand_ins import world


class EarlierLayout(unittest.TestCase):
    def setUp(self):
        self.store = Store(self.enterContext(tempfile.TemporaryDirectory()))
        self.run_ = self.store.run("000007-20261126T120000Z-fbb27fbdc4f4")
        os.makedirs(os.path.join(self.run_.bundle, "runner"))
        with open(os.path.join(self.run_.bundle, "runner", "__main__.py"), "w", encoding="utf-8") as file:
            file.write("import execute\n")
        json_files.write(os.path.join(self.store.root, "state.json"), example("state.json"))
        self.state = example("run.json")

    def running(self, **changes):
        self.run_.set_state(changed(self.state, status="running", failure=None, **changes))
        return mock.patch("cluster_runner.units.alive", lambda unit: unit == self.state["unit"])

    def test_it_is_awaited(self):
        with self.running():
            joined = up.attach(self.store, self.state["wanted"])
            self.assertEqual(joined.name, self.run_.name)
            with self.assertRaisesRegex(Refused, "a run of another plan .* is under way"):
                up.attach(self.store, "0" * 64)

    def test_it_is_stopped(self):
        with self.running(), mock.patch("cluster_runner.units.stop") as stop, contextlib.redirect_stdout(io.StringIO()):
            command_line.last(self.store, "cancel")
        stop.assert_called_once_with(self.state["unit"])

    def test_it_is_gone_on_with(self):
        """Its steps have the names they had; the files are those of the bundle that came since."""
        hash_ = self.state["wanted"]
        backup = {"playbook": "runner/etcd-backup.yml", "hosts": ["arvan-k8s-m1"], "why": "timers that back up etcd"}
        self.run_.set_state(changed(self.state, phases=self.state["phases"] + [backup]))
        wanted = changed(example("state.json")["shape"], hash=hash_)
        order = changed(example("order.json"), wanted=hash_, why=self.state["why"])
        self.run_.set_order(order)
        os.makedirs(self.store.bundle)
        json_files.write(os.path.join(self.store.bundle, "wanted.json"), wanted)
        json_files.write(os.path.join(self.store.bundle, "toolchain.json"), example("toolchain.json"))
        with mock.patch("cluster_runner.units.start") as start, contextlib.redirect_stdout(io.StringIO()) as said:
            run = up.begin(self.store, hash_, changed(order, against=-1))
        self.assertIn("resuming after %s: 1 of 3 phases are done" % self.run_.name, said.getvalue())
        self.assertEqual(start.call_args[0][0], self.state["unit"])
        self.assertEqual(start.call_args[0][1][1:], [os.path.join(run.bundle, "runner"), "execute", "--run", run.name])
        played: list[str] = []
        with world(played, lambda _: None):
            self.assertEqual(execute.execute(self.store, run), 0, json.dumps(run.state()))
        self.assertEqual(played, ["scale.yml", "runner/etcd-backup.yml"])
        self.assertTrue(self.store.cluster().reached(hash_))
