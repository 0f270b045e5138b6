"""JSON Schemas of what the API says and takes of drills."""

from __future__ import annotations

from typing import Any, Final, get_args

from config.contract import POSTURES
from hub.console.api.drill_query import MAY_BE_DRILLED, TEXT_LONGEST
from hub.console.api.schemas import Schema
from hub.drill import LONGEST_S, DrillState
from hub.incident import InDrill

_TEXT: Final[Schema] = {"type": "string"}
_SHORT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": TEXT_LONGEST}
_MAYBE: Final[Schema] = {"type": ["string", "null"]}
_NUMBER: Final[Schema] = {"type": "integer"}
_YES_NO: Final[Schema] = {"type": "boolean"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_POSTURE: Final[Schema] = {"enum": [*(name for name in POSTURES if name != "normal"), None]}
_OBJECTS: Final[Schema] = {"type": "array", "items": {"type": "object"}}


def _object(fields: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required}


_PRESS: Final = _object(
    {
        "device": _TEXT,
        "room": _TEXT,
        "zone": _TEXT,
        "label": _MAYBE,
        "kind": _TEXT,
        "event": _MAYBE,
        "at": _TIME,
        "received_at": _TIME,
        "standing": {"enum": list(get_args(InDrill))},
        "expected": _YES_NO,
        "due": _MAYBE_TIME,
        "by": _MAYBE,
        "via": _MAYBE,
        "answered_at": _MAYBE_TIME,
        "incident": _TEXT,
        "real_incident": _MAYBE,
    }
)
_DRILL: Final = _object(
    {
        "id": _TEXT,
        "number": _NUMBER,
        "name": _TEXT,
        "state": {"enum": list(get_args(DrillState))},
        "leader": _TEXT,
        "by": _TEXT,
        "via": _TEXT,
        "planned": _TIME,
        "start": _TIME,
        "until": _TIME,
        "ended": _MAYBE_TIME,
        "ended_by": _MAYBE,
        "why": _MAYBE,
        "rooms": _TEXTS,
        "buildings": _TEXTS,
        "kinds": _TEXTS,
        "posture": _POSTURE,
        "counts": _YES_NO,
        "real_from": _MAYBE_TIME,
        "why_real": _MAYBE,
        "incidents": _TEXTS,
        "presses": {"type": "array", "items": _PRESS},
    }
)
_DUE: Final = _object(
    {
        "name": _TEXT,
        "wanted": _NUMBER,
        "held": _NUMBER,
        "by": _MAYBE_TIME,
        "overdue_since": _MAYBE_TIME,
        "last": _MAYBE_TIME,
        "unsure_by": _MAYBE_TIME,
    }
)
_REPORT: Final = _object(
    {
        "rooms": _OBJECTS,
        "pressed": _NUMBER,
        "not_pressed": _TEXTS,
        "not_expected": _OBJECTS,
        "real": _OBJECTS,
        "acknowledgements": _OBJECTS,
        "deliveries": _OBJECTS,
        "not_sent": _OBJECTS,
        "postures": _OBJECTS,
        "rows": _OBJECTS,
    }
)

DRILLS: Final = _object(
    {"drills": {"type": "array", "items": _DRILL}, "due": {"type": "array", "items": _DUE}}
)
DRILL_WITH_REPORT: Final = _object({"drill": _DRILL, "report": _REPORT})
DRILL_DONE: Final = _object(
    {
        "drill": _DRILL,
        "incidents": {"type": "array", "items": {"$ref": "#/components/schemas/Incident"}},
        "recorded": _YES_NO,
        "leader_told": _YES_NO,
    }
)
_FIELDS: Final[dict[str, Any]] = {
    "name": _SHORT,
    "leader": _SHORT,
    "for_s": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": LONGEST_S, "default": 600},
    "start": _MAYBE_TIME,
    "rooms": _TEXTS,
    "buildings": _TEXTS,
    "kinds": {"type": "array", "items": {"enum": list(MAY_BE_DRILLED)}, "default": ["panic"]},
    "posture": _POSTURE,
}
PLAN: Final = _object(_FIELDS, optional=tuple(name for name in _FIELDS if name != "name"))
PRESS: Final[Schema] = {
    **_object({"device": _SHORT, "event": _SHORT}, optional=("device", "event")),
    "dependentRequired": {"event": ["device"]},
}
