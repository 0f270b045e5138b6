"""The drills of an export: each in a row, and its presses, answers and deliveries in rows of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Engine

from hub.drill_record import name_of
from hub.drill_report import incidents_of, report
from hub.store import chain
from hub.store.reading import Reading

Row = dict[str, Any]
Read = Callable[[], Iterator[tuple[str, list[Row], Row]]]
"""Yields each drill's number, its own rows of the record and its report."""

STATES: Final = {
    "drill-planned": "planned",
    "drill": "running",
    "drill-ended": "ended",
    "drill-cancelled": "cancelled",
}
"""What rows of the record make of a drill."""
DRILL: Final = (
    "drill", "name", "state", "leader", "planned_by", "planned_via", "planned_at", "start", "until",
    "ended_at", "why", "by", "kinds", "rooms", "buildings", "posture", "covered", "pressed", "counts",
    "real_from", "why_real", "incidents",
)  # fmt: skip
PRESS: Final = (
    "drill", "device", "zone", "event", "pressed_at", "heard_at", "standing", "answer", "answered_at", "by",
    "real_at", "real_incident", "real_why",
)  # fmt: skip
ANSWER: Final = ("drill", "at", "incident", "what", "by", "via")
DELIVERY: Final = (
    "drill", "incident", "audience", "channel", "target", "type", "owed_at", "state", "at", "why",
)  # fmt: skip


def reports(engine: Engine, site: str, since: int, until: int) -> Read:
    """Return what reads the drills of which the record tells in this time (wall ms, ``until`` excluded)."""
    reading = Reading(engine, site)

    def read() -> Iterator[tuple[str, list[Row], Row]]:
        told = chain.said(engine, site, tuple(STATES), since, until)
        for drill in dict.fromkeys(str(row["detail"].get("drill")) for row in told):
            rows = reading.rows_of(name_of(drill))
            if not any(row["what"] in STATES for row in rows):
                continue  # what it was can't be read
            incidents = {name: reading.rows_of(name) for name in incidents_of(rows)}
            yield drill, rows, report(rows, incidents, ())

    return read


def drills(read: Read) -> Iterator[Row]:
    """Yield a row for each drill, as it is now."""
    for drill, rows, found in read():
        states = [row for row in rows if row["what"] in STATES]
        begun = next((row["at"] for row in states if row["what"] == "drill"), None)
        over = next((row for row in states if row["what"] in ("drill-ended", "drill-cancelled")), None)
        said = states[-1]["detail"]
        yield {
            "drill": drill,
            "name": said.get("name"),
            "state": STATES[states[-1]["what"]],
            "leader": said.get("leader"),
            "planned_by": said.get("planned_by"),
            "planned_via": said.get("planned_via"),
            "planned_at": said.get("planned"),
            "start": begun or said.get("start"),
            "until": said.get("until"),
            "ended_at": None if over is None else said.get("ended") or over["at"],
            "why": None if over is None else over["reason"],
            "by": None if over is None else said.get("by"),
            **{
                name: ", ".join(said.get(name) or ()) for name in ("kinds", "rooms", "buildings", "incidents")
            },
            "posture": said.get("posture"),
            "covered": len(found["rooms"]) if begun else None,
            "pressed": found["pressed"] if begun else None,
            "counts": said.get("counts"),
            "real_from": said.get("real_from"),
            "why_real": said.get("why_real"),
        }


def presses(read: Read) -> Iterator[Row]:
    """Yield each press of each room of each drill; a room that did not press has a row without one."""
    for drill, _, found in read():
        real = {(row["detail"].get("device"), row["detail"].get("id")): row for row in found["real"]}
        for room in found["rooms"]:
            for press in room["presses"] or [{}]:
                became = real.get((room["device"], press.get("event"))) if press else None
                yield {
                    "drill": drill,
                    "device": room["device"],
                    **{name: press.get(name) for name in PRESS[2:4]},
                    "pressed_at": press.get("at"),
                    **{name: press.get(name) for name in PRESS[5:10]},
                    "real_at": became and became["at"],
                    "real_incident": became and became["detail"].get("incident"),
                    "real_why": became and became["reason"],
                }


def answers(read: Read) -> Iterator[Row]:
    """Yield what each person did with the incidents of each drill."""
    for drill, _, found in read():
        yield from ({"drill": drill, **answer} for answer in found["acknowledgements"])


def deliveries(read: Read) -> Iterator[Row]:
    """Yield each notice of each drill, and whom one did not go to because of it."""
    for drill, _, found in read():
        yield from ({"drill": drill, **delivery} for delivery in found["deliveries"])
        for one in found["not_sent"]:
            end = {name: one.get(name) for name in ("audience", "channel", "target")}
            rest = dict.fromkeys(("incident", "type", "owed_at"))
            yield {"drill": drill, **end, **rest, "state": "not sent", "at": one["at"], "why": one["reason"]}
