"""Runs Ansible's programs on the inventory of one cluster."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import events
from failure import Failure

NODES_READY_SECONDS = 300


def ssh_options(known_hosts):
    """Trust in the pinned host keys alone, and a connection that notices when the other end is gone."""
    return [
        "-o", "UserKnownHostsFile=" + known_hosts, "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=10",
    ]


# The exit status of ssh itself, not of the command.
UNREACHED = 255


def ssh(store, known_hosts, node, command, text=""):
    """Runs a command on a node, with text as its input; returns its status, output and error output."""
    try:
        done = subprocess.run(
            ["ssh", "-i", store.key, "-p", str(node["port"]), "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", *ssh_options(known_hosts),
             "%s@%s" % (node["user"], node["address"]), command],
            input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Failure(message="ssh is not on the runner's PATH: install openssh-client") from error
    return done.returncode, done.stdout, done.stderr.strip()


def on_control_plane(store, known_hosts, wanted, command, text=""):
    """What a command prints on the first control plane that can be reached: any of them knows the cluster."""
    for node in wanted["nodes"]:
        if not node["controlPlane"]:
            continue
        status, out, err = ssh(store, known_hosts, node, command, text)
        if status == 0:
            return out
        failure = "%s on %s: %s" % (command, node["name"], err)
        if status != UNREACHED:
            break
    raise Failure(message=failure)


def ask(store, known_hosts, wanted, question, text=""):
    """What kubectl answers on a control plane."""
    return on_control_plane(
        store, known_hosts, wanted, "sudo -n /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf " + question, text)


class Ansible:
    """Ansible on one cluster: tools say where its programs and Kubespray are."""

    def __init__(self, store, run, tools, log):
        self.store, self.run, self.tools, self.log = store, run, tools, log
        self.hosts = os.path.join(store.inventory, "hosts.yaml")
        self.before = os.path.join(store.inventory, "before.yaml")
        self.known_hosts = os.path.join(run.directory, "known_hosts")

    def environment(self):
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
            ANSIBLE_CALLBACK_PLUGINS=os.path.join(self.run.bundle, "runner", "callbacks"),
            ANSIBLE_CALLBACKS_ENABLED="exchange_progress", EXCHANGE_EVENTS=self.run.events,
            # Half of the work is Ansible's own: on two cores 40 hosts at once were no faster than 20, 5 took twice as long.
            ANSIBLE_FORKS=str(min(max(nodes, 5), 20)), ANSIBLE_PIPELINING="True",
            ANSIBLE_PRIVATE_KEY_FILE=self.store.key, ANSIBLE_HOST_KEY_CHECKING="True",
            ANSIBLE_SSH_ARGS=" ".join(
                ["-o ControlMaster=auto -o ControlPersist=10m -o ConnectionAttempts=10"] + ssh_options(self.known_hosts)),
            ANSIBLE_SSH_RETRIES="5",
            ANSIBLE_INVENTORY_UNPARSED_FAILED="True", ANSIBLE_RETRY_FILES_ENABLED="False", ANSIBLE_NOCOLOR="1",
        )

    def start(self, *command, **options):
        try:
            return subprocess.Popen(command, cwd=self.tools["tree"], env=self.environment(), stdin=subprocess.DEVNULL,
                                    text=True, **options)
        except FileNotFoundError as error:
            raise Failure(message="%s is not on the runner's PATH: install ansible-core, or set the toolchain's ansible to "
                          "\"venv\"" % command[0]) from error

    def install_inventory(self, order):
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
        with open(self.known_hosts, "w", encoding="utf-8") as file:
            file.write(known + (order.get("beforeKnownHosts") or ""))

    def forget_facts(self, name):
        """Drops what is cached of a host."""
        path = os.path.join(self.store.facts, name)
        if os.path.exists(path):
            os.remove(path)

    def check_inventory(self, wanted):
        """Ansible calls an inventory without hosts a success, so what it reads is compared with the plan."""
        listing = self.start("ansible-inventory", "-i", self.hosts, "--list", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = listing.communicate()
        if listing.returncode:
            raise Failure(message="ansible-inventory cannot read the inventory: " + err.strip())
        groups = json.loads(out)
        for group, role in (("kube_control_plane", "controlPlane"), ("etcd", "etcd"), ("kube_node", "worker")):
            found = groups.get(group, {}).get("hosts", [])
            planned = [node["name"] for node in wanted["nodes"] if node[role]]
            if found != planned:
                raise Failure(message="the inventory's group %s is read as %s, planned is %s" % (group, found, planned))

    def play(self, step, last):
        """Runs one playbook to its end and returns the number of its tasks."""
        playbook = step["playbook"]
        # The runner's own playbooks come with the bundle, the others with Kubespray.
        path = os.path.join(self.run.bundle, playbook) if playbook.startswith("runner/") else playbook
        command = ["ansible-playbook", "-i", self.before if step.get("before") else self.hosts, "--become", path]
        if step.get("limit"):
            command += ["--limit", ",".join(step["limit"])]
        variables = dict(step.get("variables") or {}, **self.without_machine(step))
        if variables:
            # As JSON: on the command line's other form every value is text, and the text "false" counts as true.
            command += ["--extra-vars", json.dumps(variables)]
        if playbook == "runner/etcd-backup.yml" and os.path.exists(self.store.backup):
            command += ["--extra-vars", "@" + self.store.backup]
        self.note("play", phase=playbook)
        self.log.write("\n## %s\n" % " ".join(command))
        self.log.flush()
        offset = os.path.getsize(self.run.log)
        playing = self.start(*command, stdout=self.log, stderr=subprocess.STDOUT)
        if last:
            self.note("total", tasks=last["tasks"])
        else:
            threading.Thread(target=self.count_tasks, args=(command,), daemon=True).start()
        status = playing.wait()
        outcome = Outcome(self.run.events, playbook)
        if status < 0:
            raise Failure(**outcome.killed(playbook, signal.Signals(-status).name))
        if status:
            raise Failure(**(outcome.failure or {"message": "ansible-playbook %s exited with %d; the end of the log:\n%s" % (
                playbook, status, self.end_of_log(offset))}))
        return outcome.tasks

    def without_machine(self, step):
        """What a removal needs to be told when the machine is gone: it can neither be drained nor reset."""
        if not step.get("removes") or not step.get("before"):
            return {}
        name = step["removes"][0]
        node = next(node for node in self.run.order()["leaving"] if node["name"] == name)
        if name not in (step.get("gone") or []):
            status, _, err = ssh(self.store, self.known_hosts, node, "true")
            if status == 0:
                return {}
            self.note("say", text="%s does not answer at %s (%s)" % (name, node["address"], err))
        self.note("say", text="the machine of %s is gone: its node is deleted without a reset, its pods start elsewhere" % name)
        return {"reset_nodes": False, "allow_ungraceful_removal": True, "drain_grace_period": 0, "drain_timeout": "30s", "drain_retries": 1}

    def count_tasks(self, command):
        """Notes how many tasks the playbook is known to have, while it already runs."""
        listing = self.start(*command, "--list-tasks", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.note("total", tasks=sum(1 for line in listing.stdout if line.startswith("      ") and "TAGS: [" in line))

    def note(self, event, **more):
        with open(self.run.events, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict(more, event=event, time=time.time())) + "\n")

    def end_of_log(self, offset):
        with open(self.run.log, encoding="utf-8", errors="replace") as file:
            file.seek(offset)
            return "\n".join(file.read().strip().split("\n")[-10:])

    def wait_ready(self, wanted):
        """Waits until the API server calls every planned node Ready; Ansible's own success does not say so."""
        deadline, said = time.monotonic() + NODES_READY_SECONDS, None
        while True:
            missing = self.not_ready(wanted)
            if not missing:
                return
            if missing != said:
                self.note("wait", text=missing)
                said = missing
            if time.monotonic() > deadline:
                raise Failure(message="after %d s: %s" % (NODES_READY_SECONDS, missing))
            time.sleep(1)

    def not_ready(self, wanted):
        """What keeps the cluster from being whole, None if it is."""
        try:
            nodes = json.loads(ask(self.store, self.known_hosts, wanted, "get nodes --output json"))["items"]
        except Failure as failure:
            return failure.what["message"]
        ready = {
            node["metadata"]["name"]: node["status"].get("nodeInfo", {}).get("kubeletVersion") for node in nodes
            if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
        }
        members = [node for node in wanted["nodes"] if node["controlPlane"] or node["worker"]]
        waiting = [node for node in members if node["name"] not in ready]
        if waiting:
            return "nodes are not Ready: " + ", ".join(self.kubelet(node) for node in waiting)
        version = "v" + wanted["kubernetes"]
        other = ["%s (%s)" % (node["name"], ready[node["name"]]) for node in members if ready[node["name"]] != version]
        return "nodes do not run %s: %s" % (version, ", ".join(other)) if other else None

    def kubelet(self, node):
        """A node that is not Ready, and whether the reason is its machine or its kubelet."""
        status, out, _ = ssh(self.store, self.known_hosts, node, "systemctl is-active kubelet")
        if status == UNREACHED:
            return "%s (its machine does not answer at %s)" % (node["name"], node["address"])
        return "%s (its kubelet is %s)" % (node["name"], out.strip() or "unknown")


class Outcome:
    """How the last run of a playbook went, by its events: how many tasks it started, its failure, and where it was."""

    def __init__(self, path, playbook):
        self.tasks, self.failure = 0, None
        self.play, self.task, self.hosts = "", "", []
        with open(path, encoding="utf-8", errors="replace") as file:
            for event in filter(None, map(events.parse, file)):
                self.take(event, playbook)

    def take(self, event, playbook):
        kind = event["event"]
        if kind == "play" and "phase" in event:
            if event["phase"] == playbook:
                self.tasks, self.failure = 0, None
        elif kind == "play":
            self.play = event["play"]
        elif kind == "task":
            self.tasks += 1
            self.task, self.hosts = event["task"], []
        elif kind == "begin":
            self.hosts.append(event["host"])
        elif kind in ("end", "failed"):
            self.hosts = [host for host in self.hosts if host != event["host"]]
        if kind == "failed" and not event["ignored"]:
            self.fail({key: event[key] for key in ("play", "task", "host", "message")})

    def fail(self, failure):
        """Takes in a failure that was not ignored; what fails on several hosts is one failure."""
        last = self.failure
        if last and (last["play"], last["task"]) == (failure["play"], failure["task"]):
            if failure["message"] not in last["message"]:
                failure["message"] = last["message"] + "\n" + failure["message"]
            failure["host"] = last["host"] + ", " + failure["host"]
        self.failure = failure

    def killed(self, playbook, by):
        """The failure of a playbook that a signal ended."""
        message = "ansible-playbook %s was killed by %s" % (playbook, by)
        if by == "SIGKILL":
            message += ": by hand, or because this host was short of memory (see sudo dmesg)"
        return {"play": self.play, "task": self.task, "host": ", ".join(self.hosts), "message": message}
