"""What the systemd unit does: carries out the phases of one run and leaves word of how far it came."""

import os
import shutil
import signal
import sys
import time

from cluster_runner import cordons, disk_space, json_files, toolchain, wording
from cluster_runner.endpoint import wait_for_name
from cluster_runner.errors import Failure
from cluster_runner.playbooks import Ansible
from cluster_runner.protocol import FailureReport, Phase, RunState, timing_key
from cluster_runner.readiness import wait_api, wait_ready
from cluster_runner.runs import Run
from cluster_runner.stop import Stop, Stopped
from cluster_runner.store import Store


def execute(store: Store, run: Run) -> int:
    """Returns the exit status. Everything to know about the run is in its state afterwards."""
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    state = run.state()
    try:
        with store.lock("run", wait=False):
            carry_out(store, run, state, stop)
        state.update({"status": "succeeded", "phase": "done"})
    except Stopped:
        stopped(state)
    except BlockingIOError:
        failed(store, state, {"message": "another run holds %s/run.lock" % store.root})
    except Failure as failure:
        # Ansible is stopped by the same signal, and may be the first to end of it.
        if stop.asked:
            stopped(state)
        else:
            failed(store, state, failure.report)
    except (OSError, ValueError) as error:
        failed(store, state, {"message": "%s: %s" % (state["phase"], error)})
    state["ended"] = wording.now()
    try:
        run.set_state(state)
    except OSError as error:
        # Whoever waits sees that the unit is gone, and why.
        print("%s; %s could not be written down: %s" % (
            disk_space.lacking(store.root) or "", state["failure"] or state["status"], error), file=sys.stderr)
        return 1
    return 0 if state["status"] == "succeeded" else 1


def stopped(state: RunState) -> None:
    state.update({"status": "stopped", "failure": {
        "message": "stopped in phase %s: by the order cancel, or because this host was shut down" % state["phase"]}})


def failed(store: Store, state: RunState, failure: FailureReport) -> None:
    full = disk_space.lacking(store.root)
    if full and full not in failure["message"]:
        failure["message"] += "\n" + full
    state.update({"status": "failed", "failure": failure})


def carry_out(store: Store, run: Run, state: RunState, stop: Stop) -> None:
    wanted, order, cluster = run.wanted(), run.order(), store.cluster()

    def enter(name: str, number: int = 0) -> None:
        state.update({"phase": name, "number": number})
        run.set_state(state)

    enter("toolchain")
    # A run that was killed leaves its temporary files.
    shutil.rmtree(os.path.join(store.root, "tmp"), ignore_errors=True)
    with open(run.log, "a", encoding="utf-8") as log:
        tools = toolchain.prepare(
            store.toolchains, json_files.read(os.path.join(run.bundle, "toolchain.json")), wanted["kubespray"], log)
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
            wait_api(ansible, wanted, step)
            cordons.begin(ansible, store, wanted, step)
            began = time.monotonic()
            tasks = ansible.play(step, store.timings().get(timing_key(step)))
            with stop.later():
                for name in step.get("removes") or []:
                    # A machine of the same name would inherit the addresses of the old one.
                    ansible.forget_facts(name)
                # What the cluster is comes first: a phase that counts as done is not run again.
                cluster.finish(step, wanted, order["why"], [left for left in remaining(state) if left is not step])
                step["status"] = "done"
                run.set_state(state)
                store.set_timing(timing_key(step), time.monotonic() - began, tasks)

        enter("verify")
        wait_ready(ansible, wanted)
        cordons.end(ansible, store, wanted)
    with stop.later():
        cluster.complete(wanted)


def remaining(state: RunState) -> list[Phase]:
    return [step for step in state["phases"] if step.get("status") != "done"]
