"""Reads settings from the environment. An empty variable counts as none: templates of manifests leave such ones."""

import os

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """The variable's value; without a default it has to be there."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"the environment variable {name} is not set; README.md lists all that are read")
    return value


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"the environment variable {name} is {value!r}, which is no whole number") from None


def switch(name: str, default: bool = False) -> bool:
    """The variable as yes or no."""
    return text(name, str(default)).lower() in ("1", "true", "yes", "on")


def names(name: str, default: str = "") -> list[str]:
    """The variable as a list, which commas separate."""
    return [each.strip() for each in text(name, default).split(",") if each.strip()]
