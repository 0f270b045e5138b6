"""The site's posture over the API: asked for, and set."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from hub.asking import PostureSet, SetPosture
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import asked, body_of
from hub.posture import SitePosture, confirmed_twice
from hub.store.tokens import Token


async def posture(request: Request, _: Token) -> Response:
    """``GET posture``: from memory alone."""
    return JSONResponse({"posture": posture_json(console.of(request).desk.view.posture)})


async def set_posture(request: Request, token: Token) -> Response:
    """``POST posture``: what gives protection up is 409 until it is said again with ``confirm``."""
    body = await body_of(request)
    wanted, confirm, note = query.posture(body), query.confirm(body), query.note(body)
    return await asked(
        request, SetPosture(wanted, token.name, "api", note, confirm), PostureSet, _posture_set
    )


def _posture_set(answer: PostureSet) -> dict[str, Any]:
    return {"posture": posture_json(answer.posture), "changed": answer.changed}


def posture_json(now: SitePosture) -> dict[str, Any]:
    """Return a posture as the API shows it."""
    asked = now.asked
    return {
        "n": now.n,
        "posture": now.posture,
        "drill": now.drill,
        "drill_id": now.drill_id,
        "since": now.since,
        "automatic": now.automatic,
        "by": now.by,
        "via": now.via,
        "note": now.note,
        "why": now.why,
        "asked": None if asked is None else {"why": asked.why, "since": stamp(asked.since)},
        "published": not now.asks,
        "confirmed_twice": list(confirmed_twice(now)),
    }
