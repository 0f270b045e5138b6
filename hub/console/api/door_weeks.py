"""The weekly record of exterior doors over the API: read, and signed."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from hub.asking import DoorWeekSigned, SignDoorWeek
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.door_week import DoorWeek, Signature, counts_json
from hub.store.tokens import Token


async def door_weeks(request: Request, _: Token) -> Response:
    """``GET doors/weeks``: the latest that are over, the newest first, and what runs; from memory alone."""
    view = console.of(request).desk.view
    weeks = sorted(view.door_weeks.values(), key=lambda week: -week.first)
    return JSONResponse(
        {
            "running": counts_json(tuple(dict(view.door_counts).values())),
            "weeks": [week_json(week) for week in weeks],
        }
    )


async def sign(request: Request, token: Token) -> Response:
    """``POST doors/weeks/{week}/sign``."""
    body = await body_of(request)
    said, version = query.exceptions(body), query.version(body)
    action = SignDoorWeek(request.path_params["week"], token.name, "api", said, version)
    return await asked(request, action, DoorWeekSigned, lambda answer: {"week": week_json(answer.week)})


def week_json(week: DoorWeek) -> dict[str, Any]:
    """Return a week as the API shows it."""
    return {
        "week": week.week,
        "version": week.version,
        "first": stamp(week.first),
        "last": stamp(week.last),
        "frozen_at": stamp(week.frozen_at),
        "doors": counts_json(week.doors),
        "signatures": [_signature(one) for one in week.signatures],
    }


def _signature(one: Signature) -> dict[str, Any]:
    return {
        "by": one.by,
        "at": stamp(one.at),
        "via": one.via,
        "version": one.version,
        "exceptions": one.exceptions,
    }
