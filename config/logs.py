"""Logs by structlog: JSON lines under systemd, readable on a terminal, and never a secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]
_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "pin_code")


def set_up(level: Level = "info", *, process: str, **bound: str) -> None:
    """Configure logging for this process; every line then carries ``process`` and ``bound``.

    On a terminal lines are readable; elsewhere (systemd, a file) each is one JSON object.
    """
    number = getattr(logging, level.upper())
    terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s", force=True)
    structlog.contextvars.clear_contextvars()
    _BOUND.clear()
    _BOUND.update(process=process, **bound)


_BOUND: dict[str, str] = {}


def get(**bound: Any) -> Any:
    """Return a logger whose lines carry ``bound``; safe to take before :func:`set_up`."""
    return structlog.get_logger(**bound)


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _BOUND.items():
        event.setdefault(name, value)
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = "(hidden)"
    return event
