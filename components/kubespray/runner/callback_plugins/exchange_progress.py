"""Ansible callback: writes what happens as JSON lines to the file named by EXCHANGE_EVENTS.

Events: play {play}, task {task, included}, begin {host}, end {host, changed, skipped, on}, failed {play, task, host, message,
ignored}, stats. Each has a time. Of an end, changed and skipped are there if they are true, and on is the host that a delegated
task ran on. A task is included if it came while the playbook ran, as handlers do and what include_tasks and include_role bring:
--list-tasks does not know it.
"""

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: exchange_progress
    type: aggregate
    short_description: progress as JSON lines
    description: Writes plays, tasks and failures as JSON lines to the file named by the environment variable EXCHANGE_EVENTS.
"""

LONGEST_MESSAGE = 2000


class CallbackModule(CallbackBase):
    """Appends one line per event. A line is written at once, so that lines of several processes do not mix."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "exchange_progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        path = os.environ.get("EXCHANGE_EVENTS")
        if path:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        else:
            self.disabled = True
        self._play = ""

    def _write(self, event: str, **more: Any) -> None:
        line = json.dumps(dict(more, event=event, time=time.time())) + "\n"
        os.write(self._file, line.encode("utf-8"))

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play.get_name().strip()
        self._write("play", play=self._play)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        more: dict[str, Any] = {"included": True} if included(task) else {}
        self._write("task", task=task.get_name().strip(), **more)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._write("task", task=task.get_name().strip(), included=True)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._write("begin", host=host.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        more: dict[str, Any] = {"changed": True} if result._result.get("changed") else {}
        if result._task.delegate_to:
            more["on"] = result._task.delegate_to
        self._write("end", host=result._host.get_name(), **more)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("end", host=result._host.get_name(), skipped=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._failed(result, ignored=bool(result._task.ignore_unreachable))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._failed(result, ignored=bool(ignore_errors))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._write("stats")

    def _failed(self, result: Any, ignored: bool) -> None:
        self._write("failed", play=self._play, task=result._task.get_name().strip(), host=result._host.get_name(),
                    message=message(result._result), ignored=ignored)


def included(task: Any) -> bool:
    """Whether the task came by include_tasks or include_role."""
    parent = task._parent
    while parent:
        if not getattr(parent, "statically_loaded", True):
            return True
        parent = parent._parent
    return False


def message(result: dict[str, Any]) -> str:
    """What the module said: its message and error output, or those of the items that failed. Ansible has already taken out
    what no_log hides."""
    if "censored" in result:
        return str(result["censored"])
    items = [item for item in result.get("results", []) if isinstance(item, dict) and item.get("failed")]
    if items:
        return "\n".join(message(item) for item in items)[:LONGEST_MESSAGE]
    said = [str(result[key]).strip() for key in ("msg", "stderr", "module_stderr") if result.get(key)]
    return "\n".join(said)[-LONGEST_MESSAGE:] or "failed without a message"
