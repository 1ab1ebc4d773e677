"""Checks charts/exchange/files/queue_metrics.py, whose path it is told, against the Django-Q that is installed."""

import datetime
import importlib.util
import sys
import threading
import unittest
import urllib.request
from http.server import HTTPServer
from typing import Any, Dict

import django
from django.conf import settings

spec = importlib.util.spec_from_file_location("queue_metrics", sys.argv.pop())
if not spec or not spec.loader:
    sys.exit("usage: queue_metrics_check.py PATH")
queue_metrics: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(queue_metrics)

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "database.sqlite"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_q"],
    Q_CLUSTER={"name": "default", "orm": "default", "retry": 150, "timeout": 60},
    USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField", SECRET_KEY="a secret of this test",
)


def samples() -> Dict[str, float]:
    lines = [line for line in queue_metrics.page().splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


class Queue(unittest.TestCase):
    def test_what_is_told(self) -> None:
        self.assertEqual(samples(), {"django_q_up": 0})  # there are no tables yet

        from django.core.management import call_command
        from django.utils import timezone
        from django_q.models import OrmQ, Schedule, Task
        from django_q.tasks import async_task

        call_command("migrate", verbosity=0)
        empty = samples()
        self.assertEqual(empty['django_q_queued_tasks{queue="default"}'], 0)
        self.assertEqual(empty['django_q_oldest_task_age_seconds{queue="default"}'], 0)
        self.assertEqual((empty["django_q_up"], empty["django_q_failed_tasks"], empty["django_q_schedule_overdue_seconds"]), (1, 0, 0))

        for _ in range(3):
            async_task("math.floor", 1.5)
        OrmQ.objects.filter(pk=OrmQ.objects.order_by("pk")[0].pk).update(lock=timezone.now() - datetime.timedelta(seconds=150 + 600))
        OrmQ.objects.filter(pk=OrmQ.objects.order_by("pk")[1].pk).update(lock=timezone.now())  # as taking it does
        now = timezone.now()
        for number, success in enumerate((True, False, False)):
            Task.objects.create(id=str(number), name="n", func="f", started=now, stopped=now, success=success)
        Schedule.objects.create(func="f", next_run=now - datetime.timedelta(minutes=10), repeats=-1)
        Schedule.objects.create(func="done", next_run=now - datetime.timedelta(days=10), repeats=0)
        Schedule.objects.create(func="later", next_run=now + datetime.timedelta(minutes=10), repeats=-1)
        full = samples()
        self.assertEqual(full['django_q_queued_tasks{queue="default"}'], 2)
        self.assertEqual(full['django_q_reserved_tasks{queue="default"}'], 1)
        self.assertAlmostEqual(full['django_q_oldest_task_age_seconds{queue="default"}'], 600, delta=30)
        self.assertEqual(full["django_q_failed_tasks"], 2)
        self.assertAlmostEqual(full["django_q_schedule_overdue_seconds"], 600, delta=30)

        server = HTTPServer(("127.0.0.1", 0), queue_metrics.Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        with urllib.request.urlopen("http://127.0.0.1:%d/" % server.server_port) as answer:
            self.assertEqual(answer.read(), b"alive\n")


if __name__ == "__main__":
    django.setup()
    unittest.main()
