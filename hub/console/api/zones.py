"""Bypasses over the API: a zone's faults silenced for a time, and that ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console import console
from hub.console.api import query
from hub.console.api.errors import ApiError
from hub.console.api.incidents import body_of
from hub.console.api.lists import bypass_json
from hub.inputs import BypassZone, EndBypass, Refused, ZoneAction
from hub.store.people import Token


async def bypass(request: Request, token: Token) -> Response:
    """``POST devices/{device}/zones/{zone}/bypass``."""
    body = await body_of(request)
    reason, hours = query.reason(body), query.hours(body)
    return await _asked(request, BypassZone(*_where(request), token.name, "api", reason, hours))


async def end_bypass(request: Request, token: Token) -> Response:
    """``DELETE devices/{device}/zones/{zone}/bypass``."""
    return await _asked(request, EndBypass(*_where(request), token.name, "api"))


def _where(request: Request) -> tuple[str, str]:
    return request.path_params["device"], request.path_params["zone"]


async def _asked(request: Request, action: ZoneAction) -> Response:
    answer = await console.of(request).ask_of_zone(action)
    if isinstance(answer, Refused):
        status = 404 if answer.error == "not-found" else 409
        raise ApiError(status, answer.error, answer.detail, state=answer.state, allowed=answer.allowed)
    return JSONResponse(
        {
            "device": answer.device,
            "zone": answer.zone,
            "bypass": bypass_json(answer.bypass),
            "unprotected": answer.lifeless,
            "recorded": answer.recorded,
        }
    )
