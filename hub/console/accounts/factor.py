"""A person's second factor: set up, taken away, and shown again where something asks for it."""

from __future__ import annotations

from typing import Any, Final

import segno
from markupsafe import Markup
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console import console
from hub.console.body import read_form
from hub.console.cookies import set_cookie
from hub.console.deeds import take
from hub.console.pages import rendered, told
from hub.console.session import Session, allowed, local_path
from hub.console.sign_in import totp
from hub.console.sign_in.code import right
from hub.console.sign_in.guessing import NotTaken
from hub.console.sign_in.lanes import KNOWN
from hub.console.visit import visit_of
from hub.store.people import LONGEST_PASSWORD, Person

OUT_OF_DATE: Final = "This page had been open for too long. Please try again."
ELSEWHERE: Final = "Set it up on the school's own network: out here a password alone is not enough."


async def page(request: Request, session: Session) -> Response:
    """``GET /account/second-factor``: a new secret, as a picture and in letters."""
    if not session.has_factor and visit_of(request).is_outside:
        return told(request, session, f"Not done: {ELSEWHERE}", 403)
    return _form(request, session, totp.new_secret())


async def set_up(request: Request, session: Session) -> Response:
    """``POST /account/second-factor``: with the password, a code of the new secret, and one of the old."""
    here = console.of(request)
    fields = await read_form(request)
    secret = here.sealer.open_secret(fields.get("secret"), session.id, here.now().wall)
    if not allowed(request.headers, session, fields) or secret is None:
        return _form(request, session, totp.new_secret(), OUT_OF_DATE, 403)
    if not session.has_factor and visit_of(request).is_outside:
        return told(request, session, f"Not done: {ELSEWHERE}", 403)
    # The new code first: what shows that it is truly they may be a recovery code, which is then gone.
    now = here.now().wall
    step = totp.step_of(secret, fields.get("code", "")[:64], now)
    if step is None:
        said = "That is not the code of this picture now. Is the clock of your phone right?"
        return _form(request, session, secret, said, 401)
    if refusal := await _not_themselves(request, session, fields):
        return _form(request, session, secret, refusal.said, refusal.status)
    codes = totp.new_recovery_codes()
    await here.aside.call(here.desk.people.set_factor, session.name, secret, step, codes)
    here.note("account-changed", request, session.name, session.name, "second factor set up")
    facts = {"page": "account", "codes": codes}
    response = rendered(request, replace(session, factor_at=now), "second_factor_done.html", facts)
    _shown(request, response, session)
    return response


async def remove(request: Request, session: Session) -> Response:
    """``POST /account/second-factor/remove``: with the password and a code."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        if session.role in here.desk.settings.console.second_factor:
            return f"Not done: The role {session.role} asks for a second factor.", 409
        if refusal := await _not_themselves(request, session, fields):
            return f"Not done: {refusal.said}", refusal.status
        await here.aside.call(here.desk.people.remove_factor, session.name)
        here.note("account-changed", request, session.name, session.name, "second factor removed")
        return "You sign in by your password alone now.", 200

    return await take(request, session, word, "your sign-in")


async def ask(request: Request, session: Session) -> Response:
    """``GET /account/code``: the code, for what asks for one that was shown lately."""
    return _code_form(request, session, local_path(request.query_params.get("next")))


async def show(request: Request, session: Session) -> Response:
    """``POST /account/code``."""
    fields = await read_form(request)
    wanted = local_path(fields.get("next"))
    if not allowed(request.headers, session, fields):
        return _code_form(request, session, wanted, OUT_OF_DATE, 403)
    if refusal := await _no_code(request, session, fields.get("code", "")):
        return _code_form(request, session, wanted, refusal.said, refusal.status)
    response = RedirectResponse(wanted, 303)
    _shown(request, response, session)
    return response


def _shown(request: Request, response: Response, session: Session) -> None:
    """Let this session bear that its person has just shown a second factor."""
    here = console.of(request)
    now = here.now().wall
    left = max(session.ends(here.desk.settings.console.session_h) - now, 0) // 1000
    value = here.sealer.seal(replace(session, factor_at=now))
    set_cookie(request, response, here.sealer.session_cookie, value, left)


async def _not_themselves(request: Request, session: Session, fields: dict[str, str]) -> NotTaken | None:
    """Return why whoever sits here is not taken for the person: a wrong password, or a wrong code."""
    here = console.of(request)
    lane = f"{KNOWN}{session.id}"
    password = fields.get("password", "")[:LONGEST_PASSWORD]

    async def check() -> Person | None:
        return await here.turns.call(lane, here.desk.people.check, session.name, password)

    wrong = "That is not your password."
    person = await here.guessing.tried("password", session.name, lane, request, check, wrong)
    if isinstance(person, NotTaken):
        return person
    return await _no_code(request, session, fields.get("old", "")) if person.has_factor else None


async def _no_code(request: Request, session: Session, code: str) -> NotTaken | None:
    return await right(request, session.name, f"{KNOWN}{session.id}", code)


def _form(
    request: Request, session: Session, secret: str, said: str | None = None, status: int = 200
) -> Response:
    here = console.of(request)
    uri = totp.uri(secret, session.name, here.desk.view.name)
    picture = segno.make(uri, error="m").svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    facts: dict[str, Any] = {
        "page": "account",
        "said": said,
        "picture": Markup(picture),  # noqa: S704 - drawn here, of numbers alone
        "letters": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "sealed": here.sealer.seal_secret(secret, session.id, here.now().wall),
    }
    return rendered(request, session, "second_factor.html", facts, status)


def _code_form(
    request: Request, session: Session, wanted: str, said: str | None = None, status: int = 200
) -> Response:
    facts = {"page": "account", "wanted": wanted, "said": said}
    return rendered(request, session, "account_code.html", facts, status)
