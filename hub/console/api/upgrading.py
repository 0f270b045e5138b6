"""Upgrading the rooms over the API: how far it is, begun, stopped."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.console.api.errors import ApiError
from hub.store.tokens import Token
from hub.upgrading.asking import BeginUpgrade, StopUpgrade, UpgradeStands
from hub.upgrading.doing import NO_WHEELS
from hub.upgrading.listing import run_of


async def upgrade(request: Request, _: Token) -> Response:
    """``GET upgrade``: what each room runs, and the run that stands or the last that did."""
    desk = console.of(request).desk
    return JSONResponse(run_of(desk.view, desk.settings, desk.wheels.release()))


async def begin(request: Request, token: Token) -> Response:
    """``POST upgrade``; with ``device``, that room goes first."""
    body = await body_of(request)
    release = console.of(request).desk.wheels.release()
    if release is None:
        raise ApiError(404, "not-found", NO_WHEELS)
    first = query.device(body) if "device" in body else None
    return await _stands(request, BeginUpgrade(release, token.name, "api", first))


async def stop(request: Request, token: Token) -> Response:
    """``DELETE upgrade``: no more rooms."""
    return await _stands(request, StopUpgrade(token.name, "api"))


async def _stands(request: Request, action: BeginUpgrade | StopUpgrade) -> Response:
    desk = console.of(request).desk
    return await asked(
        request,
        action,
        UpgradeStands,
        lambda _: run_of(desk.view, desk.settings, desk.wheels.release()),
    )
