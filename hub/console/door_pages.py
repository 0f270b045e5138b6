"""The pages of doors: which are not closed, by building; and each week of the exterior ones, to be signed."""

from __future__ import annotations

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from config.hub_settings import HubSettings
from hub.asking import DoorWeekSigned, Refused, SignDoorWeek
from hub.console import console
from hub.console.api import query
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.known import Building, all_doors, not_closed
from hub.console.pages import rendered
from hub.console.session import Session
from hub.console.words import Words, age
from hub.door_week import DoorCount, DoorWeek
from hub.view import View


class Week(Struct, frozen=True):
    """A week as a page shows it."""

    name: str
    days: str
    signed: str
    """By whom, or that nobody has signed it as it is now."""
    is_signed: bool
    exceptions: int
    """Doors of which something is to be explained."""


class Row(Struct, frozen=True):
    """A door in a week, in words."""

    door: DoorCount
    longest: str
    unknown: str
    exceptions: str


async def doors(request: Request, session: Session) -> Response:
    """``/doors``: those that are not closed first, by building; then all; then the weeks."""
    here = console.of(request)
    view, now = here.desk.view, here.now().wall
    rows = all_doors(here.desk.settings, view, now)
    order = {"open": 0, "unknown": 1, "closed": 2}
    rows.sort(key=lambda door: order.get(door.state, 1) if door.live else 1)
    weeks = sorted(view.door_weeks.values(), key=lambda one: -one.first)
    facts = {
        "page": "doors",
        "doors": rows,
        "buildings": not_closed(rows),
        "weeks": [_week(one, here.words, now) for one in weeks],
        "running": _rows(tuple(dict(view.door_counts).values())),
    }
    return rendered(request, session, "doors.html", facts)


async def week(request: Request, session: Session) -> Response:
    """``/doors/weeks/{week}``: one week, to be read, printed and signed."""
    here = console.of(request)
    found = here.desk.view.door_weeks.get(request.path_params["week"])
    if found is None:
        raise HTTPException(404)
    now = here.now().wall
    signatures = [
        f"{shown(one.by)}, {here.words.when(one.at, now)}, version {one.version}: "
        f"{one.exceptions or 'no word on the exceptions'}"
        for one in reversed(found.signatures)
    ]
    facts = {
        "page": "doors",
        "week": _week(found, here.words, now),
        "edition": found.version,
        "rows": _rows(found.doors),
        "signatures": signatures,
        "must_say": found.must_be_explained,
    }
    return rendered(request, session, "door_week.html", facts)


async def sign(request: Request, session: Session) -> Response:
    """``POST /doors/weeks/{week}/sign``."""
    name = request.path_params["week"]

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        shown_it = fields.get("version", "")
        version = int(shown_it) if shown_it.isdecimal() and len(shown_it) < 10 else None
        action = SignDoorWeek(name, session.name, "console", query.exceptions(fields), version)
        answer = await console.of(request).ask_for(action, DoorWeekSigned)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        return f"Week {name} is signed." + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the page of doors")


def in_an_alarm(settings: HubSettings, view: View, now: int) -> list[Building]:
    """Return the buildings for the board while there is a call, or a real posture; else none."""
    calls = any(one.kind != "door" for one in list(view.incidents.values()))
    real = view.posture.posture in ("secure", "lockdown") and not view.posture.drill
    return not_closed(all_doors(settings, view, now)) if calls or real else []


def _week(one: DoorWeek, words: Words, now: int) -> Week:
    last = next((s for s in reversed(one.signatures) if s.version == one.version), None)
    if last is not None:
        signed = f"signed by {shown(last.by)}, {words.day(last.at, now)}"
    elif one.signatures:
        signed = "corrected since it was signed"
    else:
        signed = "not signed"
    days = f"{words.day(one.first, now)} to {words.day(one.last - 1, now)}"
    return Week(one.week, days, signed, last is not None, sum(bool(door.exceptions) for door in one.doors))


def _rows(doors: tuple[DoorCount, ...]) -> list[Row]:
    ordered = sorted(doors, key=lambda one: (one.building or "", one.name))
    return [
        Row(
            one,
            age(one.longest_ms) if one.longest_ms else "",
            age(one.unknown_ms) if one.unknown_ms else "",
            "; ".join(one.exceptions),
        )
        for one in ordered
    ]
