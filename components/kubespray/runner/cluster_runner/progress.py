"""How far a run is, for people who wait."""

import dataclasses
import time
from typing import Optional

from cluster_runner import events
from cluster_runner.protocol import Event, RunState, Timings, timing_key
from cluster_runner.runs import Run
from cluster_runner.wording import duration, moment, some

# How long nothing may be said, and how long a task may last until that is worth a word.
SILENCE_SECONDS = 15
SLOWEST = 10


@dataclasses.dataclass
class Task:
    """One task: when it began and ended, and the host that was last."""

    name: str
    began: float
    ended: Optional[float] = None
    host: str = ""


class Progress:
    """What the state and the events of a run add up to."""

    def __init__(self, run: Run, timings: Timings) -> None:
        self.run, self.timings = run, timings
        self.state = run.state()
        self.offset, self.rest = 0, ""
        self.phase, self.play, self.task = "", "", ""
        self.hosts: list[str] = []
        self.done, self.total, self.whole = 0, 0, False
        self.failing, self.waiting = "", ""
        self.tasks: list[Task] = []
        self.said: list[str] = []

    def take_said(self) -> list[str]:
        """What the run had to say since the last call."""
        said, self.said = self.said, []
        return said

    def read(self, state: RunState) -> None:
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
        for event in events.parse(lines):
            self.take(event)

    def take(self, event: Event) -> None:
        kind = event["event"]
        if kind == "play":
            self.end_task(event["time"])
            if "phase" in event:
                self.phase, self.play, self.task, self.hosts = event["phase"], "", "", []
                self.done, self.total, self.whole, self.failing = 0, 0, False, ""
            else:
                self.play = event["play"]
        elif kind == "total":
            self.total, self.whole = event["tasks"], event.get("included", False)
        elif kind == "task":
            self.end_task(event["time"])
            self.task, self.hosts = event["task"], []
            if self.whole or not event.get("included"):  # what the total leaves out does not count
                self.done += 1
            self.tasks.append(Task(event["task"], began=event["time"]))
        elif kind == "begin":
            self.hosts.append(event["host"])
        elif kind in ("end", "failed"):
            self.hosts = [host for host in self.hosts if host != event["host"]]
            if self.tasks:
                self.tasks[-1].host = event["host"]
            if kind == "failed":
                self.failing = "%s on %s%s" % (event["task"], event["host"], " (ignored)" if event["ignored"] else "")
        elif kind == "say":
            self.said.append(event["text"])
        elif kind == "wait":
            self.waiting = event["text"]
            self.said.append("waiting: " + self.waiting)
        elif kind == "stats":
            self.end_task(event["time"])

    def end_task(self, at: float) -> None:
        if self.tasks and self.tasks[-1].ended is None:
            self.tasks[-1].ended = at

    def slowest(self) -> list[tuple[str, str, float]]:
        """(task, host that was last, seconds) of the tasks that took longest."""
        took = [(task.name, task.host, task.ended - task.began) for task in self.tasks if task.ended is not None]
        return sorted(took, key=lambda item: -item[2])[:SLOWEST]

    def elapsed(self) -> float:
        state = self.state
        return (moment(state["ended"]) if state.get("ended") else time.time()) - moment(state["started"])

    def line(self) -> str:
        state = self.state
        clock = duration(self.elapsed())
        expected = self.expected()
        if expected:
            clock += " of about %s" % duration(expected)
        parts = ["[%s, %d%%]" % (clock, 100 * self.fraction())]
        phases = len(state["phases"])
        parts[0] += " phase %d of %d: %s" % (state["number"], phases, state["phase"]) if state.get("number") else " " + state["phase"]
        if self.phase == state["phase"]:
            parts += self.within()
        if state["phase"] == "verify" and self.waiting:
            parts.append(self.waiting)
        return " | ".join(parts)

    def expected(self) -> Optional[int]:
        """How many seconds the run should take, without what an earlier one finished; None unless all of its phases have run before."""
        keys = [timing_key(phase) for phase in self.state["phases"] if not phase.get("earlier")]
        if not keys or not all(key in self.timings for key in keys):
            return None
        return sum(self.timings[key]["seconds"] for key in keys)

    def fraction(self) -> float:
        """How much of the run is done, from 0 to 1: by the durations of last time, else each phase counts the same."""
        phases = self.state["phases"]
        keys = [timing_key(phase) for phase in phases]
        weights = [1] * len(phases)
        if all(key in self.timings for key in keys):
            weights = [max(self.timings[key]["seconds"], 1) for key in keys]
        done: float = sum(weight for weight, phase in zip(weights, phases) if phase.get("status") == "done")
        number = self.state.get("number") or 0
        if number and phases[number - 1].get("status") != "done" and self.phase == self.state["phase"] and self.total:
            done += weights[number - 1] * min(self.done / self.total, 1)
        return done / sum(weights) if weights else 0

    def within(self) -> list[str]:
        """Where in the playbook the run is."""
        parts: list[str] = []
        if self.done:
            total = max(self.total, self.done)
            parts.append("task %d of %d" % (self.done, total) if self.total else "task %d" % self.done)
        if self.task:
            parts.append(self.task)
        if self.hosts:
            parts.append(some(self.hosts))
            since = time.time() - self.tasks[-1].began
            if since >= SILENCE_SECONDS:
                parts.append("for %s" % duration(since))
        if self.failing:
            parts.append("last failing: " + self.failing)
        return parts
