"""What the systemd unit does: carries out the phases of one run and leaves word of how far it came."""

import os
import shutil
import signal
import sys
import time
import time

import toolchain
import watch
from failure import Failure
from phases import key
from playbooks import Ansible
from store import read_json

ENOUGH_BYTES = 256 << 20


def execute(store, run):
    """Returns the exit status. Everything to know about the run is in its state afterwards."""
    signal.signal(signal.SIGTERM, stopped)
    state = run.state()
    try:
        with store.lock("run", wait=False):
            carry_out(store, run, state)
        state.update(status="succeeded", phase="done")
    except BlockingIOError:
        state.update(status="failed", failure={"message": "another run holds %s/run.lock" % store.root})
    except Failure as failure:
        state.update(status="failed", failure=failure.what)
    except (OSError, ValueError) as error:
        state.update(status="failed", failure={"message": "%s: %s" % (state["phase"], error)})
    state["ended"] = watch.now()
    run.set_state(state)
    return 0 if state["status"] == "succeeded" else 1


def carry_out(store, run, state):
    wanted, order, cluster = run.wanted(), run.order(), store.state()

    def enter(name, number=0):
        state.update(phase=name, number=number)
        run.set_state(state)

    enter("toolchain")
    # A run that was killed leaves its temporary files.
    shutil.rmtree(os.path.join(store.root, "tmp"), ignore_errors=True)
    free = shutil.disk_usage(store.root).free
    if free < ENOUGH_BYTES:
        raise Failure(message="only %d MB are free in %s: make room for at least %d MB and run up again"
                      % (free >> 20, store.root, ENOUGH_BYTES >> 20))
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
            began = time.monotonic()
            tasks = ansible.play(step, store.timings().get(key(step)))
            step["status"] = "done"
            store.set_timing(key(step), time.monotonic() - began, tasks)
            for name in step.get("removes") or []:
                # A machine of the same name would inherit the addresses of the old one.
                ansible.forget_facts(name)
            cluster.finish(step, wanted, order["why"], remaining(state))
            run.set_state(state)

        enter("verify")
        ansible.wait_ready(wanted)
    cluster.complete(wanted)


def remaining(state):
    return [step for step in state["phases"] if step.get("status") != "done"]


def stopped(_signal, _frame):
    """systemd stops the unit: the state is left as it is, so that the next up resumes."""
    sys.exit(143)
