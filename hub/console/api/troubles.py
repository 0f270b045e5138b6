"""Troubles over the API: listed, and cleared once somebody has seen to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.asking import ClearTrouble, TroubleCleared
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.console.present import troubles_now
from hub.store.tokens import Token
from hub.trouble_text import trouble_json


async def troubles(request: Request, _: Token) -> Response:
    """``GET troubles``: the newest 500, open ones first."""
    here = console.of(request)
    recorded = await here.aside.call(here.desk.reading.troubles)
    rows = [
        trouble_json(trouble) for trouble in troubles_now(recorded, list(here.desk.view.troubles.values()))
    ]
    return JSONResponse({"troubles": rows})


async def clear(request: Request, token: Token) -> Response:
    """``POST troubles/clear``: of what happened; what is so now is 409."""
    body = await body_of(request)
    action = ClearTrouble(query.key(body), token.name, "api", query.note(body))
    return await asked(
        request, action, TroubleCleared, lambda answer: {"trouble": trouble_json(answer.trouble)}
    )
