"""Accounts and sessions over the API: listed, and a session ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from config.contract import shown
from hub.console import console
from hub.console.accounts.ending import ended
from hub.console.api.errors import not_found
from hub.store.sessions import SignedIn
from hub.store.tokens import Token


async def accounts(request: Request, _: Token) -> Response:
    """``GET accounts``: by name; no password and no secret is among it."""
    here = console.of(request)
    listed = [
        {
            "name": one.name,
            "role": one.role,
            "created_at": stamp(one.created_at),
            "second_factor_since": None if one.factor_since is None else stamp(one.factor_since),
            "recovery_codes": one.recovery_codes,
        }
        for one in await here.aside.call(here.desk.people.all)
    ]
    return JSONResponse({"accounts": listed})


async def sessions(request: Request, _: Token) -> Response:
    """``GET sessions``: those that are not over, the newest first."""
    here = console.of(request)
    found = await here.aside.call(here.desk.sessions.all, here.now().wall)
    return JSONResponse({"sessions": [_session_json(one) for one in found]})


async def end_session(request: Request, token: Token) -> Response:
    """``DELETE sessions/{id}``."""
    wanted = shown(request.path_params["id"], 64)
    if await ended(request, token.name, wanted) is None:
        raise not_found(f"no session {wanted!r}")
    return JSONResponse({"ended": wanted})


def _session_json(one: SignedIn) -> dict[str, str]:
    return {
        "id": one.id,
        "name": one.name,
        "since": stamp(one.since),
        "ends": stamp(one.ends),
        "address": one.address,
        "browser": one.browser,
    }
