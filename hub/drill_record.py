"""How a drill stands in the record: rows of its own, under a name by which they are found. Pure."""

from __future__ import annotations

from typing import Any, Final

from config.clock import Now, stamp
from hub.decision import Decision
from hub.drill import Drill
from hub.ledger import Ledger

NAME: Final = "drill-"
"""How the name begins that a drill's own rows bear in the place of an incident's id."""


def name_of(drill_id: str) -> str:
    """Return the name that a drill's own rows bear."""
    return f"{NAME}{drill_id}"


def of_drill(drill: Drill) -> dict[str, Any]:
    """Return what a row says of a drill."""
    return {
        "drill": drill.id,
        "name": drill.name,
        "leader": drill.leader,
        "planned_by": drill.by,
        "planned_via": drill.via,
        "planned": stamp(drill.planned),
        "kinds": list(drill.kinds),
        "rooms": list(drill.rooms),
        "buildings": list(drill.buildings),
        "posture": drill.posture,
        "counts": drill.counts,
        "start": stamp(drill.start),
        "until": stamp(drill.until),
        "ended": None if drill.ended is None else stamp(drill.ended),
        "real_from": None if drill.real_from is None else stamp(drill.real_from),
        "why_real": drill.why_real,
        "incidents": list(drill.incidents),
    }


def record_row(
    ledger: Ledger,
    decision: Decision,
    drill: Drill,
    now: Now,
    what: str,
    reason: str,
    detail: dict[str, Any],
) -> int:
    """Add a row of a drill's own to the record; returns its number."""
    detail = {"drill": drill.id, **detail}
    return ledger.record(decision, now, what, reason, incident=name_of(drill.id), detail=detail)
