"""The page that a message's link opens: it shows the incident, and asks once more before it is in hand.

Looking changes nothing, so that a preview of a message, or a scanner of mail, can't acknowledge.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from config.people_settings import PersonSettings
from hub.asking import Acknowledge
from hub.console import console, pages
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.cards import card
from hub.console.console import NotTakenError
from hub.console.deeds import in_words, status_of
from hub.console.session import from_our_own_pages
from hub.incident import Incident
from hub.links import Link

_ROBOTS: Final = {"X-Robots-Tag": "noindex, nofollow, noarchive"}


class _RefusedError(Exception):
    """A link that opens nothing: why, and the answer's status."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status


async def look(request: Request) -> Response:
    """``GET /go/{token}``."""
    try:
        link, person = _opened(request)
        return await _page(request, link, person)
    except _RefusedError as error:
        return _refused(request, error)


async def answer(request: Request) -> Response:
    """``POST /go/{token}``: the person has in hand what their page showed."""
    here = console.of(request)
    fields = await read_form(request)
    try:
        link, person = _opened(request)
        revision = here.links.shown(fields.get("shown", ""), request.path_params["token"], here.now().wall)
        if revision is None or not from_our_own_pages(request.headers):
            return await _page(request, link, person, "Not done: the page was out of date. Look again.", 403)
        action = Acknowledge(link.incident, person.name, "link", revision)
        try:
            answered = await here.ask(action)
        except NotTakenError as error:
            return await _page(request, link, person, f"Not done: {error}.", 503)
        except NoAnswerError as error:
            said = f"No answer: {error}. It may or may not have been taken: use the radio, and try again."
            return await _page(request, link, person, said, 503)
        return await _page(request, link, person, in_words(action, answered), status_of(answered))
    except _RefusedError as error:
        return _refused(request, error)


def _opened(request: Request) -> tuple[Link, PersonSettings]:
    here = console.of(request)
    link = here.links.open(request.path_params["token"])
    if link is None:
        raise _RefusedError("This link is not whole, or is none of ours.", 404)
    if here.now().wall >= link.ends:
        raise _RefusedError("This link is over: it was good for a day.", 410)
    person = here.desk.settings.people.get(link.person)
    if person is None:
        raise _RefusedError("This link is for somebody who is no longer told.", 410)
    return link, person


async def _page(
    request: Request, link: Link, person: PersonSettings, said: str | None = None, status: int = 200
) -> Response:
    here = console.of(request)
    incident = await _incident(request, link)
    now = here.now().wall
    one = card(incident, here.words, now, here.desk.settings.call_instead(incident.kind))
    token = request.path_params["token"]
    response = pages.plain(
        "answering.html",
        status,
        site=here.desk.view.name,
        person=shown(person.name),
        one=one,
        now=now,
        said=said,
        ok=status == 200,
        form=here.links.seal_form(token, incident.revision, now) if incident.state == "open" else None,
    )
    response.headers.update(_ROBOTS)
    return response


async def _incident(request: Request, link: Link) -> Incident:
    here = console.of(request)
    live = here.desk.view.incidents.get(link.incident)
    if live is not None:
        return live
    try:
        found = await here.aside.call(here.desk.reading.incident, link.incident)
    except NoAnswerError as error:
        raise _RefusedError(f"It can't be said what became of it: {error}.", 503) from error
    if found is None:
        raise _RefusedError("The record has no such incident.", 404)
    return found


def _refused(request: Request, error: _RefusedError) -> Response:
    response = pages.plain(
        "answering_refused.html", error.status, site=console.of(request).desk.view.name, said=str(error)
    )
    response.headers.update(_ROBOTS)
    return response
