"""Tells a person how a run gets on, and how it ended."""

import calendar
import time

import events
import room
import units
from phases import key

SILENCE_SECONDS = 15
POLL_SECONDS = 0.25
LIVENESS_SECONDS = 2
SLOWEST = 10


def follow(run, timings):
    """Prints progress until the run has ended; returns 0 if it succeeded."""
    progress = Progress(run, timings)
    printed, shown, checked = time.monotonic(), None, time.monotonic()
    while True:
        state = run.state()
        progress.read(state)
        for text in progress.take_said():
            print(text, flush=True)
        if state["status"] != "running":
            break
        clock_ = time.monotonic()
        if clock_ - checked > LIVENESS_SECONDS:
            checked = clock_
            # A unit that is gone may have written its last word in between.
            if not units.alive(state["unit"]) and run.state()["status"] == "running":
                return interrupted(run, state, progress)
        if (state["phase"], progress.play) != shown or clock_ - printed >= SILENCE_SECONDS:
            print(progress.line(), flush=True)
            printed, shown = clock_, (state["phase"], progress.play)
        time.sleep(POLL_SECONDS)
    report(run)
    return 0 if state["status"] == "succeeded" else 1


def interrupted(run, state, progress):
    print(progress.line())
    print("the run was interrupted in phase %s: %s" % (state["phase"], why_interrupted(run, state)))
    print(where(run))
    print(afterwards(state))
    return 1


def why_interrupted(run, state):
    """Why a run that left no last word has ended, as far as it can be told."""
    full = room.lacking(run.directory)
    if full:
        return full
    if state.get("boot") not in (None, units.boot()):
        return "this host was rebooted"
    return "its unit was killed (see sudo journalctl -u %s)" % state["unit"]


def report(run):
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
    print("%s after %s: %s, %d tasks" % (state["status"], clock(progress.elapsed(state)), state["why"], progress.all_tasks))
    failure = state["failure"]
    if failure:
        for key in ("play", "task", "host", "message"):
            if failure.get(key):
                print("  %-8s %s" % (key + ":", failure[key].replace("\n", "\n           ")))
        print(where(run))
        print(afterwards(state))


def afterwards(state):
    """What to do about a run that has not succeeded."""
    done = sum(1 for phase in state["phases"] if phase.get("status") == "done")
    return ("mend the cause and run pulumi up again: it resumes after the last finished phase (%d of %d are done)"
            % (done, len(state["phases"])))


def where(run):
    return "log, on the runner: sudo less %s" % run.log


class Progress:
    """What the events of a run add up to."""

    def __init__(self, run, timings):
        self.run, self.timings = run, timings
        self.offset, self.rest = 0, ""
        self.state = None
        self.phase, self.play, self.task, self.hosts = "", "", "", {}
        self.done, self.total, self.all_tasks = 0, 0, 0
        self.failing, self.waiting = "", ""
        self.durations = []
        self.said = []

    def take_said(self):
        """What the run had to say since the last call."""
        said, self.said = self.said, []
        return said

    def read(self, state):
        """Takes in the state and the events that came since the last call."""
        self.state = state
        try:
            with open(self.run.events, encoding="utf-8", errors="replace") as file:
                file.seek(self.offset)
                text = self.rest + file.read()
                self.offset = file.tell()
        except FileNotFoundError:
            return
        *lines, self.rest = text.split("\n")
        for event in filter(None, map(events.parse, lines)):
            self.take(event)

    def take(self, event):
        kind = event["event"]
        if kind == "play":
            self.end_task(event["time"])
            if "phase" in event:
                self.phase, self.play, self.task, self.hosts = event["phase"], "", "", {}
                self.done, self.total, self.failing = 0, 0, ""
            else:
                self.play = event["play"]
        elif kind == "total":
            self.total = event["tasks"]
        elif kind == "task":
            self.end_task(event["time"])
            self.task, self.hosts = event["task"], {}
            self.done += 1
            self.all_tasks += 1
            self.durations.append([event["task"], "", event["time"], None])
        elif kind == "begin":
            self.hosts[event["host"]] = event["time"]
        elif kind in ("end", "failed"):
            self.hosts.pop(event["host"], None)
            if self.durations:
                self.durations[-1][1] = event["host"]
            if kind == "failed":
                self.failing = "%s on %s%s" % (event["task"], event["host"], " (ignored)" if event["ignored"] else "")
        elif kind == "say":
            self.said.append(event["text"])
        elif kind == "wait":
            self.waiting = event["text"]
            self.said.append("waiting: " + self.waiting)
        elif kind == "stats":
            self.end_task(event["time"])

    def end_task(self, at):
        if self.durations and self.durations[-1][3] is None:
            self.durations[-1][3] = at

    def slowest(self):
        """(task, host that was last, seconds) of the tasks that took longest."""
        took = [(task, host, end - start) for task, host, start, end in self.durations if end is not None]
        return sorted(took, key=lambda item: -item[2])[:SLOWEST]

    def elapsed(self, state):
        return (parse(state["ended"]) if state.get("ended") else time.time()) - parse(state["started"])

    def line(self):
        state = self.state
        clock_ = clock(self.elapsed(state))
        expected = self.expected()
        if expected:
            clock_ += " of about %s" % clock(expected)
        parts = ["[%s, %d%%]" % (clock_, 100 * self.fraction())]
        phases = len(state["phases"])
        parts[0] += " phase %d of %d: %s" % (state["number"], phases, state["phase"]) if state.get("number") else " " + state["phase"]
        if self.phase == state["phase"]:
            parts += self.within()
        if state["phase"] == "verify" and self.waiting:
            parts.append(self.waiting)
        return " | ".join(parts)

    def expected(self):
        """How long the run should take, without what an earlier one finished, if each of its phases has run before: seconds, else None."""
        known = [self.timings.get(key(phase)) for phase in self.state["phases"] if not phase.get("earlier")]
        return sum(timing["seconds"] for timing in known) if known and all(known) else None

    def fraction(self):
        """How much of the run is done, from 0 to 1: by the durations of last time, else each phase counts the same."""
        phases = self.state["phases"]
        weights = [max((self.timings.get(key(phase)) or {}).get("seconds", 0), 1) for phase in phases]
        if not self.timings or not all(self.timings.get(key(phase)) for phase in phases):
            weights = [1] * len(phases)
        done = sum(weight for weight, phase in zip(weights, phases) if phase.get("status") == "done")
        number = self.state.get("number") or 0
        if number and phases[number - 1].get("status") != "done" and self.phase == self.state["phase"] and self.total:
            done += weights[number - 1] * min(self.done / self.total, 1)
        return done / sum(weights) if weights else 0

    def within(self):
        """Where in the playbook the run is."""
        parts = []
        if self.done:
            total = max(self.total, self.done)
            parts.append("task %d of %d" % (self.done, total) if self.total else "task %d" % self.done)
        if self.task:
            parts.append(self.task)
        if self.hosts:
            parts.append(some(list(self.hosts)))
            since = time.time() - self.durations[-1][2]
            if since >= SILENCE_SECONDS:
                parts.append("for %s" % clock(since))
        if self.failing:
            parts.append("last failing: " + self.failing)
        return parts


def some(hosts):
    """Names of hosts, the first few when they are many."""
    return ", ".join(hosts[:4]) + (" and %d more" % (len(hosts) - 4) if len(hosts) > 4 else "")


def clock(seconds):
    return "%d:%02d" % divmod(int(seconds), 60)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def parse(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
