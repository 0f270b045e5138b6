"""``/account``: where a person is signed in, and what they sign in with."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.console import console
from hub.console.accounts.ending import ended
from hub.console.accounts.listed import sessions_of
from hub.console.deeds import take
from hub.console.pages import rendered
from hub.console.session import Session
from hub.rights import WORDS


async def page(request: Request, session: Session) -> Response:
    """``GET /account``."""
    here = console.of(request)
    account = next(
        (one for one in await here.aside.call(here.desk.people.all) if one.name == session.name), None
    )
    facts: dict[str, Any] = {
        "page": "account",
        "sessions": await sessions_of(here, session, session.name),
        "account": account,
        "role_words": WORDS[session.role],
        "asked_for": session.role in here.desk.settings.console.second_factor,
    }
    return rendered(request, session, "account.html", facts)


async def end(request: Request, session: Session) -> Response:
    """``POST /account/sessions/end``: one of one's own, by its id."""

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        wanted = shown(fields.get("id", ""), 64)
        if await ended(request, session.name, wanted, of=session.name) is None:
            return "Not done: there is no such sign-in of yours.", 404
        return "Signed out there.", 200

    return await take(request, session, word, "this page")


async def end_others(request: Request, session: Session) -> Response:
    """``POST /account/sessions/end-others``: all of one's own but this."""
    here = console.of(request)

    async def word(_: dict[str, str]) -> tuple[str, int]:
        count = await here.keeper.end_others(session)
        here.note("signed-out", request, session.name, session.name, f"signed out {count} other browsers")
        return f"Signed out everywhere else: {count} sign-in{'' if count == 1 else 's'} ended.", 200

    return await take(request, session, word, "this page")
