"""Refusals that only the runner can make: they depend on what runs in the cluster, and on this host."""

import glob
import json
import os
from collections.abc import Collection, Iterator
from typing import Any, Optional

from cluster_runner import json_files, local_data
from cluster_runner.errors import Failure, Refused
from cluster_runner.protocol import Order, Shape
from cluster_runner.store import Store

# The playbook that drains each of its hosts and brings it back.
UPGRADE = "upgrade-cluster.yml"


def check(store: Store, wanted: Shape, order: Order) -> list[str]:
    """What is to be said of the order. Raises Refused if it must not be carried out."""
    said, against = workloads(store, wanted, order)
    reasons = foreign_names(store, wanted) + against
    if reasons:
        raise Refused(reasons)
    return said


def foreign_names(store: Store, wanted: Shape) -> list[str]:
    """A host name belongs to one cluster: Ansible would mix the machines up."""
    reasons: list[str] = []
    names = {node["name"] for node in wanted["nodes"]}
    for path in sorted(glob.glob(os.path.join(os.path.dirname(store.root), "*", "state.json"))):
        shape = (json_files.read(path) or {}).get("shape")
        if shape and shape["cluster"] != wanted["cluster"]:
            reasons += ["node %s is also one of the cluster %s: give it a name of its own" % (node["name"], shape["cluster"])
                        for node in shape["nodes"] if node["name"] in names]
    return reasons


def workloads(store: Store, wanted: Shape, order: Order) -> tuple[list[str], list[str]]:
    """What is to be said of what runs on the nodes that are drained or leave, and what it has against that: disruption budgets, each
    of which would stop the run half way, and data that would be lost."""
    # Of a node that is replaced, the old machine is gone already: to ask whether it may go comes too late.
    stay = {node["name"] for node in wanted["nodes"]}
    leaving = [node["name"] for node in order.get("leaving") or [] if node["worker"] and node["name"] not in stay]
    drained = {host for step in order["steps"] or [] if step["playbook"] == UPGRADE for host in step["hosts"]}
    force = bool(order.get("force"))
    if not leaving and (force or not drained):
        return [], []
    try:
        objects = cluster_objects(store, wanted)
    except Failure as failure:
        if force or not leaving:
            return [], []  # without its API server a cluster cannot be drained: Kubespray leaves that out, and may bring it back
        return [], ["it cannot be told whether the workloads' disruption budgets allow it, nor whose data would be lost (%s): bring the "
                    "API server back first" % failure.report["message"]]
    said, reasons = local_data.judge(objects, leaving, force)
    if not force:
        reasons = budgets(objects, leaving) + exhausted(objects, drained) + reasons
    return said, reasons


def cluster_objects(store: Store, wanted: Shape) -> list[Any]:
    kinds = "poddisruptionbudgets,pods,persistentvolumeclaims,persistentvolumes"
    return json.loads(store.login().kubectl(wanted["nodes"], "get %s --all-namespaces --output json" % kinds))["items"]


def budgets(objects: list[Any], leaving: list[str]) -> list[str]:
    """Each disruption budget whose pods run on more of the leaving nodes than it allows to be disturbed."""
    reasons = []
    for name, allowed, pods in disturbed(objects, leaving):
        nodes = sorted({pod["spec"]["nodeName"] for pod in pods})
        if len(nodes) > allowed:
            advice = ("remove %d at a time" % allowed) if allowed else "give that workload another replica first"
            reasons.append("the disruption budget %s allows %d disruption%s, and its pods run on %s: %s, or set kubernetes.force"
                           % (name, allowed, "" if allowed == 1 else "s", ", ".join(nodes), advice))
    return reasons


def exhausted(objects: list[Any], drained: Collection[str]) -> list[str]:
    """Each disruption budget that lets no pod go from nodes that are drained one after the other."""
    return ["the disruption budget %s allows 0 disruptions, and nodes are drained on which its pods run: %s. Give that workload another "
            "replica, or see that its pods are Ready; or set kubernetes.force, which ends them all the same"
            % (name, ", ".join(sorted("%s on %s" % (pod["metadata"]["name"], pod["spec"]["nodeName"]) for pod in pods)))
            for name, allowed, pods in disturbed(objects, drained) if pods and not allowed]


def disturbed(objects: list[Any], nodes: Collection[str]) -> Iterator[tuple[str, int, list[Any]]]:
    """Each disruption budget, how many disruptions it allows, and its pods that a drain of these nodes evicts."""
    evicted = [item for item in objects if item["kind"] == "Pod" and item["spec"].get("nodeName") in nodes and evicts(item)]
    for budget in objects:
        if budget["kind"] != "PodDisruptionBudget" or "disruptionsAllowed" not in budget.get("status", {}):
            continue
        if ((budget["spec"].get("selector") or {}).get("matchLabels") or {}).get("cnpg.io/instanceRole") == "primary":
            continue  # CloudNativePG makes another server the primary once this one's node is cordoned
        metadata = budget["metadata"]
        pods = [pod for pod in evicted if pod["metadata"]["namespace"] == metadata["namespace"]
                and selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})]
        yield "%s/%s" % (metadata["namespace"], metadata["name"]), budget["status"]["disruptionsAllowed"], pods


def evicts(pod: Any) -> bool:
    """Whether a drain asks for the pod's eviction: it leaves those of DaemonSets and the kubelet's own where they are."""
    metadata = pod["metadata"]
    owners = [owner["kind"] for owner in metadata.get("ownerReferences") or [] if owner.get("controller")]
    return (pod["status"].get("phase") not in ("Succeeded", "Failed") and "DaemonSet" not in owners
            and "kubernetes.io/config.mirror" not in (metadata.get("annotations") or {}))


def selects(selector: Optional[dict[str, Any]], labels: dict[str, str]) -> bool:
    """Whether a label selector of Kubernetes fits; none fits nothing."""
    if selector is None:
        return False
    for name, value in (selector.get("matchLabels") or {}).items():
        if labels.get(name) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        have, values = labels.get(rule["key"]), rule.get("values") or []
        fits = {"In": have in values, "NotIn": have not in values, "Exists": have is not None, "DoesNotExist": have is None}
        if not fits[rule["operator"]]:
            return False
    return True
