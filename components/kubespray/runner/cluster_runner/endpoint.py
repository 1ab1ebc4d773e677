"""The name at which nodes reach the API: a record in the DNS that was made moments ago, and that kubeadm would wait for in silence."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

from cluster_runner.errors import Failure
from cluster_runner.login import UNREACHED, Login
from cluster_runner.playbooks import Ansible
from cluster_runner.protocol import Node, Shape, Step

# A resolver may remember for the record's time to live what it led to before.
PATIENCE_SECONDS = 180
PAUSE_SECONDS = 2


def wait_for_name(ansible: Ansible, wanted: Shape, step: Step) -> None:
    """Waits until the nodes that are to join find the first control plane under the API's name, if it has one."""
    name = json.loads((wanted.get("variables") or {}).get("apiserver_loadbalancer_domain_name", "null"))
    joining = [node for node in wanted["nodes"] if node["name"] in (step.get("joins") or [])]
    if not name or not joining:
        return
    first = next(node for node in wanted["nodes"] if node["controlPlane"])
    deadline, said = time.monotonic() + PATIENCE_SECONDS, None
    while True:
        with ThreadPoolExecutor(max_workers=10) as pool:
            answers = list(pool.map(lambda node: lookup(ansible.login, node, name), joining))
        lost = ["%s finds %s" % (node["name"], ", ".join(found) or "nothing")
                for node, found in zip(joining, answers) if found is not None and first["address"] not in found]
        if not lost:
            return
        problem = "under %s, which should lead to %s and the other control planes, %s" % (name, first["address"], "; ".join(lost))
        if time.monotonic() > deadline:
            raise Failure(problem + ". See that the record is there and its domain delegated, and that the nodes' resolver passes "
                          "on private addresses (a guard against DNS rebinding drops them): docs/cluster.md, The address of the API")
        if problem != said:
            ansible.note("say", text="waiting: " + problem)
            said = problem
        time.sleep(PAUSE_SECONDS)


def lookup(login: Login, node: Node, name: str) -> Optional[list[str]]:
    """The addresses a node finds under a name; None if the node does not answer, which Ansible will say more of."""
    status, out, _ = login.ssh(node, "getent ahostsv4 " + name)
    if status == UNREACHED:
        return None
    return sorted({line.split()[0] for line in out.splitlines() if line.strip()})
