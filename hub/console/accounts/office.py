"""``/accounts``: who may sign in, who is signed in, and tokens; for an administrator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.console import console
from hub.console.accounts.ending import ended
from hub.console.accounts.listed import sessions_of
from hub.console.api.errors import ApiError, bad_input
from hub.console.console import Console
from hub.console.deeds import take
from hub.console.pages import rendered
from hub.console.session import Session
from hub.rights import ROLES, WORDS
from hub.store.people import AccountError

Change = Callable[[Console, dict[str, str]], Awaitable[str]]
"""Does what a form asks, and says what was done."""


async def page(request: Request, session: Session) -> Response:
    """``GET /accounts``."""
    here = console.of(request)
    now = here.now().wall
    facts: dict[str, Any] = {
        "page": "accounts",
        "accounts": await here.aside.call(here.desk.people.all),
        "sessions": await sessions_of(here, session),
        "tokens": await here.aside.call(here.desk.tokens.all),
        "roles": [(role, WORDS[role]) for role in ROLES],
        "asked_for": here.desk.settings.console.second_factor,
        "over": lambda token: token.over(now),
    }
    return rendered(request, session, "accounts.html", facts)


async def set_role(request: Request, session: Session) -> Response:
    """``POST /accounts/role``: a name and a role."""

    async def change(here: Console, fields: dict[str, str]) -> str:
        name, role = _name(fields), next((one for one in ROLES if one == fields.get("role")), None)
        if role is None:
            raise bad_input("role: none", *ROLES)
        await _kept(here, here.desk.people.set_role, name, role)
        return f"{name}: {role}, {WORDS[role]}."

    return await _change(request, session, change)


async def remove(request: Request, session: Session) -> Response:
    """``POST /accounts/remove``: a name."""

    async def change(here: Console, fields: dict[str, str]) -> str:
        name = _name(fields)
        await _kept(here, here.desk.people.remove, name)
        return f"{name} can't sign in any more, and is signed out everywhere."

    return await _change(request, session, change)


async def remove_factor(request: Request, session: Session) -> Response:
    """``POST /accounts/second-factor/remove``: a name; the phone is lost."""

    async def change(here: Console, fields: dict[str, str]) -> str:
        name = _name(fields)
        if not await here.aside.call(here.desk.people.remove_factor, name):
            raise ApiError(409, "not-in-this-state", f"{name} has no second factor")
        return f"{name} signs in by the password alone now."

    return await _change(request, session, change)


async def end(request: Request, session: Session) -> Response:
    """``POST /accounts/sessions/end``: a session's id."""

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        of = await ended(request, session.name, shown(fields.get("id", ""), 64))
        if of is None:
            return "Not done: there is no such session.", 404
        return f"{of.name} is signed out there.", 200

    return await take(request, session, word, "the page of accounts")


async def remove_token(request: Request, session: Session) -> Response:
    """``POST /accounts/tokens/remove``: a token's name."""

    async def change(here: Console, fields: dict[str, str]) -> str:
        name = _name(fields)
        if not await here.aside.call(here.desk.tokens.remove, name):
            raise ApiError(404, "not-found", f"no token is called {name}")
        return f"The token {name} is nobody's any more."

    return await _change(request, session, change)


async def _change(request: Request, session: Session, change: Change) -> Response:
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        said = await change(here, fields)
        here.note("account-changed", request, session.name, _name(fields), said)
        return said, 200

    return await take(request, session, word, "the page of accounts")


async def _kept(here: Console, work: Callable[..., None], *args: Any) -> None:
    """Change the store; a change that can't be made is an answer, and no fault of the disk."""

    def tried() -> AccountError | None:
        try:
            work(*args)
        except AccountError as error:
            return error
        return None

    if (refusal := await here.aside.call(tried)) is not None:
        raise ApiError(409, "not-in-this-state", str(refusal))


def _name(fields: dict[str, str]) -> str:
    return shown(fields.get("name", ""))
