"""How names, durations and moments are written."""

import calendar
import time


def some(hosts: list[str]) -> str:
    """Names of hosts, the first few when they are many."""
    return ", ".join(hosts[:4]) + (" and %d more" % (len(hosts) - 4) if len(hosts) > 4 else "")


def duration(seconds: float) -> str:
    return "%d:%02d" % divmod(int(seconds), 60)


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def moment(text: str) -> int:
    """The moment that now wrote down, in seconds."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
