"""How a playbook went, by its events."""

from typing import Optional

from cluster_runner import events
from cluster_runner.protocol import Event, FailureReport


class Outcome:
    """How the last run of a playbook went: how many tasks it started, its failure, and where it was."""

    def __init__(self, path: str, playbook: str) -> None:
        self.tasks = 0
        self.failure: Optional[FailureReport] = None
        self.play, self.task = "", ""
        self.hosts: list[str] = []
        with open(path, encoding="utf-8", errors="replace") as file:
            for event in events.parse(file):
                self.take(event, playbook)

    def take(self, event: Event, playbook: str) -> None:
        kind = event["event"]
        if kind == "play" and "phase" in event:
            if event["phase"] == playbook:
                self.tasks, self.failure = 0, None
        elif kind == "play":
            self.play = event["play"]
        elif kind == "task":
            self.tasks += 1
            self.task, self.hosts = event["task"], []
        elif kind == "begin":
            self.hosts.append(event["host"])
        elif kind in ("end", "failed"):
            self.hosts = [host for host in self.hosts if host != event["host"]]
        if kind == "failed" and not event["ignored"]:
            self.fail({"play": event["play"], "task": event["task"], "host": event["host"], "message": event["message"]})

    def fail(self, failure: FailureReport) -> None:
        """Takes in a failure that was not ignored; what fails on several hosts is one failure."""
        last = self.failure
        if last and (last["play"], last["task"]) == (failure["play"], failure["task"]):
            if failure["message"] not in last["message"]:
                failure["message"] = last["message"] + "\n" + failure["message"]
            failure["host"] = last["host"] + ", " + failure["host"]
        self.failure = failure

    def killed(self, playbook: str, by: str) -> FailureReport:
        """The failure of a playbook that a signal ended."""
        message = "ansible-playbook %s was killed by %s" % (playbook, by)
        if by == "SIGKILL":
            message += ": by hand, or because this host was short of memory (see sudo dmesg)"
        return {"play": self.play, "task": self.task, "host": ", ".join(self.hosts), "message": message}
