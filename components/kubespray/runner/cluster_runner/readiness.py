"""Whether the cluster that a run leaves is whole; Ansible's own success does not say so."""

import json
import time
from typing import Optional

from cluster_runner.errors import Failure
from cluster_runner.login import UNREACHED, Login
from cluster_runner.playbooks import Ansible
from cluster_runner.protocol import Node, Shape, Step

NODES_READY_SECONDS = 300
# How long the API server of a control plane that has just started again may take.
API_READY_SECONDS = 120
# The playbooks that need no API server: they make it.
WITHOUT_API = "cluster.yml", "playbooks/facts.yml"


def wait_ready(ansible: Ansible, wanted: Shape) -> None:
    """Waits until the API server calls every planned node Ready."""
    deadline, said = time.monotonic() + NODES_READY_SECONDS, None
    while True:
        missing = not_ready(ansible.login, wanted)
        if not missing:
            return
        if missing != said:
            ansible.note("wait", text=missing)
            said = missing
        if time.monotonic() > deadline:
            raise Failure("after %d s: %s" % (NODES_READY_SECONDS, missing))
        time.sleep(1)


def wait_api(ansible: Ansible, wanted: Shape, step: Step) -> None:
    """Waits until the API server answers, before a step that fails without. One that does not come back is left to the step: it may
    be there to mend it, and says more."""
    if step["playbook"] in WITHOUT_API:
        return
    deadline, said = time.monotonic() + API_READY_SECONDS, False
    while time.monotonic() < deadline:
        try:
            ansible.login.kubectl(wanted["nodes"], "get --raw /readyz")
            return
        except Failure as failure:
            if not said:
                ansible.note("say", text="waiting for the API server: " + failure.report["message"])
                said = True
        time.sleep(2)


def not_ready(login: Login, wanted: Shape) -> Optional[str]:
    """What keeps the cluster from being whole, None if it is."""
    try:
        nodes = json.loads(login.kubectl(wanted["nodes"], "get nodes --output json"))["items"]
    except Failure as failure:
        return failure.report["message"]
    ready = {
        node["metadata"]["name"]: node["status"].get("nodeInfo", {}).get("kubeletVersion") for node in nodes
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
    }
    members = [node for node in wanted["nodes"] if node["controlPlane"] or node["worker"]]
    waiting = [node for node in members if node["name"] not in ready]
    if waiting:
        return "nodes are not Ready: " + ", ".join(kubelet(login, node) for node in waiting)
    version = "v" + wanted["kubernetes"]
    other = ["%s (%s)" % (node["name"], ready[node["name"]]) for node in members if ready[node["name"]] != version]
    return "nodes do not run %s: %s" % (version, ", ".join(other)) if other else None


def kubelet(login: Login, node: Node) -> str:
    """A node that is not Ready, and whether the reason is its machine or its kubelet."""
    status, out, _ = login.ssh(node, "systemctl is-active kubelet")
    if status == UNREACHED:
        return "%s (its machine does not answer at %s)" % (node["name"], node["address"])
    return "%s (its kubelet is %s)" % (node["name"], out.strip() or "unknown")
