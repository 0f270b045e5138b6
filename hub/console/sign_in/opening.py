"""Opening a session for somebody who has shown who they are."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from config.contract import shown
from hub.console import console
from hub.console.cookies import set_cookie
from hub.console.session import Session
from hub.console.sign_in.lanes import address_of, know
from hub.store.people import Person
from hub.store.sessions import SignedIn


async def open_session(request: Request, person: Person, wanted: str, factor_at: int) -> Response:
    """Let a person in, and send them to what they wanted."""
    here = console.of(request)
    now, hours = here.now().wall, here.desk.settings.console.session_h
    session = Session(
        person.name,
        person.epoch,
        now,
        secrets.token_urlsafe(24),
        secrets.token_hex(12),
        person.role,
        factor_at,
    )
    address, browser = address_of(request), shown(request.headers.get("user-agent", ""), 256)
    row = SignedIn(session.id, person.name, now, session.ends(hours), address[:64], browser)
    replaced = here.sealer.open(request.cookies.get(here.sealer.session_cookie), now, hours)
    if replaced is not None:
        await here.keeper.end(replaced.id)
    await here.keeper.open(session, person, row)
    how = "by password and code" if factor_at else "by password"
    here.note(
        "signed-in", request, person.name, person.name, f"{person.name} signed in {how}, as {person.role}"
    )
    response = RedirectResponse(wanted, 303)
    set_cookie(request, response, here.sealer.session_cookie, here.sealer.seal(session), int(hours * 3600))
    know(request, response, person.name)
    for cookie in (here.sealer.form_cookie, here.sealer.half_cookie):
        response.delete_cookie(cookie, path="/sign-in")
    return response
