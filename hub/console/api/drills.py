"""Drills over the API: planned, started, ended, made real; and what came of each."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from config.clock import stamp
from hub.asking import (
    CancelDrill,
    DrillAction,
    DrillDone,
    EndDrill,
    MakeReal,
    PartOfDrill,
    PlanDrill,
    StartDrill,
)
from hub.console import console
from hub.console.api import drill_query, query
from hub.console.api.asked import asked, body_of
from hub.console.api.errors import ApiError
from hub.console.console import Console
from hub.drill import Drill, DrillPress
from hub.drill_record import name_of
from hub.drill_report import incidents_of, report
from hub.drills_due import Due
from hub.notice import incident_json
from hub.store.tokens import Token


async def drills(request: Request, _: Token) -> Response:
    """``GET drills``: the highest number first; and which are due by the rules of the settings."""
    here = console.of(request)
    view = here.desk.view
    return JSONResponse({"drills": await all_drills(here), "due": [due_json(one) for one in view.drills_due]})


async def drill(request: Request, _: Token) -> Response:
    """``GET drills/{id}``: with its report."""
    drill, of = await found(console.of(request), request.path_params["id"])
    return JSONResponse({"drill": drill, "report": of})


async def plan_drill(request: Request, token: Token) -> Response:
    """``POST drills``: without ``start`` it begins now."""
    body = await body_of(request)
    action = PlanDrill(
        name=drill_query.text(body, "name"),
        leader=drill_query.text(body, "leader", token.name),
        by=token.name,
        via="api",
        for_s=query.for_s(body),
        start=drill_query.start(body),
        rooms=drill_query.names(body, "rooms"),
        buildings=drill_query.names(body, "buildings"),
        kinds=drill_query.kinds(body),
        posture=query.posture(body) if body.get("posture") is not None else None,
    )
    return await _asked(request, action)


async def start_drill(request: Request, token: Token) -> Response:
    """``POST drills/{id}/start``: a planned one, now."""
    return await _asked(request, StartDrill(request.path_params["id"], token.name, "api"))


async def end_drill(request: Request, token: Token) -> Response:
    """``POST drills/{id}/end``."""
    return await _asked(request, EndDrill(request.path_params["id"], token.name, "api"))


async def cancel_drill(request: Request, token: Token) -> Response:
    """``POST drills/{id}/cancel``."""
    return await _asked(request, CancelDrill(request.path_params["id"], token.name, "api"))


async def make_real(request: Request, token: Token) -> Response:
    """``POST drills/{id}/real``: one press, or without ``device`` all of the drill."""
    device, event = drill_query.press(await body_of(request))
    return await _asked(request, MakeReal(request.path_params["id"], token.name, "api", device, event))


async def part_of_drill(request: Request, token: Token) -> Response:
    """``POST drills/{id}/part-of-drill``."""
    device, event = drill_query.press(await body_of(request))
    return await _asked(request, PartOfDrill(request.path_params["id"], token.name, "api", device, event))


async def _asked(request: Request, action: DrillAction) -> Response:
    view = console.of(request).desk.view

    def done(answer: DrillDone) -> dict[str, Any]:
        presses = view.drills.get(answer.drill.id, (answer.drill, ()))[1]
        incidents = [incident_json(incident) for incident in answer.incidents]
        drill = drill_json(answer.drill, presses)
        return {"drill": drill, "incidents": incidents, "leader_told": answer.leader_told}

    return await asked(request, action, DrillDone, done)


async def all_drills(here: Console) -> list[dict[str, Any]]:
    """Return every drill, the highest number first: those in memory, and older ones from the record."""
    known = {int(name): drill_json(*one) for name, one in list(here.desk.view.drills.items())}
    if known:
        for row in await here.aside.call(here.desk.reading.drills, max(known)):
            known.setdefault(int(row["detail"]["drill"]), _from_record(row))
    return [known[number] for number in sorted(known, reverse=True)]


async def found(here: Console, drill_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a drill and its report; raise the 404 where there is none."""
    reading = here.desk.reading
    rows = await here.aside.call(reading.rows_of, name_of(drill_id))
    known = here.desk.view.drills.get(drill_id)
    if known is None and not rows:
        raise ApiError(404, "not-found", f"no drill {drill_id[:64]!r}")
    incidents = {name: await here.aside.call(reading.timeline, name) for name in incidents_of(rows)}
    begun = next((row["seq"] for row in rows if row["what"] == "drill"), None)
    ended = next((row["seq"] for row in rows if row["what"] == "drill-ended"), None)
    # Its end's own posture is the row after it.
    last = 2**53 if ended is None else ended + POSTURE_WITHIN
    postures = [] if begun is None else await here.aside.call(reading.postures, begun, last)
    if known is not None:
        drill = drill_json(*known)
    else:
        drill = _from_record(next(row for row in reversed(rows) if row["what"] in OVER))
    of = report(rows, incidents, postures)
    for room in of["rooms"]:
        room["room"] = here.room_name(room["device"])
    return drill, of


OVER = ("drill-ended", "drill-cancelled")
"""Rows with which a drill is over."""
POSTURE_WITHIN = 2
"""Rows after the one that ends a drill in which its posture goes back."""


def drill_json(drill: Drill, presses: tuple[DrillPress, ...]) -> dict[str, Any]:
    """Return a drill as the API shows it."""
    return {
        "id": drill.id,
        "number": drill.number,
        "name": drill.name,
        "state": drill.state,
        "leader": drill.leader,
        "by": drill.by,
        "via": drill.via,
        "planned": stamp(drill.planned),
        "start": stamp(drill.start),
        "until": stamp(drill.until),
        "ended": _maybe(drill.ended),
        "ended_by": drill.ended_by,
        "why": drill.why,
        "rooms": list(drill.rooms),
        "buildings": list(drill.buildings),
        "kinds": list(drill.kinds),
        "posture": drill.posture,
        "counts": drill.counts,
        "real_from": _maybe(drill.real_from),
        "why_real": drill.why_real,
        "incidents": list(drill.incidents),
        "presses": [_press(press) for press in presses],
    }


def due_json(one: Due) -> dict[str, Any]:
    """Return how a rule by which drills are due stands."""
    return {
        "name": one.name,
        "wanted": one.wanted,
        "held": one.held,
        "by": _maybe(one.by),
        "overdue_since": _maybe(one.overdue_since),
        "last": _maybe(one.last),
        "unsure_by": _maybe(one.unsure_by),
    }


def _press(press: DrillPress) -> dict[str, Any]:
    said = press.press
    return {
        "device": said.place.device,
        "room": said.place.room,
        "zone": said.zone,
        "label": said.label,
        "kind": said.kind,
        "event": said.id,
        "at": stamp(said.at),
        "received_at": stamp(said.received_at),
        "standing": press.standing,
        "expected": press.standing in ("expected", "part-of-drill"),
        "due": _maybe(press.due) if press.waits else None,
        "by": press.by,
        "via": press.via,
        "answered_at": _maybe(press.at),
        "incident": press.incident,
        "real_incident": press.real,
    }


def _from_record(row: dict[str, Any]) -> dict[str, Any]:
    """Return an old drill as its last row has it."""
    detail = row["detail"]
    cancelled = row["what"] == "drill-cancelled"
    return {
        "id": detail["drill"],
        "number": int(detail["drill"]),
        "name": detail["name"],
        "state": "cancelled" if cancelled else "ended",
        "leader": detail["leader"],
        "by": detail["planned_by"],
        "via": detail["planned_via"],
        "planned": detail["planned"],
        "start": detail["start"],
        "until": detail["until"],
        "ended": detail["ended"] or row["at"],
        "ended_by": detail.get("by"),
        "why": row["reason"],
        "rooms": detail["rooms"],
        "buildings": detail["buildings"],
        "kinds": detail["kinds"],
        "posture": detail["posture"],
        "counts": detail.get("counts", False),
        "real_from": detail["real_from"],
        "why_real": detail["why_real"],
        "incidents": detail["incidents"],
        "presses": [],
    }


def _maybe(wall: int | None) -> str | None:
    return None if wall is None else stamp(wall)
