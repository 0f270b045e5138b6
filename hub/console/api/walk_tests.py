"""Walk tests over the API: opened and ended."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from config.clock import stamp
from hub.asking import EndWalkTest, OpenWalkTest, WalkTestAction, WalkTestDone
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.store.tokens import Token
from hub.walk_test import WalkTest


async def begin_walk_test(request: Request, token: Token) -> Response:
    """``POST devices/{device}/walk-test``."""
    body = await body_of(request)
    zones, for_s = query.zones(body), query.for_s(body)
    return await _asked(
        request, OpenWalkTest(request.path_params["device"], token.name, "api", zones=zones, for_s=for_s)
    )


async def end_walk_test(request: Request, token: Token) -> Response:
    """``DELETE devices/{device}/walk-test``."""
    return await _asked(request, EndWalkTest(request.path_params["device"], token.name, "api"))


async def _asked(request: Request, action: WalkTestAction) -> Response:
    return await asked(
        request, action, WalkTestDone, lambda answer: {"walk_test": walk_test_json(answer.walk_test)}
    )


def walk_test_json(test: WalkTest) -> dict[str, Any]:
    """Return a walk test as the API shows it."""
    return {
        "id": test.id,
        "device": test.device,
        "zones": list(test.zones),
        "by": test.by,
        "via": test.via,
        "started": stamp(test.started),
        "until": stamp(test.until),
        "ended": None if test.ended is None else stamp(test.ended),
        "why": test.why,
        "begun": test.begun,
        "late": test.late,
        "proved": [{"zone": one.zone, "at": stamp(one.at)} for one in test.proved],
        "left": list(test.left),
    }
