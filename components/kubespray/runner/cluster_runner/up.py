"""Starts a run of the given plan, or joins the one that is under way, and waits for its end."""

import os
import shutil
import sys
from typing import Optional

from cluster_runner import disk_space, guard, json_files, units, watch, wording
from cluster_runner.cluster_record import ClusterRecord
from cluster_runner.errors import Refused
from cluster_runner.protocol import Order, Phase, Shape, Timings, timing_key
from cluster_runner.runs import Run
from cluster_runner.store import Store


def up(store: Store, wanted_hash: str, order: Order) -> int:
    """Returns the exit status: 0 once the cluster is as wanted."""
    with store.lock("start"):
        run = attach(store, wanted_hash)
        if run:
            print("joined the run %s: %s" % (run.name, run.state()["why"]))
        else:
            run = begin(store, wanted_hash, order)
    if run is None:
        return 0
    print("the run needs no connection: should this one break, run pulumi up again and it goes on waiting", flush=True)
    return watch.follow(run, store.timings())


def check(store: Store, wanted_hash: str, order: Order) -> int:
    """Refuses what `up` would refuse, and touches nothing: whatever else an update changes waits for this."""
    with store.lock("start"):
        if not attach(store, wanted_hash):
            allowed(store, wanted_hash, order)
    print("allowed: " + order["why"])
    return 0


def attach(store: Store, wanted_hash: str) -> Optional[Run]:
    """The run that is under way, or None."""
    run = store.last_run()
    if run is None:
        return None
    state = run.state()
    if state["status"] != "running" or not units.alive(state["unit"]):
        return None
    if state["wanted"] != wanted_hash:
        raise Refused(["a run of another plan (%s, %s) is under way since %s: wait for its end, or stop it with "
                       "'sudo python3 %s/runner cancel'" % (state["wanted"][:12], state["why"], state["started"], store.bundle)])
    return run


def allowed(store: Store, wanted_hash: str, order: Order) -> tuple[Order, list[Phase]]:
    """What to carry out, and its phases: the order's, or those of an interrupted run to the same cluster."""
    wanted = json_files.read(os.path.join(store.bundle, "wanted.json"))
    if not wanted or wanted["hash"] != wanted_hash or order["wanted"] != wanted_hash:
        raise Refused(["the uploaded plan is not %s: upload it again" % wanted_hash[:12]])
    cluster = store.cluster()
    if cluster.reached(wanted_hash):
        return order, []
    disk_space.check(store.root)
    before = interrupted(store, cluster, wanted_hash)
    if before:
        return before.order(), before.state()["phases"]
    if order["against"] != cluster.revision:
        raise Refused(["the cluster has changed since the plan was made (state %d, now %d), by another program or person: plan again with "
                       "pulumi up --replace of the command that ends in -known" % (order["against"], cluster.revision)])
    phases = order["steps"] or []
    if phases:
        store.install_secrets()
        for line in guard.check(store, wanted, order):
            print(line)
    return order, phases


def begin(store: Store, wanted_hash: str, order: Order) -> Optional[Run]:
    """A new run, or None if there is nothing to do."""
    order, phases = allowed(store, wanted_hash, order)
    wanted = json_files.read(os.path.join(store.bundle, "wanted.json"))
    cluster = store.cluster()
    if cluster.reached(wanted_hash):
        print("nothing to do: the cluster is as wanted")
        return None
    if not phases:
        cluster.complete(wanted)
        print("nothing to do: " + order["why"])
        return None
    phases = resume(store, cluster, wanted_hash) or phases
    store.install_secrets()

    run = store.new_run(wanted_hash)
    run.set_order(order)
    unit = units.name(wanted["cluster"], wanted_hash)
    run.set_state({
        "status": "running", "wanted": wanted_hash, "unit": unit, "why": order["why"], "started": wording.now(), "boot": units.boot(),
        "phase": "start", "number": 0, "phases": phases, "failure": None,
    })
    announce(wanted, order["why"], phases, store.timings())
    sys.stdout.flush()
    try:
        units.start(unit, [sys.executable or "python3", os.path.join(run.bundle, "runner"), "execute", "--run", run.name])
    except units.UnitError:
        shutil.rmtree(run.directory)
        raise
    return run


def interrupted(store: Store, cluster: ClusterRecord, wanted_hash: str) -> Optional[Run]:
    """The interrupted run that led to the same cluster, None if there was none."""
    before = store.last_run()
    if not before or not cluster.unfinished or cluster.unfinished["wanted"] != wanted_hash:
        return None
    return before if before.state()["wanted"] == wanted_hash else None


def resume(store: Store, cluster: ClusterRecord, wanted_hash: str) -> Optional[list[Phase]]:
    """The phases of an interrupted run that led to the same cluster, which says why it was one; None if there was none."""
    run = interrupted(store, cluster, wanted_hash)
    if not run:
        return None
    state = run.state()
    if state["status"] == "running":
        print("the last run was interrupted in phase %s: %s" % (state["phase"], watch.why_interrupted(run, state)))
    done = sum(1 for phase in state["phases"] if phase.get("status") == "done")
    print("resuming after %s: %d of %d phases are done" % (run.name, done, len(state["phases"])))
    for phase in state["phases"]:
        if phase.get("status") == "done":
            phase["earlier"] = True
    return state["phases"]


def announce(wanted: Shape, why: str, phases: list[Phase], timings: Timings) -> None:
    print("plan %s of %s: %s" % (wanted["hash"][:12], wanted["cluster"], why))
    for number, phase in enumerate(phases, start=1):
        if phase.get("status") == "done":
            continue
        took = timings.get(timing_key(phase))
        print("  %d. %s on %s: %s%s" % (
            number, phase["playbook"], wording.some(phase["hosts"]), phase["why"],
            " (took %s last time)" % wording.duration(took["seconds"]) if took else ""))
