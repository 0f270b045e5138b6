"""The API's operations: one table, from which both the routes and openapi.json are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from config.contract import MAX_INT
from hub.console.api import (
    accounts,
    cap,
    channels,
    door_weeks,
    drill_schemas,
    drills,
    identities,
    incidents,
    lists,
    posture,
    record,
    schemas,
    stream,
    troubles,
    upgrading,
    walk_tests,
    zones,
)
from hub.console.api.query import STATES
from hub.console.needs import API, Need, need_of
from hub.store.tokens import Token

Handler = Callable[[Request, Token], Awaitable[Response]]


class Parameter(Struct, frozen=True):
    """One parameter of an operation."""

    name: str
    where: str
    """``query``, ``path`` or ``header``."""
    about: str
    schema: dict[str, Any]


class Operation(Struct, frozen=True):
    """One method on one path, under ``/api/v1/``."""

    method: str
    path: str
    summary: str
    handler: Handler
    answer: dict[str, Any]
    """JSON Schema of the 200."""
    parameters: tuple[Parameter, ...] = ()
    body: dict[str, Any] | None = None
    errors: tuple[int, ...] = ()
    """Those beyond 401, 403 and 503."""
    media_type: str = "application/json"

    @property
    def need(self) -> Need:
        """What a token must have."""
        return need_of(self.method, API + self.path)


_STATE = f"({'|'.join(STATES)})"
_WHOLE = {"type": "integer", "minimum": 0, "maximum": MAX_INT}
_ID = Parameter("id", "path", "the incident's id", {"type": "string"})
_NAME = Parameter("name", "path", "the channel's name", {"type": "string"})
_WEEK = Parameter("week", "path", "the week, such as 2026-W49", {"type": "string"})
_DRILL = Parameter("id", "path", "the drill's id: its number", {"type": "string"})
_DEVICE = Parameter("device", "path", "the device's id", {"type": "string"})
_ZONE = (
    Parameter("device", "path", "the device's id", {"type": "string"}),
    Parameter("zone", "path", "the zone's id", {"type": "string"}),
)
_LISTING = (
    Parameter(
        "state",
        "query",
        "only these states; several with commas",
        {"type": "string", "pattern": f"^({_STATE}(,{_STATE})*)?$"},
    ),
    Parameter(
        "limit",
        "query",
        "at most this many",
        {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
    ),
    Parameter("before", "query", "only incidents with a lower number", _WHOLE),
)
_RESUME = Parameter("Last-Event-ID", "header", "resume after this event", _WHOLE)


def operations(openapi: Handler) -> tuple[Operation, ...]:
    """Return the table; ``openapi`` is the handler that answers with the table's own description."""
    return (
        Operation(
            "GET",
            "incidents",
            "Incidents, the highest number first",
            incidents.many,
            schemas.INCIDENTS,
            parameters=_LISTING,
            errors=(422,),
        ),
        Operation(
            "GET",
            "incidents/{id}",
            "One incident with its timeline",
            incidents.one,
            schemas.INCIDENT_WITH_TIMELINE,
            parameters=(_ID,),
            errors=(404,),
        ),
        Operation(
            "POST",
            "incidents/{id}/acknowledge",
            "Take an incident in hand",
            incidents.acknowledge,
            schemas.ANSWER,
            parameters=(_ID,),
            body=schemas.ACKNOWLEDGE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "incidents/{id}/notes",
            "Say something of an incident: progress, what was found",
            incidents.note,
            schemas.ANSWER,
            parameters=(_ID,),
            body=schemas.NOTE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "incidents/{id}/confirm",
            "Bear an incident out: what waits for that in its plan begins",
            incidents.confirm,
            schemas.ANSWER,
            parameters=(_ID,),
            body=schemas.CONFIRM,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "incidents/{id}/resolve",
            "End an incident",
            incidents.resolve,
            schemas.ANSWER,
            parameters=(_ID,),
            body=schemas.RESOLVE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "devices/{device}/zones/{zone}/bypass",
            "Silence a zone's faults for some hours; never a press, once it has read normal",
            zones.bypass,
            schemas.BYPASSED,
            parameters=_ZONE,
            body=schemas.BYPASS,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "DELETE",
            "devices/{device}/zones/{zone}/bypass",
            "End a zone's bypass",
            zones.end_bypass,
            schemas.BYPASSED,
            parameters=_ZONE,
            errors=(404, 409),
        ),
        Operation("GET", "devices", "Devices, and when each was last heard", lists.devices, schemas.DEVICES),
        Operation(
            "POST",
            "devices/{device}/walk-test",
            "Open a walk test: presses of these buttons, one at a time, prove them and alarm nobody",
            walk_tests.begin_walk_test,
            schemas.WALK_TEST_DONE,
            parameters=(_DEVICE,),
            body=schemas.WALK_TEST_ASKED,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "DELETE",
            "devices/{device}/walk-test",
            "End a walk test: every button is live",
            walk_tests.end_walk_test,
            schemas.WALK_TEST_DONE,
            parameters=(_DEVICE,),
            errors=(404, 409),
        ),
        Operation(
            "GET",
            "identities",
            "Who holds which room, which spares wait, and which codes can be used",
            identities.identities,
            schemas.IDENTITIES,
        ),
        Operation(
            "POST",
            "identities/{device}/assign",
            "Give a spare a room; with `replace`, in the place of the agent that is there",
            identities.assign,
            schemas.ASSIGNED,
            parameters=(_DEVICE,),
            body=schemas.ASSIGN,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "identities/{device}/revoke",
            "End what an agent is: its certificates and codes hold no more",
            identities.revoke,
            schemas.REVOKED,
            parameters=(_DEVICE,),
            body=schemas.REVOKE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "GET",
            "upgrade",
            "What each room runs, and how far the upgrade of the rooms is",
            upgrading.upgrade,
            schemas.UPGRADE,
        ),
        Operation(
            "POST",
            "upgrade",
            "Have the rooms take what this hub hands out: one first (`device`), then the rest",
            upgrading.begin,
            schemas.UPGRADE_STANDS,
            body=schemas.BEGIN_UPGRADE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "DELETE",
            "upgrade",
            "Upgrade no more rooms",
            upgrading.stop,
            schemas.UPGRADE_STANDS,
            errors=(404,),
        ),
        Operation("GET", "posture", "The site's posture", posture.posture, schemas.POSTURE),
        Operation(
            "POST",
            "posture",
            "Set the posture; what gives protection up is 409 until it is said again with `confirm`",
            posture.set_posture,
            schemas.POSTURE_SET,
            body=schemas.SET_POSTURE,
            errors=(409, 413, 422),
        ),
        Operation("GET", "doors", "Doors, open and closed", lists.doors, schemas.DOORS),
        Operation(
            "GET",
            "doors/weeks",
            "The weekly record of exterior doors: the latest weeks that are over, and the one that runs",
            door_weeks.door_weeks,
            schemas.DOOR_WEEKS,
        ),
        Operation(
            "POST",
            "doors/weeks/{week}/sign",
            "Sign a week of the exterior doors, with the exceptions",
            door_weeks.sign,
            schemas.DOOR_WEEK_SIGNED,
            parameters=(_WEEK,),
            body=schemas.SIGN_DOOR_WEEK,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "GET",
            "drills",
            "Drills, the highest number first, and which are due",
            drills.drills,
            drill_schemas.DRILLS,
        ),
        Operation(
            "GET",
            "drills/{id}",
            "One drill with its report",
            drills.drill,
            drill_schemas.DRILL_WITH_REPORT,
            parameters=(_DRILL,),
            errors=(404,),
        ),
        Operation(
            "POST",
            "drills",
            "Plan a drill, or start one now: it covers one short press of each of its rooms",
            drills.plan_drill,
            drill_schemas.DRILL_DONE,
            body=drill_schemas.PLAN,
            errors=(404, 409, 413, 422),
        ),
        *(
            Operation(
                "POST",
                f"drills/{{id}}/{word}",
                summary,
                handler,
                drill_schemas.DRILL_DONE,
                parameters=(_DRILL,),
                body=body,
                errors=(404, 409) if body is None else (404, 409, 413, 422),
            )
            for word, summary, handler, body in (
                ("start", "Start a planned drill now", drills.start_drill, None),
                ("end", "End the drill that runs", drills.end_drill, None),
                ("cancel", "Cancel a planned drill", drills.cancel_drill, None),
                (
                    "real",
                    "Make a press of a drill real; without `device`, all of the drill",
                    drills.make_real,
                    drill_schemas.PRESS,
                ),
                (
                    "part-of-drill",
                    "Say that a press that was not expected is part of the drill",
                    drills.part_of_drill,
                    drill_schemas.PRESS,
                ),
            )
        ),
        Operation(
            "GET",
            "cap",
            "Incidents as a feed (Atom) of messages of the Common Alerting Protocol 1.2",
            cap.index,
            {"type": "string"},
            errors=(404,),
            media_type="application/atom+xml",
        ),
        Operation(
            "GET",
            "cap/{id}",
            "One incident as a message of the Common Alerting Protocol 1.2",
            cap.message,
            {"type": "string"},
            parameters=(_ID,),
            errors=(404,),
            media_type="application/cap+xml",
        ),
        Operation(
            "GET", "channels", "Channels, and what each last delivered", channels.channels, schemas.CHANNELS
        ),
        Operation(
            "POST",
            "channels/{name}/test",
            "Have a channel's ends told a test, marked as one",
            channels.test,
            schemas.CHANNEL_TESTED,
            parameters=(_NAME,),
            body=schemas.TEST_CHANNEL,
            errors=(404, 409, 413, 422),
        ),
        Operation("GET", "troubles", "Troubles, open and restored", troubles.troubles, schemas.TROUBLES),
        Operation(
            "POST",
            "troubles/clear",
            "Say that somebody has seen to a trouble of something that happened; what is so now is 409",
            troubles.clear,
            schemas.TROUBLE_CLEARED,
            body=schemas.CLEAR_TROUBLE,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "POST",
            "record/forget",
            "Remove what names people in one incident, or one person's name; the chain stays whole",
            record.forget,
            schemas.FORGOTTEN,
            body=schemas.FORGET,
            errors=(404, 409, 413, 422),
        ),
        Operation(
            "GET",
            "record/head",
            "The record's newest row and its hash, to be kept elsewhere for verify-record",
            lists.record_head,
            schemas.RECORD_HEAD,
        ),
        Operation(
            "GET",
            "stream",
            "Changes of incidents as server-sent events, named as the webhook's types",
            stream.stream,
            {"type": "string"},
            parameters=(_RESUME,),
            errors=(422,),
            media_type="text/event-stream",
        ),
        Operation("GET", "accounts", "Who may sign in, and as what", accounts.accounts, schemas.ACCOUNTS),
        Operation("GET", "sessions", "Who is signed in", accounts.sessions, schemas.SESSIONS),
        Operation(
            "DELETE",
            "sessions/{id}",
            "Sign somebody out",
            accounts.end_session,
            schemas.SESSION_ENDED,
            parameters=(Parameter("id", "path", "the session's id", {"type": "string"}),),
            errors=(404,),
        ),
        Operation("GET", "openapi.json", "This description", openapi, {"type": "object"}),
    )
