"""Tells a person how a run gets on, and how it ended."""

import time

from cluster_runner import disk_space, units
from cluster_runner.progress import SILENCE_SECONDS, Progress
from cluster_runner.protocol import RunState, Timings
from cluster_runner.runs import Run
from cluster_runner.wording import duration

POLL_SECONDS = 0.25
LIVENESS_SECONDS = 2


def follow(run: Run, timings: Timings) -> int:
    """Prints progress until the run has ended; returns 0 if it succeeded."""
    progress = Progress(run, timings)
    printed = checked = time.monotonic()
    shown = None
    while True:
        state = run.state()
        progress.read(state)
        for text in progress.take_said():
            print(text, flush=True)
        if state["status"] != "running":
            break
        clock = time.monotonic()
        if clock - checked > LIVENESS_SECONDS:
            checked = clock
            # A unit that is gone may have written its last word in between.
            if not units.alive(state["unit"]) and run.state()["status"] == "running":
                return interrupted(run, state, progress)
        if (state["phase"], progress.play) != shown or clock - printed >= SILENCE_SECONDS:
            print(progress.line(), flush=True)
            printed, shown = clock, (state["phase"], progress.play)
        time.sleep(POLL_SECONDS)
    report(run)
    return 0 if state["status"] == "succeeded" else 1


def interrupted(run: Run, state: RunState, progress: Progress) -> int:
    print(progress.line())
    print("the run was interrupted in phase %s: %s" % (state["phase"], why_interrupted(run, state)))
    print(where(run))
    print(afterwards(state))
    return 1


def why_interrupted(run: Run, state: RunState) -> str:
    """Why a run that left no last word has ended, as far as it can be told."""
    full = disk_space.lacking(run.directory)
    if full:
        return full
    if state.get("boot") not in (None, units.boot()):
        return "this host was rebooted"
    return "its unit was killed (see sudo journalctl -u %s)" % state["unit"]


def report(run: Run) -> None:
    """Prints how a run stands: how far it is, or its result with the slowest tasks."""
    state = run.state()
    progress = Progress(run, {})
    progress.read(state)
    if state["status"] == "running":
        if units.alive(state["unit"]):
            print(progress.line())
        else:
            interrupted(run, state, progress)
        return
    for task, host, seconds in progress.slowest():
        print("  %6.1f s  %s%s" % (seconds, task, " (%s)" % host if host else ""))
    print("%s after %s: %s, %d tasks" % (state["status"], duration(progress.elapsed()), state["why"], len(progress.tasks)))
    failure = state["failure"]
    if failure:
        for name, text in (("play", failure.get("play")), ("task", failure.get("task")), ("host", failure.get("host")),
                           ("message", failure["message"])):
            if text:
                print("  %-8s %s" % (name + ":", text.replace("\n", "\n           ")))
        print(where(run))
        print(afterwards(state))


def afterwards(state: RunState) -> str:
    """What to do about a run that has not succeeded."""
    done = sum(1 for phase in state["phases"] if phase.get("status") == "done")
    return ("mend the cause and run pulumi up again: it resumes after the last finished phase (%d of %d are done)"
            % (done, len(state["phases"])))


def where(run: Run) -> str:
    return "log, on the runner: sudo less %s" % run.log
