"""The pages that show: the board, devices, incidents, one incident, troubles."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.bypass import LONGEST_H
from hub.console import console, door_pages, known
from hub.console.api.errors import ApiError
from hub.console.api.incidents import found
from hub.console.api.query import REASON_LONGEST
from hub.console.api.query import before as read_before
from hub.console.aside import NoAnswerError
from hub.console.cards import card
from hub.console.pages import rendered
from hub.console.present import page as page_of
from hub.console.present import troubles_now
from hub.console.session import Session
from hub.console.timeline import closing_note
from hub.console.timeline import rows as timeline_rows
from hub.console.walking import MINUTES, walk
from hub.console.zones import zone_faults, zone_lines
from hub.trouble_words import line as trouble_line
from hub.trouble_words import troubles_of
from hub.troubles import happened
from hub.view import Bypass

PAGE = 50


async def board(request: Request, session: Session) -> Response:
    """``/``: open incidents, and what is known. From memory alone: it works while the disk is sick."""
    here = console.of(request)
    desk, now = here.desk, here.now().wall
    lines = known.lines(desk.settings, desk.view, here.words, now, here.ready_since())
    grade, sentence = known.verdict(lines)
    facts: dict[str, Any] = {"page": "board", "lines": lines, "grade": grade, "verdict": sentence}
    facts["buildings"] = door_pages.in_an_alarm(desk.settings, desk.view, now)
    facts["lockdown"] = desk.view.posture.posture == "lockdown" and not desk.view.posture.drill
    return rendered(request, session, "board.html", facts)


async def devices(request: Request, session: Session) -> Response:
    """``/devices``: each device and its zones: those not heard first, then those with a fault."""
    here = console.of(request)
    faults = zone_faults(here.desk.view.troubles.values())
    rows = known.all_devices(here.desk.settings, here.desk.view)
    zones = {device.place.device: zone_lines(device, faults.get(device.place.device, ())) for device in rows}
    bypassed: dict[str, list[Bypass]] = {}
    for bypass in list(here.desk.view.bypasses.values()):
        bypassed.setdefault(bypass.device, []).append(bypass)
    lifeless = {t.device for t in list(here.desk.view.troubles.values()) if t.what == "unprotected"}
    told = {
        device: [trouble_line(each, {}).detail for each in troubles]
        for device, troubles in troubles_of(here.desk.view.troubles.values()).items()
    }
    wrong = {device for device, lines in zones.items() if any(line.wrong for line in lines)} | set(told)
    rows.sort(
        key=lambda device: (
            device.place.device not in lifeless,
            device.standing == "heard",
            device.place.device not in wrong,
        )
    )
    heard = sum(device.standing == "heard" for device in rows)
    now = here.now().wall
    walks = {device.place.device: walk(device, here.desk.view, here.words, now) for device in rows}
    walking = [device for device in rows if walks[device.place.device].test is not None]
    facts = {
        "page": "devices",
        "devices": rows,
        "zones": zones,
        "told": told,
        "wrong": wrong,
        "heard": heard,
        "walks": walks,
        "walking": walking,
        "minutes": MINUTES,
        "bypassed": bypassed,
        "longest_h": LONGEST_H,
        "reason_longest": REASON_LONGEST,
    }
    return rendered(request, session, "devices.html", facts)


async def incidents(request: Request, session: Session) -> Response:
    """``/incidents``: all there were, the newest first, by pages."""
    here = console.of(request)
    try:
        before = read_before(request.query_params)
    except ApiError:
        raise HTTPException(404) from None
    missing: str | None = None
    try:
        recorded = await here.aside.call(here.desk.reading.incidents, (), PAGE + 1, before)
    except NoAnswerError as error:
        recorded, missing = [], str(error)
    shown, following = page_of(recorded, here.desk.view.unresolved(), (), before, PAGE)
    now = here.now().wall
    facts = {
        "page": "incidents",
        "history": [card(incident, here.words, now) for incident in shown],
        "following": following,
        "before": before,
        "missing": missing,
    }
    return rendered(request, session, "incidents.html", facts)


async def incident(request: Request, session: Session) -> Response:
    """``/incidents/{id}``: one incident and everything that was recorded of it."""
    here = console.of(request)
    wanted = request.path_params["id"]
    timeline: list[dict[str, Any]] = []
    missing: str | None = None
    try:
        one, timeline = await found(here, wanted)
    except NoAnswerError as error:
        one, missing = here.desk.view.incidents.get(wanted), str(error)
        if one is None:
            raise
    if one is None:
        raise HTTPException(404)
    now = here.now().wall
    rooms = {room.place.device: shown(room.place.room) for room in one.rooms}
    call = here.desk.settings.call_instead(one.kind)
    said = here.desk.view.progress.get(one.id, ()) if one.state != "resolved" else ()
    facts = {
        "page": "incident",
        "one": replace(card(one, here.words, now, call, said), note=closing_note(timeline)),
        "timeline": timeline_rows(timeline, here.words, now, rooms),
        "missing": missing,
    }
    return rendered(request, session, "incident.html", facts)


async def troubles(request: Request, session: Session) -> Response:
    """``/troubles``: what is not as it should be, and what was not."""
    here = console.of(request)
    desk = here.desk
    missing: str | None = None
    try:
        recorded = await here.aside.call(desk.reading.troubles)
    except NoAnswerError as error:
        recorded, missing = [], str(error)
    rows = troubles_now(recorded, list(desk.view.troubles.values()))
    devices = {device.place.device: device for device in known.all_devices(desk.settings, desk.view)}
    lines = [trouble_line(trouble, devices) for trouble in rows]
    facts: dict[str, Any] = {"page": "troubles", "lines": lines, "missing": missing}
    facts["clearable"] = {row.key for row in rows if row.restored is None and happened(row.key)}
    facts |= {"backs_up": desk.settings.backup.to is not None, "backup_at": desk.view.backup_at}
    return rendered(request, session, "troubles.html", facts)
