"""What the runner keeps on disk, per cluster.

    bundle/           the last upload
    inventory/        what Ansible reads; Kubespray adds credentials/
    state.json        what the cluster is: it follows every finished step
    timings.json      how long each playbook took when it last succeeded
    runs/<run>/       one run: its copy of the bundle, order.json, state.json, events.jsonl, ansible.log
    toolchains/       Kubespray trees and Python environments
    facts/            Ansible's fact cache
    ssh_key           what Ansible logs in with
    backup.json       where etcd is backed up to, with the keys
"""

import contextlib
import fcntl
import json
import os
import shutil
import time

KEPT_RUNS = 20


class Store:
    """The directory of one cluster."""

    def __init__(self, root):
        self.root = root
        self.bundle = os.path.join(root, "bundle")
        self.inventory = os.path.join(root, "inventory")
        self.facts = os.path.join(root, "facts")
        self.toolchains = os.path.join(root, "toolchains")
        self.key = os.path.join(root, "ssh_key")
        self.backup = os.path.join(root, "backup.json")

    def state(self):
        return State(os.path.join(self.root, "state.json"))

    def timings(self):
        """How many seconds and tasks each playbook took when it last succeeded."""
        return read_json(os.path.join(self.root, "timings.json")) or {}

    def set_timing(self, key, seconds, tasks):
        timings = self.timings()
        timings[key] = {"seconds": round(seconds), "tasks": tasks}
        write_json(os.path.join(self.root, "timings.json"), timings)

    def run(self, name):
        return Run(os.path.join(self.root, "runs", name))

    def new_run(self, wanted):
        """A new run with a copy of the bundle, since an upload may replace that one. Old runs go."""
        names = self.run_names()
        for name in names[KEPT_RUNS - 1:]:
            shutil.rmtree(self.run(name).directory)
        # Counted, not only dated: two runs may begin within a second, and a clock may be set back.
        number = int(names[0].split("-")[0]) + 1 if names else 1
        run = self.run("%06d-%s-%s" % (number, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), wanted[:12]))
        os.makedirs(run.directory)
        shutil.copytree(self.bundle, run.bundle, ignore=shutil.ignore_patterns("ssh_key", "backup.json", "__pycache__"))
        return run

    def run_names(self):
        """The names of all runs, newest first."""
        try:
            return sorted(os.listdir(os.path.join(self.root, "runs")), reverse=True)
        except FileNotFoundError:
            return []

    def last_run(self):
        """The newest run that got as far as having a state, or None."""
        return next((run for run in map(self.run, self.run_names()) if run.state()), None)

    def install_secrets(self):
        """Takes over the uploaded SSH key and the backups' keys, each in one step: a run may be reading the old ones."""
        for uploaded, path in (("ssh_key", self.key), ("backup.json", self.backup)):
            source = os.path.join(self.bundle, uploaded)
            if not os.path.exists(source):
                if os.path.exists(path):
                    os.remove(path)
                continue
            part = path + ".part"
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                with open(source, "rb") as file:
                    target.write(file.read())
            os.replace(part, path)

    @contextlib.contextmanager
    def lock(self, name, wait=True):
        """Holds the lock of that name; without wait, raises BlockingIOError when somebody else holds it."""
        os.makedirs(self.root, exist_ok=True)
        with open(os.path.join(self.root, name + ".lock"), "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield


class State:
    """What the cluster is, as the planner reads it (plan.State in Go). Each change is on disk before the next step."""

    def __init__(self, path):
        self.path = path
        self.data = read_json(path) or {"revision": 0, "shape": None, "pending": [], "unfinished": None}

    @property
    def revision(self):
        return self.data["revision"]

    @property
    def unfinished(self):
        return self.data["unfinished"]

    @property
    def settled(self):
        """Whether the cluster is as some update wanted it."""
        return bool(self.data["shape"]) and bool(self.data["shape"]["hash"]) and not self.data["unfinished"]

    def reached(self, wanted):
        """Whether the cluster is the one with that hash."""
        return self.settled and self.data["shape"]["hash"] == wanted

    def start(self, wanted, why, steps):
        """A plan is about to touch machines: from here on it has to be finished, or planned again."""
        if self.data["shape"] is None:
            self.data["shape"] = dict(wanted, nodes=[], hash="")
        self.left(wanted, why, steps)

    def left(self, wanted, why, steps):
        self.data["unfinished"] = {
            "wanted": wanted["hash"], "why": why, "kubernetes": wanted["kubernetes"], "kubespray": wanted["kubespray"],
            "playbooks": [step["playbook"] for step in steps],
        }
        self.save()

    def begin(self, step, wanted):
        """Nodes that are about to join may be half there from now on."""
        joins = step.get("joins") or []
        self.put(joins, wanted)
        self.data["pending"] = sorted(set(self.data.get("pending") or []) | set(joins))
        self.save()

    def finish(self, step, wanted, why, steps):
        """The step is done; steps are those that are left."""
        gone = step.get("removes") or []
        shape = self.data["shape"]
        shape["nodes"] = [node for node in shape["nodes"] if node["name"] not in gone]
        joined = set(step.get("joins") or []) | set(gone)
        self.data["pending"] = [name for name in self.data.get("pending") or [] if name not in joined]
        if step["playbook"].endswith("labels.yml"):
            self.put(step["hosts"], wanted)
        self.left(wanted, why, steps)

    def put(self, names, wanted):
        """Takes over nodes from the wanted shape, in its order, leaving the others in theirs."""
        new = {node["name"]: node for node in wanted["nodes"] if node["name"] in names}
        known = [new.pop(node["name"], node) for node in self.data["shape"]["nodes"]]
        self.data["shape"]["nodes"] = known + [node for node in wanted["nodes"] if node["name"] in new]

    def complete(self, wanted):
        self.data.update(shape=wanted, pending=[], unfinished=None)
        self.save()

    def save(self):
        self.data["revision"] += 1
        write_json(self.path, self.data)


class Run:
    """The directory of one run."""

    def __init__(self, directory):
        self.directory = directory
        self.name = os.path.basename(directory)
        self.bundle = os.path.join(directory, "bundle")
        self.log = os.path.join(directory, "ansible.log")
        self.events = os.path.join(directory, "events.jsonl")

    def state(self):
        """The run's state: status, wanted, unit, phases, failure; None before it has one."""
        return read_json(os.path.join(self.directory, "state.json"))

    def set_state(self, state):
        write_json(os.path.join(self.directory, "state.json"), state)

    def wanted(self):
        return read_json(os.path.join(self.bundle, "wanted.json"))

    def order(self):
        """What was given to the run: the plan, and how leaving nodes are reached."""
        return read_json(os.path.join(self.directory, "order.json"))

    def set_order(self, order):
        write_json(os.path.join(self.directory, "order.json"), order)


def read_json(path):
    """The content of a JSON file, None if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError("%s is damaged: %s" % (path, error)) from error


def write_json(path, value):
    """Replaces a file at once: a reader, or a crash, sees the old or the new content, never half."""
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    # The new name too has to outlast a power cut.
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
