"""Logs as one JSON object a line, which is what Elasticsearch wants of them."""

import json
import logging
from datetime import datetime, timezone

# What an access log's line is made of, and what gunicorn calls it.
REQUEST = {"h": "client", "m": "method", "U": "path", "s": "status", "B": "bytes", "M": "milliseconds", "a": "agent"}
PROBES = ("/healthz", "/readyz", "/metrics")


class JSONFormatter(logging.Formatter):
    """A record as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == "gunicorn.access" and isinstance(record.args, dict):
            line |= {name: record.args.get(atom) for atom, name in REQUEST.items()}
        else:
            line["message"] = message(record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def message(record: logging.LogRecord) -> str:
    """The record's text. Django-Q hands over tracebacks as arguments that its text has no place for."""
    try:
        return record.getMessage()
    except TypeError:
        return " ".join(str(part) for part in (record.msg, *record.args))


class WithoutProbes(logging.Filter):
    """Leaves out requests of probes and of Prometheus that went well: they come every few seconds for ever."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        request = record.args if isinstance(record.args, dict) else {}
        return not (request.get("U") in PROBES and str(request.get("s")) == "200")
