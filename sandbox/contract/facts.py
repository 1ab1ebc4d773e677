"""Says what a Django project makes of the chart's environment, as one line of JSON. It runs inside the image, with its Django."""

import json
import os
import sys
from collections.abc import Callable

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.staticfiles import finders  # noqa: E402
from django.contrib.staticfiles.storage import staticfiles_storage  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.middleware.csrf import CsrfViewMiddleware, get_token  # noqa: E402
from django.test import RequestFactory  # noqa: E402

HOST = os.environ["DJANGO_ALLOWED_HOSTS"].partition(",")[0]


def view(_request: HttpRequest) -> HttpResponse:
    """Any page."""
    return HttpResponse()


def scheme(forwarded: str) -> str:
    """What Django takes a request's scheme for."""
    return RequestFactory().get("/", HTTP_HOST=HOST, HTTP_X_FORWARDED_PROTO=forwarded).scheme


def form(origin: str, forwarded: str) -> bool:
    """Whether a form of a page is taken, when a browser sends it from there."""
    page = RequestFactory().get("/", HTTP_HOST=HOST, HTTP_X_FORWARDED_PROTO=forwarded)
    page.session = {}
    token = get_token(page)
    sent = RequestFactory().post(
        "/", {"csrfmiddlewaretoken": token}, HTTP_HOST=HOST, HTTP_X_FORWARDED_PROTO=forwarded, HTTP_ORIGIN=origin, HTTP_REFERER=origin + "/"
    )
    cookie = page.META.get("CSRF_COOKIE") or token
    sent.session = page.session or {"_csrftoken": cookie}
    sent.COOKIES[settings.CSRF_COOKIE_NAME] = cookie
    middleware = CsrfViewMiddleware(view)
    middleware.process_request(sent)
    return middleware.process_view(sent, view, (), {}) is None


def static() -> dict[str, str]:
    """The link to some static file."""
    for finder in finders.get_finders():
        for name, _storage in finder.list([]):
            if "." in name:
                return {"name": name, "url": staticfiles_storage.url(name)}
    return {"name": "", "url": ""}


def media() -> dict[str, object]:
    """Two uploads of the same name."""
    first, second = (default_storage.save("contract/upload.txt", ContentFile(text)) for text in (b"first", b"second"))
    return {"first": first, "second": second, "content": default_storage.open(first).read().decode(), "url": default_storage.url(first)}


def queue() -> dict[str, object]:
    """How Django-Q understood its settings."""
    from django_q.conf import Conf

    return {
        "DJANGO_Q_WORKERS": Conf.WORKERS,
        "DJANGO_Q_QUEUE_LIMIT": Conf.QUEUE_LIMIT,
        "DJANGO_Q_TIMEOUT": Conf.TIMEOUT,
        "DJANGO_Q_RETRY": Conf.RETRY,
        "DJANGO_Q_MAX_ATTEMPTS": Conf.MAX_ATTEMPTS,
        "orm": Conf.ORM,
    }


def database() -> dict[str, str]:
    """Where the project finds its database."""
    default = settings.DATABASES["default"]
    return {f"DATABASE_{name}": str(default.get(name)) for name in ("HOST", "PORT", "NAME", "USER")}


def tell() -> None:
    """Asks one after the other: what fails in one hides nothing of the others."""
    sys.path.insert(0, os.getcwd())
    questions: dict[str, Callable[[], object]] = {
        "scheme": lambda: {forwarded: scheme(forwarded) for forwarded in ("https", "http")},
        "cookies": lambda: {"session": settings.SESSION_COOKIE_SECURE, "csrf": settings.CSRF_COOKIE_SECURE},
        "debug": lambda: settings.DEBUG,
        "form": lambda: form(f"https://{HOST}", "https"),
        "form behind http": lambda: form(f"https://{HOST}", "http"),
        "form of another site": lambda: form("https://elsewhere.example", "https"),
        "static": static,
        "media": media,
        "queue": queue,
        "database": database,
    }
    facts: dict[str, object] = {}
    for name, ask in questions.items():
        try:
            facts[name] = {"value": ask()}
        except Exception as error:  # whatever a project's own code raises
            facts[name] = {"error": f"{type(error).__name__}: {error}"}
    print("\nFACTS " + json.dumps(facts))


tell()
