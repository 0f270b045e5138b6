"""Server-sent events: how one is written, and the response that carries them.

Hand-written rather than sse-starlette: our streams must end when our own server stops, which runs
in a thread and sees no signal, and need no task group of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import StreamingResponse

OPENING: Final = "retry: 1000\n\n"
"""A browser tries again a second after a stream broke."""


def event(name: str, data: str, seq: int | None = None) -> str:
    """Write one event; ``data`` is one line."""
    number = "" if seq is None else f"id: {seq}\n"
    return f"{number}event: {name}\ndata: {data}\n\n"


def comment(text: str) -> str:
    """Write a line that readers pass over: a heartbeat."""
    return f": {text}\n\n"


def response(lines: AsyncIterator[str]) -> StreamingResponse:
    """Return the response of a stream; a proxy must neither keep nor gather it."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)
