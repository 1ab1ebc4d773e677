"""Runs Ansible's programs on the inventory of one cluster."""

import json
import os
import shutil
import subprocess
import threading
import time

from failure import Failure

NODES_READY_SECONDS = 300


class Ansible:
    """Ansible on one inventory: tools say where its programs and Kubespray are."""

    def __init__(self, store, run, tools, log):
        self.store, self.run, self.tools, self.log = store, run, tools, log
        self.hosts = os.path.join(store.inventory, "hosts.yaml")
        self.ssh_options = [
            "-o", "UserKnownHostsFile=" + os.path.join(run.bundle, "known_hosts"),
            "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=10",
        ]

    def environment(self):
        """Settings that overrule Kubespray's ansible.cfg: it trusts any host key and shares /tmp with other clusters."""
        nodes = len(self.run.plan()["nodes"])
        programs = [folder for folder in (self.tools["bin"], os.environ.get("PATH")) if folder]
        return dict(
            os.environ,
            PATH=":".join(programs),
            HOME=os.environ.get("HOME", "/root"), LC_ALL="C.UTF-8",
            ANSIBLE_CONFIG=os.path.join(self.tools["tree"], "ansible.cfg"),
            ANSIBLE_CACHE_PLUGIN="jsonfile", ANSIBLE_CACHE_PLUGIN_CONNECTION=self.store.facts,
            ANSIBLE_LOCAL_TEMP=os.path.join(self.store.root, "tmp"),
            ANSIBLE_CALLBACK_PLUGINS=os.path.join(self.run.bundle, "runner", "callbacks"),
            ANSIBLE_CALLBACKS_ENABLED="exchange_progress", EXCHANGE_EVENTS=self.run.events,
            ANSIBLE_FORKS=str(min(max(nodes, 5), 20)), ANSIBLE_PIPELINING="True",
            ANSIBLE_PRIVATE_KEY_FILE=self.store.key, ANSIBLE_HOST_KEY_CHECKING="True",
            ANSIBLE_SSH_ARGS=" ".join(
                ["-o ControlMaster=auto -o ControlPersist=10m -o ConnectionAttempts=10"] + self.ssh_options),
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

    def install_inventory(self):
        """Puts the bundle's inventory in place, leaving what Kubespray keeps beside it (artifacts, credentials)."""
        os.makedirs(self.store.inventory, exist_ok=True)
        os.makedirs(self.store.facts, exist_ok=True)
        source = os.path.join(self.run.bundle, "inventory")
        variables = os.path.join(self.store.inventory, "group_vars")
        shutil.rmtree(variables, ignore_errors=True)
        shutil.copytree(os.path.join(source, "group_vars"), variables)
        shutil.copyfile(os.path.join(source, "hosts.yaml"), self.hosts)

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

    def play(self, phase, last):
        """Runs one playbook to its end and returns the number of its tasks."""
        command = ["ansible-playbook", "-i", self.hosts, "--become", phase["playbook"]]
        if phase["limit"]:
            command += ["--limit", ",".join(phase["limit"])]
        if phase["variables"]:
            # As JSON: on the command line's other form every value is text, and the text "false" counts as true.
            command += ["--extra-vars", json.dumps(phase["variables"])]
        self.note("play", phase=phase["playbook"])
        self.log.write("\n## %s\n" % " ".join(command))
        self.log.flush()
        offset = os.path.getsize(self.run.log)
        playing = self.start(*command, stdout=self.log, stderr=subprocess.STDOUT)
        if last:
            self.note("total", tasks=last["tasks"])
        else:
            threading.Thread(target=self.count_tasks, args=(command,), daemon=True).start()
        status = playing.wait()
        tasks, failure = self.outcome(phase["playbook"])
        if status:
            raise Failure(**(failure or {"message": "ansible-playbook %s exited with %d: %s" % (
                phase["playbook"], status, self.end_of_log(offset))}))
        return tasks

    def count_tasks(self, command):
        """Notes how many tasks the playbook is known to have, while it already runs."""
        listing = self.start(*command, "--list-tasks", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.note("total", tasks=sum(1 for line in listing.stdout if line.startswith("      ") and "TAGS: [" in line))

    def note(self, event, **more):
        with open(self.run.events, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict(more, event=event, time=time.time())) + "\n")

    def outcome(self, playbook):
        """The number of tasks the playbook's last run started, and its last failure that was not ignored."""
        tasks, failure = 0, None
        with open(self.run.events, encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                if event["event"] == "play" and event.get("phase") == playbook:
                    tasks, failure = 0, None
                elif event["event"] == "task":
                    tasks += 1
                elif event["event"] == "failed" and not event["ignored"]:
                    failure = {key: event[key] for key in ("play", "task", "host", "message")}
        return tasks, failure

    def end_of_log(self, offset):
        with open(self.run.log, encoding="utf-8", errors="replace") as file:
            file.seek(offset)
            return file.read()[-2000:].strip()

    def wait_ready(self, wanted):
        """Waits until the API server calls every planned node Ready; Ansible's own success does not say so."""
        deadline = time.monotonic() + NODES_READY_SECONDS
        while True:
            missing = self.not_ready(wanted)
            if not missing:
                return
            if time.monotonic() > deadline:
                raise Failure(message="after %d s: %s" % (NODES_READY_SECONDS, missing))
            time.sleep(1)

    def not_ready(self, wanted):
        """What keeps the cluster from being whole, None if it is."""
        first = next(node for node in wanted["nodes"] if node["controlPlane"])
        asking = self.start(
            "ssh", "-i", self.store.key, "-p", str(first["port"]), "-o", "BatchMode=yes", "-o", "ConnectTimeout=15",
            *self.ssh_options, "%s@%s" % (first["user"], first["address"]),
            "sudo -n /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o json",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = asking.communicate()
        if asking.returncode:
            return "kubectl get nodes on %s: %s" % (first["name"], err.strip())
        ready = {
            node["metadata"]["name"] for node in json.loads(out)["items"]
            if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
        }
        waiting = [node["name"] for node in wanted["nodes"]
                   if (node["controlPlane"] or node["worker"]) and node["name"] not in ready]
        return "nodes are not Ready: " + ", ".join(waiting) if waiting else None
