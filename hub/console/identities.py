"""The page of identities: who holds which room, which spares wait, and what a person does about them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.asking import Refused
from hub.console import console, upgrading
from hub.console.api import query
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.pages import rendered
from hub.console.session import Session
from hub.enrolment.asking import Assigned, AssignSpare, Revoke, Revoked
from hub.enrolment.listing import current, earlier, open_codes, without_agent

EARLIER: int = 50
"""Of those that were revoked, the latest are shown; all are in the API's list."""


async def page(request: Request, session: Session) -> Response:
    """``/identities``. From memory alone."""
    here = console.of(request)
    view, settings = here.desk.view, here.desk.settings
    found = current(view)
    facts = {
        "page": "devices",
        "rooms": [one for one in found if not one.is_spare],
        "spares": [one for one in found if one.is_spare],
        "earlier": earlier(view)[:EARLIER],
        "codes": open_codes(view, here.now().wall),
        "without": without_agent(view, settings),
        "every_room": [(room.device, room.room) for room in settings.rooms],
        "names": {room.device: room.room for room in settings.rooms},
        "door": settings.enrolment.address,
        "upgrade": upgrading.facts_of(view, settings, here.desk.wheels.release()),
    }
    return rendered(request, session, "identities.html", facts)


async def assign(request: Request, session: Session) -> Response:
    """``POST /identities/{device}/assign``: a spare's room."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        spare, replace = request.path_params["device"], fields.get("replace") == "yes"
        action = AssignSpare(spare, query.device(fields), session.name, "console", replace=replace)
        answer = await here.ask_for(action, Assigned)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        said = (
            f"{shown(spare)} is for {shown(answer.identity.room or '')}: it takes the room in a few seconds."
        )
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the page of identities")


async def revoke(request: Request, session: Session) -> Response:
    """``POST /identities/{device}/revoke``: with why."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        note = query.reason(fields)
        action = Revoke(request.path_params["device"], session.name, "console", note)
        answer = await here.ask_for(action, Revoked)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        said = f"{shown(answer.device)} is revoked: the broker lets it in no more in a second or two."
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the page of identities")
