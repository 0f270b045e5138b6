"""What a person does on a page: acknowledge, resolve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.asking import Acknowledge, Answer, Confirm, Done, IncidentAction, Note, Refused, Resolve
from hub.console import console
from hub.console.api import query
from hub.console.api.errors import ApiError
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.cards import DISPOSITION_WORDS
from hub.console.console import NotTakenError
from hub.console.pages import by_script, told
from hub.console.posture_words import still_holds
from hub.console.session import Session, allowed


async def acknowledge(request: Request, session: Session) -> Response:
    """``POST /incidents/{id}/acknowledge``, with the revision that was on the screen."""
    return await _do(request, session, _acknowledge)


async def resolve(request: Request, session: Session) -> Response:
    """``POST /incidents/{id}/resolve``."""
    return await _do(request, session, _resolve)


async def note(request: Request, session: Session) -> Response:
    """``POST /incidents/{id}/notes``."""
    return await _do(request, session, _note)


async def confirm(request: Request, session: Session) -> Response:
    """``POST /incidents/{id}/confirm``."""
    return await _do(request, session, lambda incident, by, _: Confirm(incident, by, "console"))


def _note(incident: str, by: str, fields: dict[str, str]) -> Note:
    return Note(incident, by, "console", query.note_needed(fields))


def _acknowledge(incident: str, by: str, fields: dict[str, str]) -> Acknowledge:
    return Acknowledge(incident, by, "console", revision=_revision(fields), note=query.note(fields))


def _resolve(incident: str, by: str, fields: dict[str, str]) -> Resolve:
    disposition, note = query.disposition(fields), query.note(fields)
    return Resolve(incident, by, "console", disposition, note=note, revision=_revision(fields))


def _revision(fields: dict[str, str]) -> int | None:
    text = fields.get("revision", "")
    return query.revision({"revision": int(text) if text.isascii() and text.isdigit() else text})


async def _do(
    request: Request,
    session: Session,
    read: Callable[[str, str, dict[str, str]], IncidentAction],
) -> Response:
    async def word(fields: dict[str, str]) -> tuple[str, int]:
        action = read(request.path_params["id"], session.name, fields)
        answer = await console.of(request).ask(action)
        said = in_words(action, answer)
        if isinstance(action, Resolve) and isinstance(answer, Done):
            said += still_holds(console.of(request).desk.view.posture)
        return said, status_of(answer)

    return await take(request, session, word, "the incident")


class AskedAgainError(Exception):
    """A word that is done only once it is said a second time, on a page that says what it gives up."""

    def __init__(self, said: str, page: str) -> None:
        super().__init__(said)
        self.page = page


Word = Callable[[dict[str, str]], Awaitable[tuple[str, int]]]
"""Does what a form asks, and returns what came of it in words, with the answer's status."""


async def take(request: Request, session: Session, word: Word, where: str) -> Response:
    """Take a form of a page of ours; ``where`` to look when nobody knows what came of it."""
    fields = await read_form(request)
    if not allowed(request.headers, session, fields):
        return _said(request, session, "Not done: this page is out of date. Load it again.", 403)
    try:
        said, status = await word(fields)
    except AskedAgainError as error:
        if by_script(request):
            return JSONResponse({"ok": False, "said": str(error), "ask": error.page}, 409)
        return RedirectResponse(error.page, 303)
    except ApiError as error:
        said, status = f"Not done: {error.detail}", error.status
    except NotTakenError as error:
        said, status = f"Not done: {error}.", 503
    except NoAnswerError as error:
        said = f"No answer: {error}. It may or may not have been taken: look at {where}, and try again."
        status = 503
    return _said(request, session, said, status)


def status_of(answer: Answer) -> int:
    """Return an answer's HTTP status."""
    if isinstance(answer, Refused):
        return {"not-found": 404, "bad-input": 422}.get(answer.error, 409)
    return 200


def in_words(action: IncidentAction, answer: Done | Refused) -> str:
    """Return what came of a person's word."""
    if isinstance(answer, Refused):
        return f"Not done: {answer.detail}"
    number = answer.incident.number
    if isinstance(action, Note):
        said = f"Noted in incident {number}."
    elif isinstance(action, Confirm):
        said = f"Incident {number} is confirmed."
    elif isinstance(action, Resolve):
        said = f"Incident {number} is resolved: {DISPOSITION_WORDS[action.disposition].lower()}."
    elif answer.open_rooms:
        rooms = ", ".join(room.place.room for room in answer.open_rooms)
        said = f"Incident {number} stays open. Pressed since your screen showed it: {rooms}."
    else:
        said = f"Incident {number} is in hand."
    return said + ("" if answer.recorded else NOT_WRITTEN)


NOT_WRITTEN: Final = " It holds, but it is NOT YET WRITTEN DOWN: the hub's disk does not answer."


def _said(request: Request, session: Session, said: str, status: int) -> Response:
    if by_script(request):
        return JSONResponse({"ok": status == 200, "said": said}, status)
    return told(request, session, said, status)
