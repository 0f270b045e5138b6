"""Signing in and out."""

from __future__ import annotations

import math
import secrets
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from config import logs
from hub.console import console, pages
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.console import Console
from hub.console.session import Session, from_our_own_pages, local_path, same
from hub.store.people import Person

WAITING_MOST: Final = 40
"""Sign-ins that wait for their turn at argon2: about a second's worth."""

_log = logs.get(part="console")


async def form(request: Request) -> Response:
    """``GET /sign-in``."""
    wanted = local_path(request.query_params.get("next"))
    if await console.of(request).keeper.session(request) is not None:
        return RedirectResponse(wanted, 303)
    return _form(request, wanted)


async def sign_in(request: Request) -> Response:
    """``POST /sign-in``."""
    here = console.of(request)
    fields = await read_form(request)
    name, wanted = fields.get("name", "").strip()[:128], local_path(fields.get("next"))
    cookie = request.cookies.get(here.sealer.form_cookie)
    if not from_our_own_pages(request.headers):
        return _form(request, wanted, name, "That form did not come from this page.", 403)
    if not here.sealer.form_holds(cookie, fields.get("csrf", ""), here.now().wall):
        return _form(request, wanted, name, "This page had been open for too long. Please try again.", 403)
    address = request.client.host if request.client else "-"
    wait = here.attempts.wait_s(name, address, here.now().mono)
    if wait > 0:
        said = f"Too many wrong passwords. Try again in {math.ceil(wait)} s."
        return _form(request, wanted, name, said, 429, {"Retry-After": str(math.ceil(wait))})
    try:
        person = await _checked(here, name, fields.get("password", ""))
    except NoAnswerError as error:
        return _form(request, wanted, name, f"The password can't be checked now: {error}.", 503)
    if person is None:
        here.attempts.failed(name, address, here.now().mono)
        _log.warning("sign-in refused", person=name, address=address)
        return _form(request, wanted, name, "That name and password don't belong together.", 401)
    here.attempts.passed(name, address)
    _log.info("signed in", person=name, address=address)
    session = Session(person.name, person.epoch, here.now().wall, secrets.token_urlsafe(24))
    response = RedirectResponse(wanted, 303)
    hours = here.desk.settings.console.session_h
    _set(request, response, here.sealer.session_cookie, here.sealer.seal(session), int(hours * 3600))
    response.delete_cookie(here.sealer.form_cookie, path="/sign-in")
    return response


async def sign_out(request: Request) -> Response:
    """``POST /sign-out``."""
    here = console.of(request)
    session = await here.keeper.session(request)
    fields = await read_form(request)
    if session is not None and not allowed(request, session, fields):
        return RedirectResponse("/", 303)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(here.sealer.session_cookie, path="/")
    return response


def allowed(request: Request, session: Session, fields: dict[str, str]) -> bool:
    """Tell whether a form was sent from our own page, by the person whose session it is."""
    return from_our_own_pages(request.headers) and same(session.csrf, fields.get("csrf", ""))


async def _checked(here: Console, name: str, password: str) -> Person | None:
    if here.waiting_to_sign_in >= WAITING_MOST:
        raise NoAnswerError("too many people are signing in")
    here.waiting_to_sign_in += 1
    try:
        async with here.checking:
            return await here.aside.call(here.desk.people.check, name, password[:1024])
    finally:
        here.waiting_to_sign_in -= 1


def _form(
    request: Request,
    wanted: str,
    name: str = "",
    said: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    here = console.of(request)
    token, cookie = here.sealer.new_form(here.now().wall)
    facts: dict[str, Any] = {"site": here.desk.view.name, "csrf": token, "wanted": wanted}
    response = pages.plain("sign_in.html", status, name=name, said=said, **facts)
    response.headers.update(headers or {})
    _set(request, response, here.sealer.form_cookie, cookie, 12 * 3600, path="/sign-in")
    return response


def _set(request: Request, response: Response, name: str, value: str, age_s: int, path: str = "/") -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, age_s, path=path, secure=secure, httponly=True, samesite="strict")
