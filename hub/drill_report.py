"""What came of a drill, from the rows of the record: each room, each answer, each delivery, with times. Pure.

The record alone is asked, so that the report of an old drill says what that of a new one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
"""A row of the record: ``at``, ``what``, ``reason``, ``detail``."""

ANSWERS: Final = ("acknowledged", "acknowledge", "note", "resolved")
"""Rows of what people did with an incident."""
STATES: Final = {
    "delivered": "delivered",
    "delivery-failed": "failed, tried again",
    "delivery-given-up": "given up",
    "delivery-withdrawn": "withdrawn",
}
"""What rows of a delivery make of it."""


def report(
    drill: Sequence[Row], incidents: Mapping[str, Sequence[Row]], postures: Sequence[Row]
) -> dict[str, Any]:
    """Return a drill's report: ``drill`` are its own rows, ``incidents`` those of each of its incidents.

    Times are as the record has them; null is what did not happen.
    """
    begun = next((row for row in drill if row["what"] == "drill"), None)
    devices = list(begun["detail"].get("devices", ())) if begun is not None else []
    presses = _presses(drill)
    others = sorted({press["device"] for press in presses} - {*devices})
    rooms = [
        {"device": device, "presses": [press for press in presses if press["device"] == device]}
        for device in (*devices, *others)
    ]
    return {
        "rooms": rooms,
        "pressed": sum(bool(room["presses"]) for room in rooms),
        "not_pressed": [room["device"] for room in rooms if not room["presses"]],
        "not_expected": [press for press in presses if press["standing"] == "not-expected"],
        "real": [_plain(row) for row in drill if row["what"] == "drill-real"],
        "acknowledgements": _answers(incidents),
        "deliveries": _deliveries({"": drill, **incidents}),
        "not_sent": [
            {"at": row["at"], "reason": row["reason"], **_end(row["detail"])}
            for rows in incidents.values()
            for row in rows
            if row["what"] == "not-sent"
        ],
        "postures": [_plain(row) for row in postures],
        "rows": [_plain(row) for row in drill if "delivery" not in row["detail"]],
    }


def incidents_of(drill: Sequence[Row]) -> list[str]:
    """Return the ids of the incidents that a drill's rows name: its own, and what was real in it."""
    named = (row["detail"].get("incident") for row in drill)
    return list(dict.fromkeys(name for name in named if name))


def _presses(drill: Sequence[Row]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for row in drill:
        detail = row["detail"]
        key = detail.get("device"), detail.get("id")
        if row["what"] == "drill-press":
            found[key] = {
                "device": detail["device"],
                "zone": detail["zone"],
                "event": detail["id"],
                "at": detail["at"],
                "heard_at": row["at"],
                "standing": detail["standing"],
                "answer": None,
                "answered_at": None,
                "by": None,
            }
        elif row["what"] == "drill-answer" and key in found:
            found[key] |= {"answer": detail["answer"], "answered_at": row["at"], "by": detail.get("by")}
    return list(found.values())


def _answers(incidents: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    return [
        {
            "at": row["at"],
            "incident": incident,
            "what": row["what"],
            "by": row["detail"].get("by"),
            "via": row["detail"].get("via"),
        }
        for incident, rows in incidents.items()
        for row in rows
        if row["what"] in ANSWERS
    ]


def _deliveries(incidents: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for incident, rows in incidents.items():
        for row in rows:
            detail = row["detail"]
            if row["what"] == "owed":
                found[detail["delivery"]] = {
                    "incident": incident,
                    **_end(detail),
                    "type": detail["type"],
                    "why": row["reason"],
                    "owed_at": row["at"],
                    "state": "owed",
                    "at": None,
                }
            elif row["what"] in STATES and detail.get("delivery") in found:
                found[detail["delivery"]] |= {"state": STATES[row["what"]], "at": row["at"]}
    return list(found.values())


def _end(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: detail.get(name) for name in ("audience", "channel", "target")}


def _plain(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("at", "what", "reason", "detail")}
