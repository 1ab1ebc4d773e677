"""What Prometheus reads: django-prometheus' metrics of requests and queries, and Django-Q's queue, for which nobody has an exporter."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import Error
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_prometheus.exports import ExportToDjangoView
from django_q.models import Failure, OrmQ
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily


class Queue:
    """The queue as its table has it. A task that waits is locked since the time of retry ago, one in work since it was taken."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Asks the database when Prometheus asks us; without one there are no numbers, and the rest is told all the same."""
        retry = timedelta(seconds=settings.Q_CLUSTER["retry"])
        taken = timezone.now() - retry
        try:
            waiting = OrmQ.objects.filter(lock__lte=taken)
            oldest = waiting.aggregate(lock=Min("lock"))["lock"]
            numbers = {"waiting": waiting.count(), "working": OrmQ.objects.filter(lock__gt=taken).count()}
            failed = Failure.objects.count()
        except Error:
            return
        tasks = GaugeMetricFamily("django_q_tasks", "Tasks in the queue.", labels=["state"])
        for state, number in numbers.items():
            tasks.add_metric([state], number)
        yield tasks
        age = (taken - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("django_q_oldest_waiting_seconds", "How long the oldest task waits that nobody has taken.", age)
        yield GaugeMetricFamily("django_q_failures", "Tasks that failed, as long as they are kept.", failed)


registry = CollectorRegistry()
registry.register(Queue())


def metrics(request: HttpRequest) -> HttpResponse:
    """The page that the chart's ServiceMonitor points at."""
    answer = ExportToDjangoView(request)
    answer.content += generate_latest(registry)
    return answer
