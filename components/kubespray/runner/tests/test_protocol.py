"""Python knows exactly what the examples hold, and does with them what they say. Go's side: protocol_test.go."""

import importlib
import json
import os
import re
import sys
import tempfile
import types
import typing
import unittest
from unittest import mock

from cluster_runner import cluster_record, execute, json_files, protocol, store, toolchain, wording
from cluster_runner.outcome import Outcome
from cluster_runner.playbooks import Ansible
from cluster_runner.progress import Progress
from cluster_runner.runs import Run
from etcd_members import etcd_backup
from tests.examples import RUNNER, Conformity, changed, events, example, text
from tests.stand_ins import world


class Fields(unittest.TestCase):
    """A field that Go has renamed, or Python, is missing here and unknown there."""

    def test_every_field_is_known_and_has_an_example(self):
        conformity = Conformity()
        for name, of in (
            ("wanted.json", protocol.Shape), ("order.json", protocol.Order), ("state.json", protocol.ClusterState),
            ("timings.json", protocol.Timings), ("toolchain.json", protocol.Toolchain), ("run.json", protocol.RunState),
        ):
            conformity.check(example(name), of, name)
        for event in events():
            conformity.check(event, protocol.Event, "events.jsonl")
        self.assertEqual(conformity.mistakes, [])
        self.assertEqual(conformity.unseen(), [])

    def test_each_kind_of_event_has_an_example(self):
        kinds = typing.get_args(typing.get_type_hints(protocol.Event)["event"])
        self.assertEqual({event["event"] for event in events()}, set(kinds))


class Written(unittest.TestCase):
    """What the runner writes is what the examples say."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_state(self):
        left = example("state.json")
        wanted = changed(left["shape"], hash=left["unfinished"]["wanted"])
        facts, scale = example("run.json")["phases"]
        before = changed(left["shape"], nodes=[node for node in left["shape"]["nodes"] if node["name"] not in left["pending"]])
        json_files.write(self.path("state.json"), {"revision": left["revision"] - 4, "shape": before})

        cluster = cluster_record.ClusterRecord(self.path("state.json"))
        self.assertTrue(cluster.settled, "a settled cluster may lack pending and unfinished")
        cluster.start(wanted, left["unfinished"]["why"], [facts, scale])
        cluster.begin(facts, wanted)
        cluster.finish(facts, wanted, left["unfinished"]["why"], [scale])
        cluster.begin(scale, wanted)
        self.assertEqual(json_files.read(self.path("state.json")), left)

    def test_timings(self):
        kept = store.Store(self.folder)
        for key, timing in example("timings.json").items():
            kept.set_timing(key, timing["seconds"] + 0.2, timing["tasks"])
        self.assertEqual(json_files.read(self.path("timings.json")), example("timings.json"))

    def test_events(self):
        """Ansible's callback, told what happened, writes the examples' lines; those of the runner come by note."""
        lines = events()
        with mock.patch.dict(os.environ, EXCHANGE_EVENTS=self.path("events.jsonl")), mock.patch("time.time", side_effect=[
                line["time"] for line in lines]):
            callback, note = self.callback(), Ansible(store.Store(self.folder), Run(self.folder), {"tree": "", "bin": ""}, sys.stderr).note
            task = None
            for line in lines:
                given = {key: value for key, value in line.items() if key not in ("event", "time")}
                if line["event"] == "task":
                    task = named(line["task"])
                    task._parent = mock.Mock(statically_loaded=False) if line.get("included") else None
                    callback.v2_playbook_on_task_start(task, is_conditional=False)
                elif line["event"] == "play" and "play" in line:
                    callback.v2_playbook_on_play_start(named(line["play"]))
                elif line["event"] == "begin":
                    callback.v2_runner_on_start(named(line["host"]), task)
                elif line["event"] == "failed":
                    callback.v2_runner_on_failed(result(line, task, {"msg": line["message"]}), ignore_errors=line["ignored"])
                elif line["event"] == "end" and line.get("skipped"):
                    callback.v2_runner_on_skipped(result(line, task, {}))
                elif line["event"] == "end":
                    task.delegate_to = line.get("on")
                    callback.v2_runner_on_ok(result(line, task, {"changed": line.get("changed")}))
                elif line["event"] == "stats":
                    callback.v2_playbook_on_stats(None)
                else:
                    note(line["event"], **given)
        with open(self.path("events.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line) for line in file], lines)

    def callback(self):
        """The callback, without Ansible where there is none."""
        base = types.ModuleType("ansible.plugins.callback")
        setattr(base, "CallbackBase", object)
        modules = {"ansible": types.ModuleType("ansible"), "ansible.plugins": types.ModuleType("ansible.plugins"), base.__name__: base}
        with mock.patch.dict(sys.modules, modules), mock.patch.object(sys, "path", [os.path.join(RUNNER, "callback_plugins")] + sys.path):
            return importlib.import_module("exchange_progress").CallbackModule()


def named(name):
    """A play, task or host as Ansible hands it to a callback."""
    thing = mock.Mock(delegate_to=None, ignore_unreachable=False)
    thing.get_name.return_value = name
    return thing


def result(line, task, said):
    return mock.Mock(_host=named(line["host"]), _task=task, _result=said)


class Read(unittest.TestCase):
    """The code that reads the examples on a runner takes what is in them."""

    def setUp(self):
        self.store = store.Store(self.enterContext(tempfile.TemporaryDirectory()))
        self.run_ = self.store.run("000001-run")
        os.makedirs(self.run_.bundle)

    def put(self, name, where):
        with open(os.path.join(where, name), "w", encoding="utf-8") as file:
            file.write(text(name))

    def test_an_order_leads_from_the_state_to_what_is_wanted(self):
        self.put("state.json", self.store.root)
        self.put("order.json", self.run_.directory)
        self.put("wanted.json", self.run_.bundle)
        self.put("toolchain.json", self.run_.bundle)
        order, wanted = self.run_.order(), self.run_.wanted()
        self.assertEqual((order["against"], order["wanted"]), (self.store.cluster().revision, wanted["hash"]))
        self.run_.set_state({
            "status": "running", "wanted": wanted["hash"], "unit": "u.service", "why": order["why"], "started": wording.now(),
            "phase": "start", "number": 0, "phases": order["steps"], "failure": None,
        })
        names = []

        def happens(_):
            names.append(sorted(node["name"] for node in self.store.cluster().nodes))

        played: list[str] = []
        with world(played, happens):
            self.assertEqual(execute.execute(self.store, self.run_), 0, self.run_.state()["failure"])
        self.assertEqual(played, [step["playbook"] for step in order["steps"]])
        m1, w1, w2, w3 = "arvan-k8s-m1", "arvan-k8s-w1", "arvan-k8s-w2", "arvan-k8s-w3"
        self.assertEqual(names, [[m1, w1, w2, w3]] * 3 + [[m1, w2, w3]] + [[m1, w3]] * 2 + [[m1, w1, w3]] * 3)
        self.assertEqual(self.store.cluster().data["shape"], wanted)
        self.assertTrue(self.store.cluster().reached(wanted["hash"]))

    def test_each_step_is_a_command(self):
        self.put("order.json", self.run_.directory)
        self.put("backup.json", self.store.root)
        ansible = Ansible(self.store, self.run_, {"tree": "", "bin": ""}, sys.stderr)
        ansible.run.bundle = os.path.dirname(RUNNER)
        ansible.login = mock.Mock()
        ansible.login.ssh.return_value = 0, "", ""
        asked = {}
        for step in self.run_.order()["steps"]:
            inventory, path, *rest = ansible.command(step)[2:3] + ansible.command(step)[4:]
            if step["playbook"].startswith("runner/"):
                self.assertTrue(os.path.exists(path), path)
            self.assertEqual(os.path.basename(inventory), "before.yaml" if step.get("before") else "hosts.yaml")
            asked[step["playbook"], *step["hosts"]] = " ".join(rest)
        self.assertEqual(asked["scale.yml", "arvan-k8s-w3"], "--limit arvan-k8s-w3")
        self.assertIn('"reset_nodes": false', asked["remove-node.yml", "arvan-k8s-w1"], "its machine is gone")
        self.assertIn('"drain_timeout": "360s"', asked["remove-node.yml", "arvan-k8s-w2"])
        self.assertIn('"labels": ["zone=b"]', asked["runner/labels.yml", "arvan-k8s-m1"])
        self.assertEqual(asked["runner/etcd-backup.yml", "arvan-k8s-m1"], "--extra-vars @" + self.store.backup)

    def test_toolchain(self):
        source = example("toolchain.json")
        with mock.patch.object(toolchain, "fetch") as fetch, mock.patch.object(toolchain, "install", return_value="venv/bin") as install:
            tools = toolchain.prepare(self.store.toolchains, source, "v2.31.0", sys.stderr)
        self.assertEqual(fetch.call_args[0][:2], ("https://mirror.example/kubespray-2.31.0.tar.gz", "ab" * 32))
        self.assertEqual(install.call_args[0][2], "https://mirror.example/pypi/simple")
        self.assertEqual(tools["bin"], "venv/bin")

    def test_events(self):
        self.put("events.jsonl", self.run_.directory)
        self.run_.set_state(example("run.json"))
        progress = Progress(self.run_, example("timings.json"))
        progress.read(self.run_.state())
        self.assertEqual(progress.line(), "[3:25 of about 3:04, 10%] phase 2 of 2: scale.yml | task 3 of 612 | Join"
                                          " | last failing: Check on arvan-k8s-w3 (ignored)")
        self.assertEqual(progress.slowest()[0], ("Check", "arvan-k8s-w3", 7.5))
        self.assertEqual(Outcome(self.run_.events, "scale.yml").tasks, 3)


class Backups(unittest.TestCase):
    def test_the_settings_on_a_member_are_those_of_the_stack(self):
        """The playbook and the program it installs read every key of backup.json, and no other."""
        settings = example("backup.json")["etcd_backup"]
        with open(os.path.join(RUNNER, "etcd_members", "etcd-backup.yml"), encoding="utf-8") as file:
            playbook = set(re.findall(r"etcd_backup\.([a-zA-Z]+)", file.read())) - {"py", "prom"}  # names of files
        program = set(typing.get_type_hints(etcd_backup.Settings))
        self.assertEqual(playbook | program, set(settings))
        conformity = Conformity()
        conformity.check({key: settings[key] for key in program}, etcd_backup.Settings, "settings.json")
        self.assertEqual(conformity.mistakes, [])
