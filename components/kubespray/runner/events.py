"""The lines of a run's events.jsonl, which Ansible's callback and the runner write."""

import json


def parse(line):
    """The event of a line, None if it is damaged: a full disk takes half of it, a power cut leaves zeros."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
