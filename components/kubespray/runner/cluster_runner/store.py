"""What the runner keeps on disk, per cluster.

    bundle/           the last upload
    inventory/        what Ansible reads; Kubespray adds credentials/
    state.json        what the cluster is: it follows every finished step
    timings.json      how long each playbook took when it last succeeded
    drained.json      the nodes that took pods before a step that drains them
    runs/<run>/       one run: its copy of the bundle, order.json, state.json, events.jsonl, ansible.log
    toolchains/       Kubespray trees and Python environments
    facts/            Ansible's fact cache
    ssh_key           what Ansible logs in with
    backup.json       where etcd is backed up to, with the keys
    registry_logins.json  the logins of registries' mirrors
"""

import contextlib
import fcntl
import os
import shutil
import time
from typing import Iterator, Optional

from cluster_runner import json_files
from cluster_runner.cluster_record import ClusterRecord
from cluster_runner.login import Login
from cluster_runner.protocol import Timings
from cluster_runner.runs import Run

KEPT_RUNS = 20
# The files of the bundle that hold keys: kept once, and in no run's copy.
SECRETS = "ssh_key", "backup.json", "registry_logins.json"


class Store:
    """The directory of one cluster."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.bundle = os.path.join(root, "bundle")
        self.inventory = os.path.join(root, "inventory")
        self.facts = os.path.join(root, "facts")
        self.toolchains = os.path.join(root, "toolchains")
        self.key = os.path.join(root, "ssh_key")
        self.backup = os.path.join(root, "backup.json")
        self.registry_logins = os.path.join(root, "registry_logins.json")

    def cluster(self) -> ClusterRecord:
        return ClusterRecord(os.path.join(self.root, "state.json"))

    def login(self) -> Login:
        """The way to the nodes of the bundle."""
        return Login(self.key, os.path.join(self.bundle, "known_hosts"))

    def timings(self) -> Timings:
        return json_files.read(os.path.join(self.root, "timings.json")) or {}

    def set_timing(self, key: str, seconds: float, tasks: int) -> None:
        timings = self.timings()
        timings[key] = {"seconds": round(seconds), "tasks": tasks}
        json_files.write(os.path.join(self.root, "timings.json"), timings)

    def drained(self) -> list[str]:
        """The nodes that took pods before a step that drains them, while that is under way or interrupted."""
        return json_files.read(os.path.join(self.root, "drained.json")) or []

    def set_drained(self, names: list[str]) -> None:
        json_files.write(os.path.join(self.root, "drained.json"), names)

    def run(self, name: str) -> Run:
        return Run(os.path.join(self.root, "runs", name))

    def new_run(self, wanted_hash: str) -> Run:
        """A new run with a copy of the bundle, since an upload may replace that one. Old runs go."""
        names = self.run_names()
        for name in names[KEPT_RUNS - 1:]:
            shutil.rmtree(self.run(name).directory)
        # Counted, not only dated: two runs may begin within a second, and a clock may be set back.
        number = int(names[0].split("-")[0]) + 1 if names else 1
        run = self.run("%06d-%s-%s" % (number, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), wanted_hash[:12]))
        os.makedirs(run.directory)
        shutil.copytree(self.bundle, run.bundle, ignore=shutil.ignore_patterns(*SECRETS, "__pycache__"))
        return run

    def run_names(self) -> list[str]:
        """The names of all runs, newest first."""
        try:
            return sorted(os.listdir(os.path.join(self.root, "runs")), reverse=True)
        except FileNotFoundError:
            return []

    def last_run(self) -> Optional[Run]:
        """The newest run that got as far as having a state, or None."""
        return next((run for run in map(self.run, self.run_names()) if run.has_state()), None)

    def install_secrets(self) -> None:
        """Takes over the uploaded files that hold keys, each in one step: a run may be reading the old ones."""
        for uploaded in SECRETS:
            path = os.path.join(self.root, uploaded)
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
    def lock(self, name: str, wait: bool = True) -> Iterator[None]:
        """Holds the lock of that name; without wait, raises BlockingIOError when somebody else holds it."""
        os.makedirs(self.root, exist_ok=True)
        with open(os.path.join(self.root, name + ".lock"), "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
