"""Drills on the console: planned and started, watched while they run, ended; and each one's report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config.clock import read_stamp
from config.contract import POSTURES, PostureName, shown
from hub.asking import (
    CancelDrill,
    DrillAction,
    DrillDone,
    EndDrill,
    MakeReal,
    PartOfDrill,
    PlanDrill,
    Refused,
    StartDrill,
)
from hub.console import console
from hub.console.api.drill_query import MAY_BE_DRILLED, text
from hub.console.api.drills import all_drills, drill_json, found
from hub.console.api.errors import ApiError, bad_input
from hub.console.api.query import posture as read_posture
from hub.console.aside import NoAnswerError
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.drill_words import DISPATCH_WORDS, STANDING_WORDS, counts_for, rows_of_report
from hub.console.pages import rendered
from hub.console.session import Session

MINUTES: Final = (5, 10, 15, 20, 30)
USUAL: Final = 15
USUAL_NAME: Final = "lockdown"
SHOWN: Final[tuple[PostureName, ...]] = tuple(name for name in POSTURES if name != "normal")

Read = Callable[[str, str, dict[str, str]], DrillAction]
"""Makes a person's word of a drill's id, the person and the fields of a form."""


async def drills(request: Request, session: Session) -> Response:
    """``/drills``: those that are due, the form for one, and all there were."""
    here = console.of(request)
    settings, view = here.desk.settings, here.desk.view
    missing: str | None = None
    try:
        rows = await all_drills(here)
    except NoAnswerError as error:
        rows, missing = [drill_json(*one) for one in list(view.drills.values())], str(error)
    counts = [(rule.name, rule.names) for rule in settings.drills.due]
    names = dict.fromkeys(name for _, of in counts for name in of)
    facts = {
        "page": "drills",
        "drills": rows,
        "names": names,
        "counts": counts,
        "counts_for": lambda name: counts_for(settings.drills, name),
        "usual_name": USUAL_NAME if not names or USUAL_NAME in names else next(iter(names)),
        "dispatch_words": DISPATCH_WORDS[settings.drills.dispatch],
        "due": view.drills_due,
        "missing": missing,
        "rooms": settings.rooms,
        "buildings": sorted({room.building for room in settings.rooms if room.building}),
        "people": sorted(person.name for person in settings.people.values()),
        "kinds": MAY_BE_DRILLED,
        "postures": SHOWN,
        "minutes": MINUTES,
        "usual": USUAL,
        "at": read_stamp,
    }
    return rendered(request, session, "drills.html", facts)


async def drill(request: Request, session: Session) -> Response:
    """``/drills/{id}``: one drill, as it runs and after it; to be printed, too."""
    here = console.of(request)
    wanted = request.path_params["id"]
    missing: str | None = None
    report: dict[str, Any] | None = None
    try:
        one, report = await found(here, wanted)
    except ApiError:
        raise HTTPException(404) from None
    except NoAnswerError as error:
        known = here.desk.view.drills.get(wanted)
        if known is None:
            raise
        one, missing = drill_json(*known), str(error)
    now = here.now().wall
    facts = {
        "page": "drill",
        "one": one,
        "report": None if report is None else rows_of_report(report, here.words, now),
        "standing": STANDING_WORDS,
        "missing": missing,
        "at": read_stamp,
        "room_name": here.room_name,
    }
    return rendered(request, session, "drill.html", facts)


async def plan(request: Request, session: Session) -> Response:
    """``POST /drills``."""
    here = console.of(request)

    def read(_: str, by: str, fields: dict[str, str]) -> PlanDrill:
        minutes = fields.get("minutes", "")
        if minutes not in {str(number) for number in MINUTES}:
            raise bad_input("minutes: none", *map(str, MINUTES))
        chosen = {kind for kind in MAY_BE_DRILLED if f"kind-{kind}" in fields}
        return PlanDrill(
            name=text(fields, "name"),
            leader=text(fields, "leader", by) if fields.get("leader") else by,
            by=by,
            via="console",
            for_s=int(minutes) * 60,
            start=_start(fields.get("start", ""), here.words.moment(0).tzinfo),
            rooms=_named(fields, "room-"),
            buildings=_named(fields, "building-"),
            kinds=tuple(kind for kind in MAY_BE_DRILLED if kind in chosen) or ("panic",),
            posture=read_posture(fields) if fields.get("posture") else None,
        )

    return await _do(request, session, read)


async def start(request: Request, session: Session) -> Response:
    """``POST /drills/{id}/start``."""
    return await _do(request, session, lambda drill, by, _: StartDrill(drill, by, "console"))


async def end(request: Request, session: Session) -> Response:
    """``POST /drills/{id}/end``."""
    return await _do(request, session, lambda drill, by, _: EndDrill(drill, by, "console"))


async def cancel(request: Request, session: Session) -> Response:
    """``POST /drills/{id}/cancel``."""
    return await _do(request, session, lambda drill, by, _: CancelDrill(drill, by, "console"))


async def real(request: Request, session: Session) -> Response:
    """``POST /drills/{id}/real``: of one press, or of all the drill."""
    return await _do(
        request,
        session,
        lambda drill, by, fields: MakeReal(drill, by, "console", *_press(fields)),
    )


async def part_of_drill(request: Request, session: Session) -> Response:
    """``POST /drills/{id}/part-of-drill``."""
    return await _do(
        request,
        session,
        lambda drill, by, fields: PartOfDrill(drill, by, "console", *_press(fields)),
    )


async def _do(request: Request, session: Session, read: Read) -> Response:
    async def word(fields: dict[str, str]) -> tuple[str, int]:
        action = read(request.path_params.get("id", ""), session.name, fields)
        answer = await console.of(request).ask_for(action, DrillDone)
        return in_words(action, answer), status_of(answer)

    return await take(request, session, word, "the drill")


def in_words(action: DrillAction, answer: DrillDone | Refused) -> str:
    """Return what came of a person's word on a drill."""
    if isinstance(answer, Refused):
        return f"Not done: {answer.detail}"
    number = answer.drill.number
    if isinstance(action, PlanDrill | StartDrill):
        said = f"Drill {number} {'runs' if answer.drill.state == 'running' else 'is planned'}."
        if not answer.leader_told:
            said += (
                f" {shown(answer.drill.leader)} is told of NOTHING: the settings give that name no channel."
            )
    elif isinstance(action, EndDrill):
        said = f"Drill {number} is over: every press is real."
    elif isinstance(action, CancelDrill):
        said = f"Drill {number} is cancelled."
    elif isinstance(action, MakeReal):
        numbers = ", ".join(str(incident.number) for incident in answer.incidents)
        said = f"REAL: incident {numbers}." if numbers else f"Drill {number} is over: every press is real."
    else:
        said = f"Part of drill {number}."
    return said + ("" if answer.recorded else NOT_WRITTEN)


def _press(fields: dict[str, str]) -> tuple[str | None, str | None]:
    return fields.get("device") or None, fields.get("event") or None


def _named(fields: dict[str, str], prefix: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(prefix) for name in fields if name.startswith(prefix))


def _start(value: str, zone: Any) -> int | None:
    """Return a moment as a form gives it, by the school's clock; None is now."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise bad_input(f"start: found {shown(value, 64)!r}", "a date and a time of day") from None
    return round(moment.replace(tzinfo=moment.tzinfo or zone).timestamp() * 1000)
