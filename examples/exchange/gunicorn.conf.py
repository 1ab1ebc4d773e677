"""How gunicorn logs. The rest comes from the chart, in GUNICORN_CMD_ARGS, which wins over this file."""

import os

from gunicorn.workers.base import Worker
from prometheus_client import multiprocess

accesslog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JSONFormatter"}},
    "filters": {"without probes": {"()": "config.logs.WithoutProbes"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json"},
        "access": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["without probes"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}


def child_exit(_server: object, worker: Worker) -> None:
    """Takes back the gauges of a process that is gone."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)
