"""The lines of a run's events.jsonl, which Ansible's callback and the runner write."""

import json
import time
from typing import Any, Iterable, Iterator


def parse(lines: Iterable[str]) -> Iterator[Any]:
    """The events of lines, each a protocol.Event, without the damaged ones: a full disk takes half of a line, a power cut leaves zeros."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            yield event


def append(path: str, event: str, **more: Any) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(dict(more, event=event, time=time.time())) + "\n")
