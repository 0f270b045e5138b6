"""What a phone's service worker asks for once it is back: the calls of its person that nobody has in hand."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.channel_settings import PushSettings
from hub.console import console
from hub.console.aside import NoAnswerError
from hub.console.body import read_body
from hub.delivery import Delivery
from hub.links import Invitations
from hub.store.phones import Phone
from hub.webpush.message import told_of


class _Asked(msgspec.Struct, frozen=True):
    """A phone, as it names itself: by what its browser, the push service and the hub know, and what the first
    and the last know alone."""

    endpoint: str
    auth: str


async def missed(request: Request) -> Response:
    """``POST /push/missed``: the newest notice to this phone's person of each open call; changes nothing."""
    here = console.of(request)
    try:
        asked = msgspec.json.decode(await read_body(request), type=_Asked)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return JSONResponse({"error": "bad-input"}, 422)
    phone = here.desk.phones.by_secret(asked.endpoint, asked.auth)
    if phone is None:
        return JSONResponse({"error": "not-found"}, 404)
    settings = here.desk.settings
    invitations = Invitations(here.links, settings)
    found: list[dict[str, Any]] = []
    try:
        for incident in here.desk.view.unresolved():
            if incident.state == "open":
                last = await _last(request, incident.id, phone)
                if last is not None:
                    found.append(told_of(last, settings.timezone, invitations.path(last)))
    except NoAnswerError:
        return JSONResponse({"error": "sick"}, 503)
    return JSONResponse(found)


async def _last(request: Request, incident: str, phone: Phone) -> Delivery | None:
    """Return the newest notice of an incident to the phone's person, whatever became of it."""
    here = console.of(request)
    channels = [name for name, one in here.desk.settings.channels.items() if isinstance(one, PushSettings)]
    found: list[Delivery] = []
    for channel in channels:
        found += await here.aside.call(here.desk.reading.told, channel, incident)
    mine = [one for one in found if one.target.name == phone.person]
    return max(mine, key=lambda one: (one.revision, one.owed_at), default=None)
