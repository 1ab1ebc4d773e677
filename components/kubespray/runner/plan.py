"""Decides what has to run, from the plan last started and the wanted one. No input, no output: data to data."""


def decide(applied, wanted):
    """Returns (why, phases): a sentence and the playbooks to run in order; no phases when nothing is to do.

    applied is {"plan", "complete"} or None. A phase is {"playbook", "hosts", "limit", "variables", "why"}.
    """
    everyone = [node["name"] for node in wanted["nodes"]]
    if applied is None:
        return "create the cluster", [phase("cluster.yml", everyone, "make the cluster")]
    before = applied["plan"]
    if applied["complete"] and before["hash"] == wanted["hash"]:
        return "the cluster is as wanted", []
    if not applied["complete"]:
        return "converge after a run that was not finished", [
            phase("cluster.yml", everyone, "an earlier plan was started and not finished")
        ]
    if (before["kubernetes"], before["kubespray"]) != (wanted["kubernetes"], wanted["kubespray"]):
        why = "upgrade Kubernetes from %s to %s with Kubespray %s" % (
            before["kubernetes"], wanted["kubernetes"], wanted["kubespray"])
        return why, [phase("upgrade-cluster.yml", everyone, "one node at a time", variables={"serial": 1})]

    new = added(before, wanted)
    names = [node["name"] for node in new]
    rest = {node["name"]: node for node in wanted["nodes"] if node not in new}
    settled = rest == by_name(before) and before["variables"] == wanted["variables"]
    if new and settled and not any(node["controlPlane"] or node["etcd"] for node in new):
        return "add " + ", ".join(names), [
            phase("playbooks/facts.yml", everyone, "a limited playbook needs the facts of every host"),
            phase("scale.yml", names, "join the new workers", limit=names),
        ]
    return "converge the changed inventory or variables", [phase("cluster.yml", everyone, "apply the change")]


def phase(playbook, hosts, why, limit=None, variables=None):
    return {"playbook": playbook, "hosts": hosts, "limit": limit or [], "variables": variables or {}, "why": why}


def refusals(applied, wanted):
    """Every reason why the wanted plan must not be carried out on what is there, each with what to do instead."""
    if applied is None:
        return []
    before = applied["plan"]
    return node_refusals(before, wanted) + version_refusals(before, wanted)


def node_refusals(before, wanted):
    reasons = []
    old, new = by_name(before), by_name(wanted)
    gone = [name for name in old if name not in new]
    for name in gone:
        reasons.append("node %s left the inventory: it would stay in the cluster as a dead member. Put it back; it has to be "
                       "drained and removed with remove-node.yml before its machine goes" % name)
    first_old, first_new = first_control_plane(before), first_control_plane(wanted)
    if first_old != first_new:
        reasons.append("the first control plane would change from %s to %s: the cluster's certificates and endpoint start from "
                       "it. Keep %s first" % (first_old, first_new, first_old))
    order = [name for name in new if name in old]
    if order != [name for name in old if name in new] or list(new)[:len(order)] != order:
        reasons.append("the order of the existing nodes changed (was %s): restore it and append new nodes at the end"
                       % ", ".join(old))
    for name in order:
        for key, what in (("controlPlane", "control plane role"), ("etcd", "etcd role"), ("worker", "worker role"),
                          ("address", "private address"), ("machine", "machine")):
            if old[name][key] != new[name][key]:
                reasons.append("node %s: its %s changed from %s to %s, which the members of a running cluster cannot follow. "
                               "Restore it, and give a new node a new name"
                               % (name, what, shown(old[name][key]), shown(new[name][key])))
    return reasons


def version_refusals(before, wanted):
    reasons = []
    old, new = version(before["kubernetes"]), version(wanted["kubernetes"])
    if new < old:
        reasons.append("Kubernetes cannot go back from %s to %s" % (before["kubernetes"], wanted["kubernetes"]))
    elif new[0] != old[0] or new[1] > old[1] + 1:
        reasons.append("Kubernetes cannot go from %s to %s at once: upgrade one minor at a time, %d.%d next, each with a Kubespray "
                       "release that carries it" % (before["kubernetes"], wanted["kubernetes"], old[0], old[1] + 1))
    changed = (before["kubernetes"], before["kubespray"]) != (wanted["kubernetes"], wanted["kubespray"])
    new_nodes = added(before, wanted)
    if changed and new_nodes:
        reasons.append("versions and nodes changed together: upgrade first, then add %s"
                       % ", ".join(node["name"] for node in new_nodes))
    return reasons


def by_name(plan):
    return {node["name"]: node for node in plan["nodes"]}


def added(before, wanted):
    known = by_name(before)
    return [node for node in wanted["nodes"] if node["name"] not in known]


def first_control_plane(plan):
    return next((node["name"] for node in plan["nodes"] if node["controlPlane"]), None)


def version(text):
    return tuple(int(part) for part in text.split("."))


def shown(value):
    return {True: "yes", False: "no", "": "none"}.get(value, value)
