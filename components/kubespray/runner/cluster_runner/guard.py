"""Refusals that only the runner can make: they depend on what runs in the cluster, and on this host."""

import glob
import json
import os
from typing import Any, Optional

from cluster_runner import json_files
from cluster_runner.errors import Failure, Refused
from cluster_runner.protocol import Order, Shape
from cluster_runner.store import Store


def check(store: Store, wanted: Shape, order: Order) -> None:
    """Raises Refused if the order must not be carried out."""
    reasons = foreign_names(store, wanted)
    # Of a node that is replaced, the old machine is gone already: to ask whether it may go comes too late.
    stay = {node["name"] for node in wanted["nodes"]}
    workers = [node["name"] for node in order.get("leaving") or [] if node["worker"] and node["name"] not in stay]
    if workers and not order.get("force"):
        reasons += budgets(cluster_objects(store, wanted), workers)
    if reasons:
        raise Refused(reasons)


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


def cluster_objects(store: Store, wanted: Shape) -> list[Any]:
    try:
        return json.loads(store.login().kubectl(
            wanted["nodes"], "get poddisruptionbudgets,pods --all-namespaces --output json"))["items"]
    except Failure as failure:
        raise Refused(["it cannot be told whether the workloads' disruption budgets allow it (%s): bring the API server back first"
                       % failure.report["message"]]) from failure


def budgets(objects: list[Any], leaving: list[str]) -> list[str]:
    """Each disruption budget whose pods run on more of the leaving nodes than it allows to be disturbed."""
    pods = [item for item in objects if item["kind"] == "Pod" and item["spec"].get("nodeName") in leaving
            and item["status"].get("phase") not in ("Succeeded", "Failed")]
    reasons = []
    for budget in objects:
        if budget["kind"] != "PodDisruptionBudget" or "disruptionsAllowed" not in budget.get("status", {}):
            continue
        nodes = sorted({pod["spec"]["nodeName"] for pod in pods
                        if pod["metadata"]["namespace"] == budget["metadata"]["namespace"]
                        and selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})})
        allowed = budget["status"]["disruptionsAllowed"]
        if len(nodes) > allowed:
            advice = ("remove %d at a time" % allowed) if allowed else "give that workload another replica first"
            reasons.append("the disruption budget %s/%s allows %d disruption%s, and its pods run on %s: %s, or set kubernetes.force"
                           % (budget["metadata"]["namespace"], budget["metadata"]["name"], allowed, "" if allowed == 1 else "s",
                              ", ".join(nodes), advice))
    return reasons


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
