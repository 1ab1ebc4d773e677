"""Runs Ansible's programs on the inventory of one cluster."""

import json
import os
import shutil
import signal
import subprocess
import threading
from typing import IO, Any, Optional

from cluster_runner import events
from cluster_runner.errors import Failure
from cluster_runner.login import Login
from cluster_runner.outcome import Outcome
from cluster_runner.protocol import ETCD_BACKUP, LABELS, RELEASE, Order, Shape, Step, Timing
from cluster_runner.runs import Run
from cluster_runner.store import Store
from cluster_runner.toolchain import Tools

# Where the bundle has the runner's own playbooks. Kubespray brings all others.
OWN_PLAYBOOKS = {
    LABELS: "runner/playbooks/labels.yml", RELEASE: "runner/playbooks/release-claims.yml",
    ETCD_BACKUP: "runner/etcd_members/etcd-backup.yml",
}
# Ansible loads every module of this folder.
CALLBACK_PLUGINS = "runner/callback_plugins"


class Ansible:
    """Ansible on one cluster: tools say where its programs and Kubespray are."""

    def __init__(self, store: Store, run: Run, tools: Tools, log: IO[str]) -> None:
        self.store, self.run, self.tools, self.log = store, run, tools, log
        self.hosts = os.path.join(store.inventory, "hosts.yaml")
        self.before = os.path.join(store.inventory, "before.yaml")
        self.login = Login(store.key, os.path.join(run.directory, "known_hosts"))

    def environment(self) -> dict[str, str]:
        """Settings that overrule Kubespray's ansible.cfg: it trusts any host key and shares /tmp with other clusters."""
        nodes = len(self.run.wanted()["nodes"])
        programs = [folder for folder in (self.tools["bin"], os.environ.get("PATH")) if folder]
        return dict(
            os.environ,
            PATH=":".join(programs),
            HOME=os.environ.get("HOME", "/root"), LC_ALL="C.UTF-8",
            ANSIBLE_CONFIG=os.path.join(self.tools["tree"], "ansible.cfg"),
            ANSIBLE_CACHE_PLUGIN="jsonfile", ANSIBLE_CACHE_PLUGIN_CONNECTION=self.store.facts,
            # Never too old: the removal of a machine that is gone goes by what is remembered of it, and facts are gathered anew
            # wherever a step needs them to be true.
            ANSIBLE_CACHE_PLUGIN_TIMEOUT="0",
            ANSIBLE_LOCAL_TEMP=os.path.join(self.store.root, "tmp"),
            ANSIBLE_CALLBACK_PLUGINS=os.path.join(self.run.bundle, CALLBACK_PLUGINS),
            ANSIBLE_CALLBACKS_ENABLED="exchange_progress", EXCHANGE_EVENTS=self.run.events,
            # Half of the work is Ansible's own: on two cores 40 hosts at once were no faster than 20, 5 took twice as long.
            ANSIBLE_FORKS=str(min(max(nodes, 5), 20)), ANSIBLE_PIPELINING="True",
            ANSIBLE_PRIVATE_KEY_FILE=self.store.key, ANSIBLE_HOST_KEY_CHECKING="True",
            ANSIBLE_SSH_ARGS=" ".join(
                ["-o ControlMaster=auto -o ControlPersist=10m -o ConnectionAttempts=10"] + self.login.options()),
            ANSIBLE_SSH_RETRIES="5",
            ANSIBLE_INVENTORY_UNPARSED_FAILED="True", ANSIBLE_RETRY_FILES_ENABLED="False", ANSIBLE_NOCOLOR="1",
        )

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[str]":
        try:
            return subprocess.Popen(command, cwd=self.tools["tree"], env=self.environment(), stdin=subprocess.DEVNULL,
                                    text=True, **options)
        except FileNotFoundError as error:
            raise Failure("%s is not on the runner's PATH: install ansible-core, or set the toolchain's ansible to "
                          "\"venv\"" % command[0]) from error

    def install_inventory(self, order: Order) -> None:
        """Puts the bundle's inventory in place, leaving what Kubespray keeps beside it (credentials), and beside it
        that of the cluster as it was, if nodes leave."""
        os.makedirs(self.store.inventory, exist_ok=True)
        os.makedirs(self.store.facts, exist_ok=True)
        source = os.path.join(self.run.bundle, "inventory")
        variables = os.path.join(self.store.inventory, "group_vars")
        shutil.rmtree(variables, ignore_errors=True)
        shutil.copytree(os.path.join(source, "group_vars"), variables)
        shutil.copyfile(os.path.join(source, "hosts.yaml"), self.hosts)
        with open(self.before, "w", encoding="utf-8") as file:
            file.write(order.get("beforeInventory") or "")
        with open(os.path.join(self.run.bundle, "known_hosts"), encoding="utf-8") as file:
            known = file.read()
        with open(self.login.known_hosts, "w", encoding="utf-8") as file:
            file.write(known + (order.get("beforeKnownHosts") or ""))

    def forget_facts(self, name: str) -> None:
        """Drops what is cached of a host."""
        path = os.path.join(self.store.facts, name)
        if os.path.exists(path):
            os.remove(path)

    def check_inventory(self, wanted: Shape) -> None:
        """Ansible calls an inventory without hosts a success, so what it reads is compared with the plan."""
        listing = self.start("ansible-inventory", "-i", self.hosts, "--list", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = listing.communicate()
        if listing.returncode:
            raise Failure("ansible-inventory cannot read the inventory: " + err.strip())
        groups = json.loads(out)
        nodes = wanted["nodes"]
        for group, planned in (
            ("kube_control_plane", [node["name"] for node in nodes if node["controlPlane"]]),
            ("etcd", [node["name"] for node in nodes if node["etcd"]]),
            ("kube_node", [node["name"] for node in nodes if node["worker"]]),
        ):
            found = groups.get(group, {}).get("hosts", [])
            if found != planned:
                raise Failure("the inventory's group %s is read as %s, planned is %s" % (group, found, planned))

    def play(self, step: Step, last: Optional[Timing]) -> int:
        """Runs one playbook to its end and returns the number of its tasks."""
        playbook = step["playbook"]
        command = self.command(step)
        self.note("play", phase=playbook)
        self.log.write("\n## %s\n" % " ".join(command))
        self.log.flush()
        offset = os.path.getsize(self.run.log)
        playing = self.start(*command, stdout=self.log, stderr=subprocess.STDOUT)
        if last:
            self.note("total", tasks=last["tasks"], included=True)
        else:
            threading.Thread(target=self.count_tasks, args=(command,), daemon=True).start()
        status = playing.wait()
        outcome = Outcome(self.run.events, playbook)
        if status < 0:
            killed = outcome.killed(playbook, signal.Signals(-status).name)
            raise Failure(killed["message"], killed)
        if status:
            if outcome.failure:
                raise Failure(outcome.failure["message"], outcome.failure)
            raise Failure("ansible-playbook %s exited with %d; the end of the log:\n%s" % (playbook, status, self.end_of_log(offset)))
        return outcome.tasks

    def command(self, step: Step) -> list[str]:
        """The command line that carries out a step."""
        playbook = step["playbook"]
        path = os.path.join(self.run.bundle, OWN_PLAYBOOKS[playbook]) if playbook in OWN_PLAYBOOKS else playbook
        command = ["ansible-playbook", "-i", self.before if step.get("before") else self.hosts, "--become", path]
        if step.get("limit"):
            command += ["--limit", ",".join(step["limit"])]
        variables = dict(step.get("variables") or {}, **self.without_machine(step))
        if variables:
            # As JSON: on the command line's other form every value is text, and the text "false" counts as true.
            command += ["--extra-vars", json.dumps(variables)]
        if playbook == ETCD_BACKUP and os.path.exists(self.store.backup):
            command += ["--extra-vars", "@" + self.store.backup]
        if playbook not in OWN_PLAYBOOKS and os.path.exists(self.store.registry_logins):
            command += ["--extra-vars", "@" + self.store.registry_logins]
        return command

    def without_machine(self, step: Step) -> dict[str, Any]:
        """What a removal needs to be told when the machine is gone: it can neither be drained nor reset."""
        if not step.get("removes") or not step.get("before"):
            return {}
        name = step["removes"][0]
        node = next(node for node in self.run.order()["leaving"] if node["name"] == name)
        if name not in (step.get("gone") or []):
            status, _, err = self.login.ssh(node, "true")
            if status == 0:
                return {}
            self.note("say", text="%s does not answer at %s (%s)" % (name, node["address"], err))
        self.note("say", text="the machine of %s is gone: its node is deleted without a reset, its pods start elsewhere" % name)
        return {"reset_nodes": False, "allow_ungraceful_removal": True, "drain_grace_period": 0, "drain_timeout": "30s", "drain_retries": 1}

    def count_tasks(self, command: list[str]) -> None:
        """Notes how many tasks the playbook is known to have, while it already runs."""
        listing = self.start(*command, "--list-tasks", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        lines = listing.communicate()[0].splitlines()
        self.note("total", tasks=sum(1 for line in lines if line.startswith("      ") and "TAGS: [" in line))

    def note(self, event: str, **more: Any) -> None:
        events.append(self.run.events, event, **more)

    def end_of_log(self, offset: int) -> str:
        with open(self.run.log, encoding="utf-8", errors="replace") as file:
            file.seek(offset)
            return "\n".join(file.read().strip().split("\n")[-10:])
