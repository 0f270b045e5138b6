"""Bypasses over the API: a zone's faults silenced for a time, and that ended."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.asking import Bypassed, BypassZone, EndBypass
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.console.api.lists import bypass_json
from hub.store.tokens import Token


async def bypass(request: Request, token: Token) -> Response:
    """``POST devices/{device}/zones/{zone}/bypass``."""
    body = await body_of(request)
    reason, hours = query.reason(body), query.hours(body)
    action = BypassZone(*_where(request), token.name, "api", reason, hours)
    return await asked(request, action, Bypassed, _bypassed)


async def end_bypass(request: Request, token: Token) -> Response:
    """``DELETE devices/{device}/zones/{zone}/bypass``."""
    return await asked(request, EndBypass(*_where(request), token.name, "api"), Bypassed, _bypassed)


def _where(request: Request) -> tuple[str, str]:
    return request.path_params["device"], request.path_params["zone"]


def _bypassed(answer: Bypassed) -> dict[str, Any]:
    return {
        "device": answer.device,
        "zone": answer.zone,
        "bypass": bypass_json(answer.bypass),
        "unprotected": answer.lifeless,
    }
