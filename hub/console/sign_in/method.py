"""What a way to sign in is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from starlette.requests import Request
from starlette.responses import Response


class Endpoint(NamedTuple):
    """What answers one method at one path; it stands in :mod:`hub.console.needs`, too."""

    method: str
    path: str
    answer: Callable[[Request], Awaitable[Response]]


class Method(Protocol):
    """One way to find out who somebody is: it asks, checks, and hands the person to ``arrival.found``."""

    def endpoints(self) -> Sequence[Endpoint]:
        """Return what it answers."""
        ...
