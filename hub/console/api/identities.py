"""Identities over the API: listed, a spare given its room, an agent revoked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.enrolment.asking import Assigned, AssignSpare, Revoke, Revoked
from hub.enrolment.listing import codes_json, identities_json
from hub.store.tokens import Token


async def identities(request: Request, _: Token) -> Response:
    """``GET identities``: those that hold first; and the codes that can be used, without their secrets."""
    here = console.of(request)
    view = here.desk.view
    found = identities_json(view, here.desk.settings)
    return JSONResponse({"identities": found, "codes": codes_json(view, here.now().wall)})


async def assign(request: Request, token: Token) -> Response:
    """``POST identities/{device}/assign``: of a spare."""
    body = await body_of(request)
    spare = request.path_params["device"]
    action = AssignSpare(spare, query.device(body), token.name, "api", replace=query.is_true(body, "replace"))
    return await asked(
        request, action, Assigned, lambda done: {"spare": done.identity.device, "device": done.identity.room}
    )


async def revoke(request: Request, token: Token) -> Response:
    """``POST identities/{device}/revoke``."""
    body = await body_of(request)
    action = Revoke(request.path_params["device"], token.name, "api", query.note(body))
    return await asked(
        request,
        action,
        Revoked,
        lambda done: {"device": done.device, "certificates": len(done.identities), "codes": done.codes},
    )
