"""Tells Prometheus how the queue of Django-Q is, whose broker is the application's database. No exporter of that exists.

It runs in the application's image, beside web and workers, and asks the database at each scrape. It answers whatever fails:
a rollout must not wait for it, and that it knows nothing is a metric too (django_q_up).
"""

import http.server
import os
import sys
from typing import Any, Dict, Iterator, Set, Tuple

PORT = int(os.environ.get("QUEUE_METRICS_PORT", "9808"))
HELP = {
    "django_q_up": "Whether the queue could be read.",
    "django_q_queued_tasks": "Tasks that no worker has taken.",
    "django_q_reserved_tasks": "Tasks that a worker has taken and not yet done.",
    "django_q_oldest_task_age_seconds": "How long the oldest task has waited that no worker has taken.",
    "django_q_failed_tasks": "Tasks whose last attempt failed, as they stand in the database; who deletes them there lowers it.",
    "django_q_schedule_overdue_seconds": "How long ago the most overdue schedule should have run.",
}
Sample = Tuple[str, Dict[str, str], float]
# Every queue that was ever seen: one that is empty tells zero instead of nothing.
seen: Set[str] = set()


def setup() -> None:
    """Makes Django ready, once."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def measure() -> Iterator[Sample]:
    """What the database says now."""
    from datetime import timedelta

    from django.db import close_old_connections
    from django.db.models import Count, Min
    from django.utils import timezone
    from django_q.conf import Conf
    from django_q.models import OrmQ, Schedule, Task

    if not Conf.ORM:
        raise LookupError('Q_CLUSTER has no "orm": the queue is not in the database')
    close_old_connections()
    now = timezone.now()
    # A task is put into the queue as if a worker's hold on it had just ended; taking it begins a new one.
    hold = timedelta(seconds=Conf.RETRY)
    seen.add(Conf.PREFIX)
    tasks = OrmQ.objects.using(Conf.ORM)
    rows = tasks.filter(lock__lte=now - hold).order_by().values("key").annotate(count=Count("pk"), oldest=Min("lock"))
    waiting = {row["key"]: row for row in rows}
    rows = tasks.filter(lock__gt=now - hold).order_by().values("key").annotate(count=Count("pk"))
    reserved = {row["key"]: row for row in rows}
    seen.update(waiting, reserved)
    for queue in sorted(seen):
        of: Dict[str, Any] = waiting.get(queue, {"count": 0, "oldest": now - hold})
        yield "django_q_queued_tasks", {"queue": queue}, of["count"]
        yield "django_q_reserved_tasks", {"queue": queue}, reserved.get(queue, {"count": 0})["count"]
        yield "django_q_oldest_task_age_seconds", {"queue": queue}, max((now - of["oldest"] - hold).total_seconds(), 0)
    yield "django_q_failed_tasks", {}, Task.objects.filter(success=False).count()
    due = Schedule.objects.exclude(repeats=0).filter(next_run__lt=now).aggregate(oldest=Min("next_run"))["oldest"]
    yield "django_q_schedule_overdue_seconds", {}, (now - due).total_seconds() if due else 0


def page() -> str:
    """What Prometheus reads."""
    try:
        setup()
        samples = list(measure()) + [("django_q_up", {}, 1)]
    except Exception as error:  # whatever the application's settings or the database raise
        print("the queue cannot be read: %s: %s" % (type(error).__name__, error), file=sys.stderr, flush=True)
        samples = [("django_q_up", {}, 0)]
    lines = []
    for metric, text in HELP.items():
        of = [sample for sample in samples if sample[0] == metric]
        if of:
            lines += ["# HELP %s %s" % (metric, text), "# TYPE %s gauge" % metric]
        for name, labels, value in of:
            pairs = ",".join('%s="%s"' % (key, escape(labels[key])) for key in sorted(labels))
            lines.append("%s%s %s" % (name, "{%s}" % pairs if pairs else "", value))
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers /metrics, and anything else with as little as a probe needs."""

    def do_GET(self) -> None:
        body = page().encode() if self.path == "/metrics" else b"alive\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads that it was asked."""


if __name__ == "__main__":
    # One request after the other: one connection to the database is enough.
    http.server.HTTPServer(("", PORT), Handler).serve_forever()
