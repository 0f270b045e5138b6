"""Incidents over the API: read, acknowledged and resolved."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.asking import Acknowledge, Confirm, IncidentAction, Note, Refused, Resolve
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import body_of, refused
from hub.console.api.errors import not_found
from hub.console.aside import NoAnswerError
from hub.console.console import Console
from hub.console.present import in_memory_alone, newest, page
from hub.incident import Incident
from hub.notice import incident_json
from hub.store.tokens import Token


async def many(request: Request, _: Token) -> Response:
    """``GET incidents``. Unresolved ones alone are answered from memory, with no disk in the way."""
    here = console.of(request)
    states, before = query.states(request.query_params), query.before(request.query_params)
    limit = query.limit(request.query_params)
    recorded: list[Incident] = []
    if not in_memory_alone(states):
        recorded = await here.aside.call(here.desk.reading.incidents, states, limit + 1, before)
    shown, following = page(recorded, here.desk.view.unresolved(), states, before, limit)
    return JSONResponse({"incidents": [incident_json(incident) for incident in shown], "next": following})


async def one(request: Request, _: Token) -> Response:
    """``GET incidents/{id}``. While the disk is sick: an unresolved one, without its timeline."""
    here = console.of(request)
    wanted = request.path_params["id"]
    body: dict[str, Any]
    try:
        incident, timeline = await found(here, wanted)
        body = {"timeline": timeline}
    except NoAnswerError as error:
        incident = here.desk.view.incidents.get(wanted)
        if incident is None:
            raise
        body = {"timeline": [], "timeline_missing": str(error)}
    if incident is None:
        raise not_found(f"no incident {wanted[:128]!r}")
    return JSONResponse({"incident": incident_json(incident), **body})


async def found(here: Console, wanted: str) -> tuple[Incident | None, list[dict[str, Any]]]:
    """Return an incident as it is now, with its timeline; raise :class:`NoAnswerError` with the disk."""
    reading = here.desk.reading
    incident = newest(await here.aside.call(reading.incident, wanted), here.desk.view.incidents.get(wanted))
    timeline = [] if incident is None else await here.aside.call(reading.timeline, wanted)
    return incident, timeline


async def acknowledge(request: Request, token: Token) -> Response:
    """``POST incidents/{id}/acknowledge``."""
    body = await body_of(request)
    revision, note = query.revision(body), query.note(body)
    return await _asked(
        request, Acknowledge(request.path_params["id"], token.name, "api", revision=revision, note=note)
    )


async def resolve(request: Request, token: Token) -> Response:
    """``POST incidents/{id}/resolve``."""
    body = await body_of(request)
    disposition, note, revision = query.disposition(body), query.note(body), query.revision(body)
    wanted = request.path_params["id"]
    return await _asked(
        request, Resolve(wanted, token.name, "api", disposition, note=note, revision=revision)
    )


async def note(request: Request, token: Token) -> Response:
    """``POST incidents/{id}/notes``."""
    text = query.note_needed(await body_of(request))
    return await _asked(request, Note(request.path_params["id"], token.name, "api", text))


async def confirm(request: Request, token: Token) -> Response:
    """``POST incidents/{id}/confirm``."""
    text = query.note(await body_of(request))
    return await _asked(request, Confirm(request.path_params["id"], token.name, "api", text))


async def _asked(request: Request, action: IncidentAction) -> Response:
    """Answer with the incident, both as ``incident`` and by its own fields."""
    answer = await console.of(request).ask(action)
    if isinstance(answer, Refused):
        raise refused(answer)
    incident = incident_json(answer.incident)
    body: dict[str, Any] = {**incident, "incident": incident, "recorded": answer.recorded}
    if answer.open_rooms:
        asking = {room.place.device for room in answer.open_rooms}
        body["open_rooms"] = [room for room in incident["rooms"] if room["device"] in asking]
    return JSONResponse(body)
