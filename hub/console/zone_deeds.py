"""What a person does with a zone on the page of devices: bypass it, end that."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.asking import Bypassed, BypassZone, EndBypass, Refused, ZoneAction
from hub.console import console
from hub.console.api import query
from hub.console.api.errors import bad_input
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.session import Session
from hub.console.words import Words

Read = Callable[[str, str, dict[str, str]], ZoneAction]


async def bypass(request: Request, session: Session) -> Response:
    """``POST /devices/{device}/bypass``: a zone, a reason and hours."""
    return await _do(request, session, _bypass)


async def end(request: Request, session: Session) -> Response:
    """``POST /devices/{device}/bypass/end``."""
    return await _do(request, session, _end)


async def _do(request: Request, session: Session, read: Read) -> Response:
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        action = read(request.path_params["device"], session.name, fields)
        answer = await here.ask_for(action, Bypassed)
        return in_words(answer, here.words, here.now().wall), status_of(answer)

    return await take(request, session, word, "the page of devices")


def in_words(answer: Bypassed | Refused, words: Words, now: int) -> str:
    """Return what came of a person's word; a room without a live button first."""
    if isinstance(answer, Refused):
        return f"Not done: {answer.detail}"
    where = f"{shown(answer.zone)} of {shown(answer.device)}"
    said = f"This room has {answer.lifeless}! " if answer.lifeless else ""
    if answer.bypass is None:
        said += f"The bypass of {where} has ended."
    else:
        said += f"{where} is bypassed until {words.when(answer.bypass.until, now)}."
        press = (
            "A press alarms." if answer.bypass.press_alarms else "Once it has read normal, a press alarms."
        )
        said = f"{said} {press}"
    return said + ("" if answer.recorded else NOT_WRITTEN)


def _bypass(device: str, by: str, fields: dict[str, str]) -> BypassZone:
    text = fields.get("hours", "")
    try:
        hours = query.hours({"hours": float(text)})
    except ValueError:
        raise bad_input(f"hours: found {text[:64]!r}", "a number above 0, up to 24") from None
    return BypassZone(device, fields.get("zone", ""), by, "console", query.reason(fields), hours)


def _end(device: str, by: str, fields: dict[str, str]) -> EndBypass:
    return EndBypass(device, fields.get("zone", ""), by, "console")
