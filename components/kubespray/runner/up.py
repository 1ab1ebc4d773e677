"""Starts a run for the uploaded plan, or joins the one that is under way, and waits for its end."""

import os
import shutil
import sys

import plan as plans
import units
import watch
from store import read_json


class Refused(Exception):
    """The plan must not be carried out."""

    def __init__(self, reasons):
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def up(store, wanted_hash):
    """Returns the exit status: 0 once the cluster is as planned."""
    with store.lock("start"):
        run = attach(store, wanted_hash) or begin(store, wanted_hash)
    if run is None:
        return 0
    return watch.follow(run, store.timings())


def attach(store, wanted_hash):
    """The run that is under way, or None."""
    run = store.last_run()
    if run is None:
        return None
    state = run.state()
    if state["status"] != "running" or not units.alive(state["unit"]):
        return None
    if state["plan"] != wanted_hash:
        raise Refused(["a run of another plan (%s, %s) is under way since %s: wait for its end, or stop it with "
                       "'sudo python3 %s/runner cancel'" % (state["plan"][:12], state["why"], state["started"], store.bundle)])
    print("joined the run %s: %s" % (run.name, state["why"]))
    return run


def begin(store, wanted_hash):
    """A new run, or None if there is nothing to do."""
    wanted = read_json(os.path.join(store.bundle, "plan.json"))
    if not wanted or wanted["hash"] != wanted_hash:
        raise Refused(["the uploaded plan is not %s: upload it again" % wanted_hash[:12]])
    applied = store.applied()
    reasons = plans.refusals(applied, wanted)
    if reasons:
        raise Refused(reasons)
    why, phases = plans.decide(applied, wanted)
    if not phases:
        print("nothing to do: " + why)
        return None

    unfinished = store.last_run()
    if unfinished and unfinished.state()["plan"] == wanted_hash and applied and not applied["complete"]:
        # The same plan again: go on behind the last phase that was finished.
        before = unfinished.state()
        why, phases = before["why"], before["phases"]
        done = sum(1 for phase in phases if phase.get("status") == "done")
        print("resuming after %s: %d of %d phases are done" % (unfinished.name, done, len(phases)))

    store.install_key()
    run = store.new_run(wanted_hash)
    unit = units.name(wanted["cluster"], wanted_hash)
    run.set_state({
        "status": "running", "plan": wanted_hash, "unit": unit, "why": why, "started": watch.now(),
        "phase": "start", "phases": phases, "failure": None,
    })
    announce(wanted, why, phases, store.timings())
    sys.stdout.flush()
    try:
        units.start(unit, [sys.executable or "python3", os.path.join(run.bundle, "runner"), "execute", "--run", run.name])
    except units.UnitError:
        shutil.rmtree(run.directory)
        raise
    return run


def announce(wanted, why, phases, timings):
    print("plan %s of %s: %s" % (wanted["hash"][:12], wanted["cluster"], why))
    for phase in phases:
        if phase.get("status") == "done":
            continue
        took = timings.get(phase["playbook"])
        print("  %s on %s: %s%s" % (
            phase["playbook"], watch.some(phase["hosts"]), phase["why"],
            " (took %s last time)" % watch.clock(took["seconds"]) if took else ""))
