"""Signing in and out: the one seam behind which each way to say who one is stands.

Another way (OpenID Connect, say) is one more :class:`hub.console.sign_in.method.Method` in :data:`METHODS`.
It ends, as all do, in :func:`hub.console.sign_in.arrival.found`, which alone makes sessions.
"""

from __future__ import annotations

from typing import Final

from hub.console.sign_in import code, page
from hub.console.sign_in.method import Endpoint, Method
from hub.console.sign_in.password import Password

METHODS: Final[tuple[Method, ...]] = (Password(),)
"""The ways to sign in, in the order of the page."""


def endpoints() -> list[Endpoint]:
    """Return what the console serves of signing in and out."""
    return [
        Endpoint("GET", "/sign-in", page.form),
        *(endpoint for method in METHODS for endpoint in method.endpoints()),
        Endpoint("POST", "/sign-in/code", code.take),
        Endpoint("POST", "/sign-out", page.sign_out),
    ]
