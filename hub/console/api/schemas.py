"""JSON Schemas of what the API takes and answers."""

from __future__ import annotations

from typing import Any, Final, get_args

from config.contract import INCIDENT_KINDS, MAX_INT, POSTURES
from config.door_settings import DOOR_RULES
from hub.bypass import LONGEST_H
from hub.console.api.query import (
    DISPOSITIONS,
    KEY_LONGEST,
    NOTE_LONGEST,
    REASON_LONGEST,
    STATES,
    TARGET_LONGEST,
    ZONES_MOST,
)
from hub.notice import NoticeType
from hub.rights import ROLES
from hub.upgrading.asking import STATES as STATES_OF_UPGRADE
from hub.walk_test import LONGEST_S, USUAL_S

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_MAYBE_TEXT: Final[Schema] = {"type": ["string", "null"]}
_NUMBER: Final[Schema] = {"type": "integer"}
_YES_NO: Final[Schema] = {"type": "boolean"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_KIND: Final[Schema] = {"enum": list(INCIDENT_KINDS)}
_DOOR_RULE: Final[Schema] = {"enum": [*DOOR_RULES, None]}


def _object(fields: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required}


def _array(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_DEED: Final = {"by": _TEXT, "at": _TIME, "via": _TEXT}
_ROOM: Final = _object(
    {
        "room": _TEXT,
        "building": _MAYBE_TEXT,
        "floor": _MAYBE_TEXT,
        "device": _TEXT,
        "known": _YES_NO,
        "acknowledged": _YES_NO,
    }
)
_EVENT: Final = _object(
    {
        "id": _MAYBE_TEXT,
        "device": _TEXT,
        "zone": _TEXT,
        "label": _MAYBE_TEXT,
        "kind": _KIND,
        "what": _TEXT,
        "at": _TIME,
        "received_at": _TIME,
        "held": _YES_NO,
        "late": _YES_NO,
        "cause": _MAYBE_TEXT,
        "rule": _DOOR_RULE,
        "words": _MAYBE_TEXT,
    }
)
_INCIDENT: Final = _object(
    {
        "id": _TEXT,
        "number": _NUMBER,
        "revision": _NUMBER,
        "kind": _KIND,
        "response": _object({"posture": {"enum": [*POSTURES, None]}, "words": _TEXT}),
        "state": {"enum": list(STATES)},
        "drill": _YES_NO,
        "drill_number": {"type": ["integer", "null"]},
        "confirmed": _YES_NO,
        "late": _YES_NO,
        "opened_at": _TIME,
        "from_backup": _MAYBE_TIME,
        "acknowledged": _maybe(_object(dict(_DEED))),
        "resolved": _maybe(_object({**_DEED, "disposition": {"enum": list(DISPOSITIONS)}})),
        "door": _maybe(_object({"rule": _DOOR_RULE, "closed_at": _MAYBE_TIME})),
        "rooms": _array(_ref("Room")),
        "events": _array(_ref("Event")),
    }
)
_PLACE: Final[dict[str, Schema]] = {
    "device": _TEXT,
    "room": _TEXT,
    "building": _MAYBE_TEXT,
    "floor": _MAYBE_TEXT,
    "known": _YES_NO,
}
_BYPASS: Final = _object(
    {
        "by": _TEXT,
        "via": _TEXT,
        "reason": _TEXT,
        "since": _TIME,
        "until": _TIME,
        "press_alarms": _YES_NO,
    }
)
_ZONE: Final = _object(
    {
        "zone": _TEXT,
        "label": _MAYBE_TEXT,
        "kind": _TEXT,
        "circuit": _MAYBE_TEXT,
        "condition": _MAYBE_TEXT,
        "wiring": _MAYBE_TEXT,
        "walk_test": _YES_NO,
        "bypass": _maybe(_ref("Bypass")),
        "proved": _maybe(_object({"at": _TIME, "by": _TEXT})),
    }
)
_WALK_TEST: Final = _object(
    {
        "id": _TEXT,
        "device": _TEXT,
        "zones": _array(_TEXT),
        "by": _TEXT,
        "via": _TEXT,
        "started": _TIME,
        "until": _TIME,
        "ended": _MAYBE_TIME,
        "why": _MAYBE_TEXT,
        "begun": _YES_NO,
        "late": _YES_NO,
        "proved": _array(_object({"zone": _TEXT, "at": _TIME})),
        "left": _array(_TEXT),
    }
)
_DEVICE: Final = _object(
    {
        **_PLACE,
        "standing": _TEXT,
        "last_heard": _MAYBE_TIME,
        "boot": _MAYBE_TEXT,
        "version": _MAYBE_TEXT,
        "zones": _array(_ZONE),
        "health": {"type": ["object", "null"]},
        "walk_test": _maybe(_ref("WalkTest")),
        "unprotected": _MAYBE_TEXT,
    }
)
_DOOR: Final = _object(
    {
        **_PLACE,
        "zone": _TEXT,
        "label": _MAYBE_TEXT,
        "state": {"enum": ["open", "closed", "unknown"]},
        "since": _MAYBE_TIME,
        "live": _YES_NO,
        "unknown": _MAYBE_TEXT,
        "number": _MAYBE_TEXT,
        "exterior": _YES_NO,
        "held_open": _YES_NO,
    }
)
_DOOR_COUNT: Final = _object(
    {
        "device": _TEXT,
        "zone": _TEXT,
        "name": _TEXT,
        "room": _TEXT,
        "building": _MAYBE_TEXT,
        "opened": _NUMBER,
        "longest_ms": _NUMBER,
        "held_open": _NUMBER,
        "after_hours": _NUMBER,
        "secure": _NUMBER,
        "faults": _NUMBER,
        "unknown_ms": _NUMBER,
    }
)
_DOOR_WEEK: Final = _object(
    {
        "week": _TEXT,
        "version": _NUMBER,
        "first": _TIME,
        "last": _TIME,
        "frozen_at": _TIME,
        "doors": _array(_ref("DoorCount")),
        "signatures": _array(_object({**_DEED, "version": _NUMBER, "exceptions": _TEXT})),
    }
)
_TROUBLE: Final = _object(
    {
        "key": _TEXT,
        "what": _TEXT,
        "device": _MAYBE_TEXT,
        "zone": _MAYBE_TEXT,
        "cause": _MAYBE_TEXT,
        "detail": _TEXT,
        "since": _TIME,
        "last": _TIME,
        "count": _NUMBER,
        "restored": _MAYBE_TIME,
        "flapping": _YES_NO,
        "clearable": _YES_NO,
    }
)

INCIDENTS: Final = _object({"incidents": _array(_ref("Incident")), "next": {"type": ["integer", "null"]}})
INCIDENT_WITH_TIMELINE: Final = _object(
    {
        "incident": _ref("Incident"),
        "timeline": _array(_object({"at": _TIME, "what": _TEXT, "reason": _TEXT, "detail": {}})),
        "timeline_missing": _TEXT,
    },
    optional=("timeline_missing",),
)
ANSWER: Final[Schema] = {
    "allOf": [
        _ref("Incident"),
        _object(
            {"incident": _ref("Incident"), "open_rooms": _array(_ref("Room")), "recorded": _YES_NO},
            optional=("open_rooms",),
        ),
    ]
}
_NOTE: Final[Schema] = {"type": ["string", "null"], "maxLength": NOTE_LONGEST}
ACKNOWLEDGE: Final = _object(
    {"revision": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_INT}, "note": _NOTE},
    optional=("revision", "note"),
)
CONFIRM: Final = _object({"note": _NOTE}, optional=("note",))
NOTE: Final = _object({"note": {"type": "string", "minLength": 1, "maxLength": NOTE_LONGEST}})
RESOLVE: Final = _object(
    {
        "disposition": {"enum": list(DISPOSITIONS)},
        "revision": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_INT},
        "note": _NOTE,
    },
    optional=("revision", "note"),
)
_POSTURE: Final[Schema] = {"enum": list(POSTURES)}
_POSTURE_NOW: Final = _object(
    {
        "n": _NUMBER,
        "posture": _POSTURE,
        "drill": _YES_NO,
        "drill_id": _MAYBE_TEXT,
        "since": _TIME,
        "automatic": {"type": ["boolean", "null"]},
        "by": _MAYBE_TEXT,
        "via": _MAYBE_TEXT,
        "note": _MAYBE_TEXT,
        "why": _MAYBE_TEXT,
        "asked": _maybe(_object({"why": _TEXT, "since": _TIME})),
        "published": _YES_NO,
        "confirmed_twice": _array(_POSTURE),
    }
)
POSTURE: Final = _object({"posture": _ref("Posture")})
SET_POSTURE: Final = _object(
    {
        "posture": _POSTURE,
        "confirm": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_INT},
        "note": _NOTE,
    },
    optional=("confirm", "note"),
)
POSTURE_SET: Final = _object({"posture": _ref("Posture"), "changed": _YES_NO, "recorded": _YES_NO})
WALK_TEST_ASKED: Final = _object(
    {
        "zones": {"type": ["array", "null"], "items": _TEXT, "minItems": 1, "maxItems": ZONES_MOST},
        "for_s": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": LONGEST_S,
            "default": USUAL_S,
        },
    },
    optional=("zones", "for_s"),
)
WALK_TEST_DONE: Final = _object({"walk_test": _ref("WalkTest"), "recorded": _YES_NO})
BYPASS: Final = _object(
    {
        "reason": {"type": "string", "minLength": 1, "maxLength": REASON_LONGEST},
        "hours": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_H},
    }
)
BYPASSED: Final = _object(
    {
        "device": _TEXT,
        "zone": _TEXT,
        "bypass": _maybe(_ref("Bypass")),
        "unprotected": _MAYBE_TEXT,
        "recorded": _YES_NO,
    }
)
DEVICES: Final = _object({"devices": _array(_DEVICE)})
DOORS: Final = _object({"doors": _array(_DOOR)})
DOOR_WEEKS: Final = _object({"running": _array(_ref("DoorCount")), "weeks": _array(_ref("DoorWeek"))})
SIGN_DOOR_WEEK: Final = _object(
    {"exceptions": _NOTE, "version": {"type": ["integer", "null"], "minimum": 1}},
    optional=("exceptions", "version"),
)
DOOR_WEEK_SIGNED: Final = _object({"week": _ref("DoorWeek"), "recorded": _YES_NO})
CLEAR_TROUBLE: Final = _object(
    {"key": {"type": "string", "minLength": 1, "maxLength": KEY_LONGEST}, "note": _NOTE}, optional=("note",)
)
TROUBLE_CLEARED: Final = _object({"trouble": _TROUBLE, "recorded": _YES_NO})
FORGET: Final[Schema] = {
    **_object(
        {
            "incident": {"type": "string", "minLength": 1},
            "person": {"type": "string", "minLength": 1},
            "note": {"type": "string", "minLength": 1, "maxLength": NOTE_LONGEST},
        },
        optional=("incident", "person"),
    ),
    "oneOf": [{"required": ["incident"]}, {"required": ["person"]}],
}
FORGOTTEN: Final = _object({"removed": _NUMBER, "left": _array(_TEXT), "recorded": _YES_NO})
IDENTITIES: Final = _object(
    {
        "identities": _array(
            _object(
                {
                    "device": _TEXT,
                    "room": _MAYBE_TEXT,
                    "state": {"enum": ["signed", "held", "revoked"]},
                    "spare": _YES_NO,
                    "given_room": _MAYBE_TEXT,
                    "serial": _TEXT,
                    "since": _TEXT,
                    "by": _TEXT,
                    "via": _TEXT,
                    "given": {"enum": ["code", "spare", "renewal"]},
                    "address": _MAYBE_TEXT,
                    "machine": _MAYBE_TEXT,
                    "ended": _MAYBE_TEXT,
                    "why": _MAYBE_TEXT,
                    "session_open": _YES_NO,
                }
            )
        ),
        "codes": _array(
            _object(
                {
                    "id": _TEXT,
                    "device": _MAYBE_TEXT,
                    "replaces": _YES_NO,
                    "made": _TEXT,
                    "ends": _TEXT,
                    "by": _TEXT,
                    "via": _TEXT,
                }
            )
        ),
    }
)
ASSIGN: Final = _object(
    {"device": {"type": "string", "minLength": 1}, "replace": _YES_NO}, optional=("replace",)
)
ASSIGNED: Final = _object({"spare": _TEXT, "device": _TEXT, "recorded": _YES_NO})
REVOKE: Final = _object({"note": _NOTE}, optional=("note",))
REVOKED: Final = _object({"device": _TEXT, "certificates": _NUMBER, "codes": _NUMBER, "recorded": _YES_NO})
_UPGRADE: Final = {
    "offers": _MAYBE_TEXT,
    "run": _maybe(
        _object(
            {
                "id": _TEXT,
                "release": _TEXT,
                "by": _TEXT,
                "via": _TEXT,
                "begun": _TIME,
                "first": _MAYBE_TEXT,
                "ended": _MAYBE_TIME,
                "why": _MAYBE_TEXT,
                "failed": _NUMBER,
            }
        )
    ),
    "rooms": _array(
        _object(
            {
                "device": _TEXT,
                "room": _TEXT,
                "state": {"enum": [*STATES_OF_UPGRADE, None]},
                "since": _MAYBE_TIME,
                "why": _MAYBE_TEXT,
                "release": _MAYBE_TEXT,
                "standing": _TEXT,
                "asked": _MAYBE_TIME,
            }
        )
    ),
}
UPGRADE: Final = _object(_UPGRADE)
UPGRADE_STANDS: Final = _object({**_UPGRADE, "recorded": _YES_NO})
BEGIN_UPGRADE: Final = _object({"device": {"type": "string", "minLength": 1}}, optional=("device",))
TROUBLES: Final = _object({"troubles": _array(_TROUBLE)})
CHANNELS: Final = _object(
    {
        "channels": _array(
            _object(
                {
                    "name": _TEXT,
                    "kind": _TEXT,
                    "last_success": _MAYBE_TIME,
                    "last_failure": _MAYBE_TIME,
                    "last_said": _MAYBE_TEXT,
                    "owed": _NUMBER,
                    "reached": _MAYBE_TIME,
                    "unasked": _array(_TEXT),
                    "troubles": _array(_TEXT),
                }
            )
        )
    }
)
TEST_CHANNEL: Final = _object(
    {"target": {"type": ["string", "null"], "minLength": 1, "maxLength": TARGET_LONGEST}},
    optional=("target",),
)
CHANNEL_TESTED: Final = _object({"about": _TEXT, "deliveries": _array(_TEXT), "recorded": _YES_NO})
RECORD_HEAD: Final = _object({"seq": {"type": ["integer", "null"]}, "hash": _MAYBE_TEXT})

ACCOUNTS: Final = _object(
    {
        "accounts": _array(
            _object(
                {
                    "name": _TEXT,
                    "role": {"enum": list(ROLES)},
                    "created_at": _TIME,
                    "second_factor_since": _MAYBE_TIME,
                    "recovery_codes": _NUMBER,
                }
            )
        )
    }
)
SESSIONS: Final = _object(
    {
        "sessions": _array(
            _object(
                {
                    "id": _TEXT,
                    "name": _TEXT,
                    "since": _TIME,
                    "ends": _TIME,
                    "address": _TEXT,
                    "browser": _TEXT,
                }
            )
        )
    }
)
SESSION_ENDED: Final = _object({"ended": _TEXT})

COMPONENTS: Final[dict[str, Schema]] = {
    "Incident": _INCIDENT,
    "Room": _ROOM,
    "Bypass": _BYPASS,
    "DoorCount": _DOOR_COUNT,
    "DoorWeek": _DOOR_WEEK,
    "Event": _EVENT,
    "WalkTest": _WALK_TEST,
    "Posture": _POSTURE_NOW,
    "StreamData": _object(
        {
            "v": _NUMBER,
            "type": {"enum": list(get_args(NoticeType))},
            "site": _TEXT,
            "at": _TIME,
            "incident": _ref("Incident"),
        }
    ),
    "Error": _object(
        {
            "error": _TEXT,
            "detail": _TEXT,
            "state": _TEXT,
            "allowed": _array(_TEXT),
            "open_rooms": _array(_ref("Room")),
            "confirm": _NUMBER,
        },
        optional=("state", "allowed", "open_rooms", "confirm"),
    ),
}
