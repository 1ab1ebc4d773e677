"""What the systemd unit does: carries out the phases of one run and leaves word of how far it came."""

import os
import shutil
import signal
import sys
import time

import room
import toolchain
import watch
from endpoint import wait_for_name
from failure import Failure
from phases import key
from playbooks import Ansible
from stop import Stop, Stopped
from store import read_json


def execute(store, run):
    """Returns the exit status. Everything to know about the run is in its state afterwards."""
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    state = run.state()
    try:
        with store.lock("run", wait=False):
            carry_out(store, run, state, stop)
        outcome = {"status": "succeeded", "phase": "done"}
    except Stopped:
        outcome = stopped(state)
    except BlockingIOError:
        outcome = {"status": "failed", "failure": {"message": "another run holds %s/run.lock" % store.root}}
    except Failure as failure:
        # Ansible is stopped by the same signal, and may be the first to end of it.
        outcome = stopped(state) if stop.asked else {"status": "failed", "failure": failure.what}
    except (OSError, ValueError) as error:
        outcome = {"status": "failed", "failure": {"message": "%s: %s" % (state["phase"], error)}}
    full = room.lacking(store.root)
    if outcome["status"] == "failed" and full and full not in outcome["failure"]["message"]:
        outcome["failure"]["message"] += "\n" + full
    state.update(outcome, ended=watch.now())
    try:
        run.set_state(state)
    except OSError as error:
        # Whoever waits sees that the unit is gone, and why.
        print("%s; %s could not be written down: %s" % (full or "", outcome, error), file=sys.stderr)
        return 1
    return 0 if state["status"] == "succeeded" else 1


def stopped(state):
    return {"status": "stopped", "failure": {
        "message": "stopped in phase %s: by the order cancel, or because this host was shut down" % state["phase"]}}


def carry_out(store, run, state, stop):
    wanted, order, cluster = run.wanted(), run.order(), store.state()

    def enter(name, number=0):
        state.update(phase=name, number=number)
        run.set_state(state)

    enter("toolchain")
    # A run that was killed leaves its temporary files.
    shutil.rmtree(os.path.join(store.root, "tmp"), ignore_errors=True)
    with open(run.log, "a", encoding="utf-8") as log:
        tools = toolchain.prepare(
            store.toolchains, read_json(os.path.join(run.bundle, "toolchain.json")), wanted["kubespray"], log)
        ansible = Ansible(store, run, tools, log)

        enter("inventory")
        ansible.install_inventory(order)
        ansible.check_inventory(wanted)
        cluster.start(wanted, order["why"], remaining(state))

        for number, step in enumerate(state["phases"], start=1):
            if step.get("status") == "done":
                continue
            enter(step["playbook"], number)
            cluster.begin(step, wanted)
            wait_for_name(ansible, wanted, step)
            began = time.monotonic()
            tasks = ansible.play(step, store.timings().get(key(step)))
            with stop.later():
                for name in step.get("removes") or []:
                    # A machine of the same name would inherit the addresses of the old one.
                    ansible.forget_facts(name)
                # What the cluster is comes first: a phase that counts as done is not run again.
                cluster.finish(step, wanted, order["why"], [left for left in remaining(state) if left is not step])
                step["status"] = "done"
                run.set_state(state)
                store.set_timing(key(step), time.monotonic() - began, tasks)

        enter("verify")
        ansible.wait_ready(wanted)
    with stop.later():
        cluster.complete(wanted)


def remaining(state):
    return [step for step in state["phases"] if step.get("status") != "done"]
