"""Logs by structlog: JSON lines under systemd, readable on a terminal, and never a secret."""

from __future__ import annotations

import atexit
import functools
import io
import json
import logging
import sys
import threading
import time
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, BinaryIO, Literal, cast, get_args

import msgspec
import structlog

from config.clock import stamp
from config.log_writer import LogWriter

Level = Literal["debug", "info", "warning", "error"]
_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "pin_code")


def set_up(level: Level = "info", *, process: str, **bound: str) -> None:
    """Configure logging for this process; every line then carries ``process`` and ``bound``.

    On a terminal lines are readable; elsewhere (systemd, a file) each is one JSON object.
    """
    set_level(level)
    writer = LogWriter(sys.stderr.buffer)
    _WRITERS[:] = [writer]
    # Bytes by msgspec: a line is on the way of every press.
    renderers: list[Any] = [structlog.processors.JSONRenderer(serializer=_json)]
    if sys.stderr.isatty():
        renderers = [structlog.dev.ConsoleRenderer(), _encoded]
    structlog.configure(
        processors=[
            _from_level,
            structlog.processors.add_log_level,
            _stamped,
            _without_secrets,
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.BytesLoggerFactory(file=writer),  # type: ignore[arg-type]  # it writes and flushes
        cache_logger_on_first_use=True,
    )
    others = io.TextIOWrapper(
        cast("BinaryIO", writer), encoding="utf-8", errors="replace", line_buffering=True
    )
    logging.basicConfig(level=logging.WARNING, stream=others, format="%(name)s: %(message)s", force=True)
    _BOUND.clear()
    _BOUND.update(process=process, **bound)
    sys.excepthook, threading.excepthook = _told, _thread_told


def _told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends the process: by Python itself it would go out with whatever it holds."""
    structlog.get_logger().error("the process ends", exc_info=(kind, error, trace))


def _thread_told(ended: threading.ExceptHookArgs) -> None:
    """Log what ends a thread."""
    name = ended.thread.name if ended.thread is not None else "unknown"
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        trace = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        structlog.get_logger().error("a thread ended", thread=name, exc_info=trace)


def set_level(level: Level) -> None:
    """Log lines of this level and above from now on."""
    _LEVEL[:] = [_NUMBERS[level]]


_NUMBERS: dict[str, int] = {name: getattr(logging, name.upper()) for name in get_args(Level)}
_LEVEL: list[int] = [logging.INFO]
_BOUND: dict[str, str] = {}
_WRITERS: list[LogWriter] = []


@atexit.register
def drain() -> None:
    """Wait a moment for what was logged to be written: before an end that runs no exit handlers."""
    for writer in _WRITERS:
        writer.drain()


@functools.cache
def _names_a_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)


def get(**bound: Any) -> Any:
    """Return a logger whose lines carry ``bound``; safe to take before :func:`set_up`."""
    return structlog.get_logger(**bound)


def _from_level(_: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # Loggers are cached with their filter: what may change while the process runs is asked here.
    if _NUMBERS.get(name, logging.ERROR) < _LEVEL[0]:
        raise structlog.DropEvent
    return event


def _stamped(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = stamp(time.time_ns() // 1_000_000)
    return event


def _json(event: Any, **_: Any) -> bytes:
    try:
        return msgspec.json.encode(event, enc_hook=repr)
    except Exception:  # noqa: BLE001 - a lone surrogate: a line must never be the fault that stops a press
        return json.dumps(event, default=repr).encode()


def _encoded(_: Any, __: str, line: str) -> bytes:
    return line.encode("utf-8", "replace")


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _BOUND.items():
        event.setdefault(name, value)
    for name in event:
        if _names_a_secret(name):
            event[name] = "(hidden)"
    return event
