"""What the platform needs of the application."""

import json
import logging
import os
import runpy
from datetime import timedelta
from unittest import mock
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from config import environment
from config.logs import JSONFormatter, WithoutProbes


class Probes(TestCase):
    """The kubelet's questions."""

    def test_liveness_asks_no_database(self) -> None:
        with self.assertNumQueries(0):
            self.assertEqual(self.client.get("/healthz", HTTP_HOST="10.42.0.7:8000").status_code, 200)

    def test_readiness_asks_the_database(self) -> None:
        with self.assertNumQueries(1):
            self.assertEqual(self.client.get("/readyz", HTTP_HOST="10.42.0.7:8000").status_code, 200)
        with mock.patch.object(connection, "cursor", side_effect=OperationalError("gone")), self.assertLogs("config.health", "WARNING"):
            self.assertEqual(self.client.get("/readyz").status_code, 503)


class Metrics(TestCase):
    """Prometheus' questions."""

    def numbers(self) -> dict[str, float]:
        page = self.client.get("/metrics").content.decode()
        lines = [line.rpartition(" ") for line in page.splitlines() if line.startswith("django_q_")]
        return {name: float(value) for name, _blank, value in lines}

    def test_the_queue(self) -> None:
        nothing = {"django_q_oldest_waiting_seconds": 0, "django_q_failures": 0}
        states = ['django_q_tasks{state="waiting"}', 'django_q_tasks{state="working"}']
        self.assertEqual(self.numbers(), nothing | dict.fromkeys(states, 0))
        for _ in range(3):
            async_task("market.tasks.welcome", 0)
        OrmQ.objects.filter(pk=OrmQ.objects.first().pk).update(lock=timezone.now())
        OrmQ.objects.filter(pk=OrmQ.objects.last().pk).update(lock=timezone.now() - timedelta(hours=1))
        numbers = self.numbers()
        self.assertEqual([numbers[state] for state in states], [2, 1])
        waited = 3600 - settings.Q_CLUSTER["retry"]
        self.assertTrue(waited <= numbers["django_q_oldest_waiting_seconds"] < waited + 60, numbers)

    def test_without_a_database_the_rest_is_told(self) -> None:
        with mock.patch.object(OrmQ.objects, "filter", side_effect=OperationalError("gone")):
            self.assertContains(self.client.get("/metrics"), "django_http_requests_total")
            self.assertEqual(self.numbers(), {})


class Schema(TestCase):
    """Models and migrations."""

    def test_nobody_forgot_a_migration(self) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


class Environment(SimpleTestCase):
    """Settings from the environment."""

    def test_what_is_missing_or_wrong_is_named(self) -> None:
        with mock.patch.dict(os.environ, {"EMPTY": "", "WORD": "many", "HOSTS": "a.example, b.example,"}):
            for name in "EMPTY", "NOWHERE":
                with self.assertRaisesMessage(ImproperlyConfigured, name):
                    environment.text(name)
            self.assertEqual(environment.number("EMPTY", 3), 3)
            with self.assertRaisesMessage(ImproperlyConfigured, "WORD"):
                environment.number("WORD", 3)
            self.assertEqual(environment.names("HOSTS"), ["a.example", "b.example"])
            self.assertFalse(environment.switch("EMPTY"))


class Uploads(SimpleTestCase):
    """Which store has them, and for what their links are signed."""

    def link(self, **environment: str) -> SplitResult:
        """A link as a process of that environment makes it."""
        with mock.patch.dict(os.environ, environment):
            told = {name: value for name, value in runpy.run_module("config.settings").items() if name.startswith("AWS_")}
            with override_settings(**told):
                storage = runpy.run_module("config.storages")["Media"]()
                self.assertEqual(storage.endpoint_url, told["AWS_MEDIA_ENDPOINT_URL"])
                return urlsplit(storage.url("passport.jpg"))

    def test_one_store_has_both_buckets(self) -> None:
        link = self.link(AWS_S3_PUBLIC_URL="https://files.example", AWS_S3_REGION_NAME="here", AWS_ACCESS_KEY_ID="somebody")
        self.assertEqual((link.netloc, link.path), ("files.example", f"/{settings.AWS_MEDIA_BUCKET_NAME}/passport.jpg"))
        self.assertRegex(link.query, "X-Amz-Credential=somebody%2F[0-9]+%2Fhere%2F")

    def test_another_store_has_the_media_bucket(self) -> None:
        link = self.link(
            AWS_S3_PUBLIC_URL="https://files.example",
            AWS_S3_REGION_NAME="here",
            AWS_ACCESS_KEY_ID="somebody",
            AWS_MEDIA_ENDPOINT_URL="https://s3.example",
            AWS_MEDIA_PUBLIC_URL="https://media.example",
            AWS_MEDIA_REGION_NAME="elsewhere",
            AWS_MEDIA_ACCESS_KEY_ID="another",
            AWS_MEDIA_SECRET_ACCESS_KEY="hush",
        )
        self.assertEqual(link.netloc, "media.example")
        self.assertRegex(link.query, "X-Amz-Credential=another%2F[0-9]+%2Felsewhere%2F")


class Logs(SimpleTestCase):
    """Lines for machines."""

    def record(self, name: str, message: str, args: object = (), **more: object) -> logging.LogRecord:
        return logging.makeLogRecord({"name": name, "msg": message, "args": args, "levelname": "INFO"} | more)

    def test_an_error_is_one_line(self) -> None:
        try:
            raise ValueError("یک\nدو")
        except ValueError as error:
            record = self.record("market", "%s failed", ("it",), exc_info=(ValueError, error, error.__traceback__))
        text = JSONFormatter().format(record)
        self.assertEqual(len(text.splitlines()), 1)
        self.assertEqual(json.loads(text)["message"], "it failed")
        self.assertIn("یک\nدو", json.loads(text)["exception"])

    def test_what_does_not_fit_the_text_is_not_lost(self) -> None:
        line = json.loads(JSONFormatter().format(self.record("django-q", "gone", ("Traceback …",))))
        self.assertEqual(line["message"], "gone Traceback …")

    def test_requests_are_fields_and_probes_are_left_out(self) -> None:
        request = self.record("gunicorn.access", "", {"m": "GET", "U": "/", "s": "200", "M": 12, "a": 'a "browser"'})
        line = json.loads(JSONFormatter().format(request))
        self.assertEqual((line["method"], line["path"], line["status"], line["agent"]), ("GET", "/", "200", 'a "browser"'))
        self.assertTrue(WithoutProbes().filter(request))
        for status, kept in ("200", False), ("503", True):
            probe = self.record("gunicorn.access", "", {"U": "/readyz", "s": status})
            self.assertEqual(WithoutProbes().filter(probe), kept)
