"""A person's second factor: set up, taken away, and shown again where something asks for it."""

from __future__ import annotations

import math
from typing import Any, Final

import segno
from markupsafe import Markup
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console import console
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.cookies import set_cookie
from hub.console.pages import rendered
from hub.console.session import Session, allowed, local_path
from hub.console.sign_in import totp
from hub.console.sign_in.lanes import KNOWN
from hub.console.visit import visit_of

OUT_OF_DATE: Final = "This page had been open for too long. Please try again."
ELSEWHERE: Final = "Set it up on the school's own network: out here a password alone is not enough."


async def page(request: Request, session: Session) -> Response:
    """``GET /account/second-factor``: a new secret, as a picture and in letters."""
    if not session.has_factor and visit_of(request).is_outside:
        return _refused(request, session, ELSEWHERE, 403)
    return _form(request, session, totp.new_secret())


async def set_up(request: Request, session: Session) -> Response:
    """``POST /account/second-factor``: with the password, a code of the new secret, and one of the old."""
    here = console.of(request)
    fields = await read_form(request)
    secret = here.sealer.open_secret(fields.get("secret"), session.id, here.now().wall)
    if not allowed(request.headers, session, fields) or secret is None:
        return _form(request, session, totp.new_secret(), OUT_OF_DATE, 403)
    if not session.has_factor and visit_of(request).is_outside:
        return _refused(request, session, ELSEWHERE, 403)
    if refusal := await _not_themselves(request, session, fields):
        return _form(request, session, secret, *refusal)
    now = here.now().wall
    step = totp.step_of(secret, fields.get("code", "")[:64], now)
    if step is None:
        said = "That is not the code of this picture now. Is the clock of your phone right?"
        return _form(request, session, secret, said, 401)
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
    fields = await read_form(request)
    if not allowed(request.headers, session, fields):
        return _refused(request, session, OUT_OF_DATE, 403)
    if session.role in here.desk.settings.console.second_factor:
        return _refused(request, session, f"The role {session.role} asks for a second factor.", 409)
    if refusal := await _not_themselves(request, session, fields):
        return _refused(request, session, *refusal)
    await here.aside.call(here.desk.people.remove_factor, session.name)
    here.note("account-changed", request, session.name, session.name, "second factor removed")
    facts = {"page": "", "said": "You sign in by your password alone now.", "ok": True}
    return rendered(request, session, "said.html", facts)


async def ask(request: Request, session: Session) -> Response:
    """``GET /account/code``: the code, for what asks for one that was shown lately."""
    return _code_form(request, session, local_path(request.query_params.get("next")))


async def show(request: Request, session: Session) -> Response:
    """``POST /account/code``."""
    fields = await read_form(request)
    wanted = local_path(fields.get("next"))
    if not allowed(request.headers, session, fields):
        return _code_form(request, session, wanted, OUT_OF_DATE, 403)
    refusal = await _no_code(request, session, fields.get("code", ""))
    if refusal is not None:
        return _code_form(request, session, wanted, *refusal)
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


async def _not_themselves(
    request: Request, session: Session, fields: dict[str, str]
) -> tuple[str, int] | None:
    """Return why whoever sits here is not taken for the person: a wrong password, or a wrong code."""
    here = console.of(request)
    lane = f"{KNOWN}{session.id}"
    wait = here.attempts.wait_s(session.name, lane, here.now().mono)
    if wait > 0:
        return f"Too many wrong ones. Try again in {math.ceil(wait)} s.", 429
    try:
        person = await here.turns.call(
            lane, here.desk.people.check, session.name, fields.get("password", "")[:1024]
        )
    except NoAnswerError as error:
        return f"The password can't be checked now: {error}.", 503
    if person is None:
        times = here.attempts.failed(session.name, lane, here.now().mono)
        await here.guessing.wrong("password", session.name, times, request)
        return "That is not your password.", 401
    here.attempts.passed(session.name, lane)
    return await _no_code(request, session, fields.get("old", "")) if person.has_factor else None


async def _no_code(request: Request, session: Session, code: str) -> tuple[str, int] | None:
    """Return why a code is not taken; None where it is."""
    here = console.of(request)
    lane = f"code {KNOWN}{session.id}"
    wait = here.attempts.wait_s(session.name, lane, here.now().mono)
    if wait > 0:
        return f"Too many wrong codes. Try again in {math.ceil(wait)} s.", 429
    try:
        is_good = await here.codes.take(session.name, code[:64])
    except NoAnswerError as error:
        return f"The code can't be checked now: {error}.", 503
    if not is_good:
        times = here.attempts.failed(session.name, lane, here.now().mono)
        await here.guessing.wrong("code", session.name, times, request)
        return "That code is not right, or was used already.", 401
    here.attempts.passed(session.name, lane)
    return None


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


def _refused(request: Request, session: Session, said: str, status: int) -> Response:
    return rendered(
        request, session, "said.html", {"page": "", "said": f"Not done: {said}", "ok": False}, status
    )
