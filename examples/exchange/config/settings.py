"""Settings. What differs between environments comes from environment variables, by the names that charts/exchange sets."""

from pathlib import Path
from urllib.parse import urlsplit

import django

from config.environment import names, number, switch, text

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = text("DJANGO_SECRET_KEY")
DEBUG = switch("DJANGO_DEBUG")
ALLOWED_HOSTS = names("DJANGO_ALLOWED_HOSTS")

# https ends before the cluster, or at its ingress: both say so in a header, and the ingress takes it from nobody else.
# Whoever comes by http is sent to https out there; here it would only be a loop if the header were ever wrong.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 30 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
CSRF_TRUSTED_ORIGINS = names("DJANGO_CSRF_TRUSTED_ORIGINS")
if django.VERSION < (4, 0):
    # Until then they were names of hosts, without a scheme.
    CSRF_TRUSTED_ORIGINS = [urlsplit(origin).netloc for origin in CSRF_TRUSTED_ORIGINS]

INSTALLED_APPS = [
    "django_prometheus",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_q",
    "market",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    # Before everything that looks at the host, the scheme or the session.
    "config.health.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def database(host: str) -> dict[str, object]:
    """The exchange's database as one of its servers has it. libpq reads PGSSLMODE and PGOPTIONS by itself."""
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "HOST": host,
        "PORT": number("DATABASE_PORT", 5432),
        "NAME": text("DATABASE_NAME", "exchange"),
        "USER": text("DATABASE_USER", "exchange"),
        "PASSWORD": text("DATABASE_PASSWORD"),
        # A connection that a failover cut must not be used again: Django-Q would lose the result that it writes with it. Only
        # Django 4.1 and newer can tell; before, none is kept.
        "CONN_MAX_AGE": 60 if django.VERSION >= (4, 1) else 0,
        "CONN_HEALTH_CHECKS": True,
        # A server that is gone without a word is noticed in seconds, not after TCP's quarter of an hour.
        "OPTIONS": {"connect_timeout": 5, "tcp_user_timeout": 10_000},
    }


DATABASES = {"default": database(text("DATABASE_HOST"))}
# Where reads go that may be some seconds behind: the order book. Balances, sessions and tasks never do.
READ_DATABASE = "default"
if replica := text("DATABASE_REPLICA_HOST", ""):
    READ_DATABASE = "replica"
    DATABASES["replica"] = database(replica) | {"TEST": {"MIRROR": "default"}}

STATIC_URL = "/static/"
AWS_S3_ENDPOINT_URL = text("AWS_S3_ENDPOINT_URL")
AWS_S3_PUBLIC_URL = text("AWS_S3_PUBLIC_URL", AWS_S3_ENDPOINT_URL)
AWS_S3_URL_PROTOCOL = text("AWS_S3_URL_PROTOCOL", "https:")
AWS_S3_REGION_NAME = text("AWS_S3_REGION_NAME", "us-east-1")
AWS_S3_ADDRESSING_STYLE = text("AWS_S3_ADDRESSING_STYLE", "path")
AWS_S3_SIGNATURE_VERSION = text("AWS_S3_SIGNATURE_VERSION", "s3v4")
AWS_STATIC_BUCKET_NAME = text("AWS_STATIC_BUCKET_NAME", "static")
AWS_STATIC_CUSTOM_DOMAIN = text("AWS_STATIC_CUSTOM_DOMAIN")
AWS_MEDIA_BUCKET_NAME = text("AWS_MEDIA_BUCKET_NAME", "media")
# Set where another store has the media bucket: what is said above is the static one's then. boto3 finds the keys above by itself.
AWS_MEDIA_ENDPOINT_URL = text("AWS_MEDIA_ENDPOINT_URL", AWS_S3_ENDPOINT_URL)
AWS_MEDIA_PUBLIC_URL = text("AWS_MEDIA_PUBLIC_URL", AWS_S3_PUBLIC_URL)
AWS_MEDIA_REGION_NAME = text("AWS_MEDIA_REGION_NAME", AWS_S3_REGION_NAME)
AWS_MEDIA_ACCESS_KEY_ID = text("AWS_MEDIA_ACCESS_KEY_ID", "") or None
AWS_MEDIA_SECRET_ACCESS_KEY = text("AWS_MEDIA_SECRET_ACCESS_KEY", "") or None
if django.VERSION >= (4, 2):
    STORAGES = {"default": {"BACKEND": "config.storages.Media"}, "staticfiles": {"BACKEND": "config.storages.Static"}}
else:
    DEFAULT_FILE_STORAGE = "config.storages.Media"
    STATICFILES_STORAGE = "config.storages.Static"

Q_CLUSTER = {
    "name": "exchange",
    "orm": "default",
    "workers": number("DJANGO_Q_WORKERS", 2),
    "queue_limit": number("DJANGO_Q_QUEUE_LIMIT", 2),
    "timeout": number("DJANGO_Q_TIMEOUT", 60),
    "retry": number("DJANGO_Q_RETRY", 150),
    "max_attempts": number("DJANGO_Q_MAX_ATTEMPTS", 5),
    "catch_up": False,
}

# It would ask the database whenever any process of Django starts, the one of collectstatic too.
PROMETHEUS_EXPORT_MIGRATIONS = False

LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", "فارسی"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Tehran"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"level": "INFO"},
        # Both bring handlers of their own unless they find one.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django-q": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
