"""Channels over the API: how each fares, and a test of one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from hub.asking import ChannelTested, ProveChannel
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.store.tokens import Token
from hub.view import ChannelView


async def channels(request: Request, _: Token) -> Response:
    """``GET channels``: those of the settings."""
    desk = console.of(request).desk
    troubles = dict(desk.view.troubles)
    rows = []
    for name in desk.settings.channels:
        view = desk.view.channels.get(name) or ChannelView(name, "unknown")
        found = [trouble.detail for key, trouble in troubles.items() if key.startswith(f"channel {name} ")]
        rows.append(
            {
                "name": name,
                "kind": view.kind,
                "last_success": _maybe(view.last_success),
                "last_failure": _maybe(view.last_failure),
                "last_said": view.last_said,
                "owed": view.owed,
                "reached": _maybe(view.reached),
                "unasked": list(view.unasked),
                "troubles": found,
            }
        )
    return JSONResponse({"channels": rows})


async def test(request: Request, token: Token) -> Response:
    """``POST channels/{name}/test``: every end, or one, is told a test."""
    body = await body_of(request)
    action = ProveChannel(request.path_params["name"], token.name, "api", query.target(body))

    def told(answer: ChannelTested) -> dict[str, Any]:
        return {"about": answer.about, "deliveries": list(answer.deliveries)}

    return await asked(request, action, ChannelTested, told)


def _maybe(at: int | None) -> str | None:
    return None if at is None else stamp(at)
