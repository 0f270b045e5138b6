"""The second step of signing in: a one-time code, or one of the codes on paper."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from hub.console import console, pages
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.cookies import set_cookie
from hub.console.session import HALF_MS, Half, from_our_own_pages, local_path, same
from hub.console.sign_in import opening, page
from hub.console.sign_in.guessing import NotTaken
from hub.console.sign_in.lanes import lane_of
from hub.store.people import Person


def ask(request: Request, person: Person, wanted: str) -> Response:
    """Ask somebody who has shown their password for a code."""
    here = console.of(request)
    half = Half(person.name, person.epoch, secrets.token_urlsafe(24))
    response = _form(request, half, wanted)
    value = here.sealer.seal_half(half, here.now().wall)
    set_cookie(request, response, here.sealer.half_cookie, value, HALF_MS // 1000, path="/sign-in")
    return response


async def take(request: Request) -> Response:
    """``POST /sign-in/code``."""
    here = console.of(request)
    fields = await read_form(request)
    wanted = local_path(fields.get("next"))
    half = here.sealer.open_half(request.cookies.get(here.sealer.half_cookie), here.now().wall)
    is_ours = from_our_own_pages(request.headers) and half is not None
    if half is None or not is_ours or not same(half.csrf, fields.get("csrf", "")):
        return page.shown(request, wanted, "", "Please begin again with your password.", 403)
    try:
        person = await here.aside.call(here.desk.people.person, half.name)
    except NoAnswerError as error:
        return _form(request, half, wanted, f"The code can't be checked now: {error}.", 503)
    if person is None or person.epoch != half.epoch:
        return page.shown(request, wanted, "", "Please begin again with your password.", 403)
    refusal = await right(request, half.name, lane_of(request, half.name), fields.get("code", ""))
    if refusal is not None:
        return _form(request, half, wanted, refusal.said, refusal.status, refusal.headers)
    return await opening.open_session(request, person, wanted, factor_at=here.now().wall)


async def right(request: Request, name: str, lane: str, code: str) -> NotTaken | None:
    """Take a person's code; returns why it is not taken, None where it is."""
    here = console.of(request)

    async def check() -> bool:
        return await here.codes.take(name, code[:64])

    wrong = "That code is not right, or was used already."
    taken = await here.guessing.tried("code", name, lane, request, check, wrong)
    return taken if isinstance(taken, NotTaken) else None


def _form(
    request: Request,
    half: Half,
    wanted: str,
    said: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    here = console.of(request)
    facts = {"site": here.desk.view.name, "csrf": half.csrf, "wanted": wanted, "name": half.name}
    response = pages.plain("sign_in_code.html", status, said=said, **facts)
    response.headers.update(headers or {})
    return response
