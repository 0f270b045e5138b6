"""The posture on every page, and the page on which it is set: raised with one touch, lowered with two."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from config.contract import PostureName
from hub.asking import PostureSet, Refused, SetPosture
from hub.console import console
from hub.console.api import query
from hub.console.api.errors import ApiError
from hub.console.deeds import NOT_WRITTEN, AskedAgainError, status_of, take
from hub.console.pages import rendered
from hub.console.posture_words import who_may_not_hear
from hub.console.session import Session
from hub.posture import lowers
from hub.response import DIRECTIVES

PAGE: Final = "/posture"
SHOWN: Final[tuple[PostureName, ...]] = ("lockdown", "secure", "hold", "evacuate", "shelter", "normal")
"""In the order of the page: what cannot wait first, what gives all protection up last."""


class Choice(Struct, frozen=True):
    """A posture that can be set."""

    name: PostureName
    word: str
    directive: str
    twice: bool
    """It gives protection up: it is asked a second time."""
    holds: bool


async def page(request: Request, session: Session) -> Response:
    """``/posture``: what holds, and what can be set; with ``to`` and ``of`` the second question."""
    now = console.of(request).desk.view.posture
    asked_for = _asked_for(request)
    facts: dict[str, Any] = {"page": "posture", "to": None, "of": now.n, "moved": False}
    if asked_for is not None:
        to, of = asked_for
        facts["moved"] = of != now.n and now.posture != to
        if of == now.n and lowers(now, to):
            facts["to"] = to
    choices = [
        Choice(name, name.upper(), DIRECTIVES[name], lowers(now, name), name == now.posture) for name in SHOWN
    ]
    return rendered(request, session, "posture.html", facts | {"choices": choices})


async def set_posture(request: Request, session: Session) -> Response:
    """``POST /posture``."""

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        wanted, confirm = query.posture(fields), _confirm(fields)
        action = SetPosture(wanted, session.name, "console", query.note(fields), confirm)
        answer = await console.of(request).ask_for(action, PostureSet)
        if isinstance(answer, Refused) and answer.confirm is not None:
            of = urlencode({"to": wanted, "of": answer.confirm})
            raise AskedAgainError(f"Not done yet: confirm {wanted.upper()}.", f"{PAGE}?{of}")
        here = console.of(request)
        deaf = who_may_not_hear(here.desk.settings, here.desk.view)
        return in_words(answer, deaf), status_of(answer)

    return await take(request, session, word, "the posture")


def in_words(answer: PostureSet | Refused, deaf: str = "") -> str:
    """Return what came of a person's word; ``deaf``: who may not hear of it."""
    if isinstance(answer, Refused):
        return f"Not done: {answer.detail}"
    name = answer.posture.posture.upper()
    said = f"{name} holds." if answer.changed else f"{name} held already."
    return said + deaf + ("" if answer.recorded else NOT_WRITTEN)


def _asked_for(request: Request) -> tuple[PostureName, int] | None:
    text = request.query_params.get("of", "")
    try:
        to = query.posture({"posture": request.query_params.get("to")})
    except ApiError:
        return None
    return (to, int(text)) if text.isascii() and text.isdigit() and len(text) < 17 else None


def _confirm(fields: dict[str, str]) -> int | None:
    text = fields.get("confirm", "")
    return (
        query.confirm({"confirm": int(text)})
        if text.isascii() and text.isdigit() and len(text) < 17
        else None
    )
