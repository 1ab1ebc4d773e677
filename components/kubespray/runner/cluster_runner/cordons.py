"""Nodes that a playbook cordons to drain them. One that is interrupted leaves them so, and Kubespray takes a node that is cordoned
for one that an administrator keeps pods from: it would stay so."""

import json

from cluster_runner.errors import Failure
from cluster_runner.login import Login
from cluster_runner.playbooks import Ansible
from cluster_runner.protocol import Shape, Step
from cluster_runner.store import Store

# The playbooks that drain their hosts. One that removes a node leaves it cordoned where the removal is given up.
DRAINING = "upgrade-cluster.yml", "remove-node.yml"


def begin(ansible: Ansible, store: Store, wanted: Shape, step: Step) -> None:
    """Before a step that drains: gives back what an interrupted one has left, and notes which of its hosts take pods."""
    if step["playbook"] not in DRAINING:
        return
    try:
        taking = give_back(ansible, store, wanted)
    except Failure:
        return  # without its API server nothing is cordoned; whoever is noted stays so
    store.set_drained([name for name in step["hosts"] if taking.get(name)])


def end(ansible: Ansible, store: Store, wanted: Shape) -> None:
    """After the last step: gives back what is left of an interrupted one, if it was not gone on with."""
    if store.drained():
        give_back(ansible, store, wanted)


def give_back(ansible: Ansible, store: Store, wanted: Shape) -> dict[str, bool]:
    """Lets nodes take pods again that did before a step drained them and was interrupted. Returns which nodes do."""
    taking = schedulable(ansible.login, wanted)
    for name in store.drained():
        if taking.get(name) is False:
            ansible.login.kubectl(wanted["nodes"], "uncordon " + name)
            taking[name] = True
            ansible.note("say", text="%s takes pods again: a run that was interrupted had cordoned it" % name)
    store.set_drained([])
    return taking


def schedulable(login: Login, wanted: Shape) -> dict[str, bool]:
    """Whether each node of the cluster takes pods."""
    nodes = json.loads(login.kubectl(wanted["nodes"], "get nodes --output json"))["items"]
    return {node["metadata"]["name"]: not node.get("spec", {}).get("unschedulable") for node in nodes}
