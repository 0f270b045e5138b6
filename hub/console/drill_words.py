"""A drill's report, and what waits for an answer in it, as pages say it. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from config.clock import read_stamp
from config.contract import shown
from config.drill_settings import DrillsSettings
from hub.console.words import Words
from hub.drill import Drill
from hub.view import View

STANDING_WORDS: Final = {
    "expected": "EXPECTED",
    "not-expected": "NOT EXPECTED",
    "part-of-drill": "part of the drill",
    "real": "REAL",
}


class Waiting(Struct, frozen=True):
    """A press that was not expected, and has no answer yet."""

    drill: str
    device: str
    event: str
    room: str
    button: str
    clock: str
    due: int
    """Wall ms at which it is real."""


def waiting(view: View, words: Words, now: int) -> list[Waiting]:
    """Return what waits for an answer, the oldest first."""
    found = [
        Waiting(
            drill.id,
            press.press.place.device,
            press.press.id or "",
            shown(press.press.place.room),
            shown(press.press.label or press.press.zone),
            words.when(press.press.at, now),
            press.due or now,
        )
        for drill, presses in list(view.drills.values())
        for press in presses
        if press.waits
    ]
    return sorted(found, key=lambda one: one.due)


DISPATCH_WORDS: Final = {
    "not-told": "calls no dispatch",
    "test": "is told to dispatch as a TEST",
}
"""What a press that is expected in a drill does, by the setting ``[drills] dispatch``."""


def said_of(drill: Drill, words: Words, now: int, dispatch: str) -> str:
    """Return what a page says of the drill that runs; ``dispatch`` is the setting of that name."""
    if drill.real_from is not None:
        return f"{shown(drill.why_real or 'something real came')}: EVERY PRESS IS REAL NOW"
    each = f"a press that is expected {DISPATCH_WORDS[dispatch]}"
    return f"{shown(drill.name)}, until {words.when(drill.until, now)}; {each}"


def counts_for(settings: DrillsSettings, name: str) -> list[str]:
    """Return the rules by which drills are due for which a drill of this name counts."""
    return [rule.name for rule in settings.due if name.casefold() in {one.casefold() for one in rule.names}]


def rows_of_report(report: dict[str, Any], words: Words, now: int) -> dict[str, Any]:
    """Return a report with its times by the school's clock."""

    def clock(value: str | None) -> str:
        return "" if value is None else words.when(read_stamp(value), now)

    def timed(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
        return [row | {name: clock(row[name]) for name in names} for row in rows]

    rooms = [
        room
        | {
            "presses": [
                press | {"standing": STANDING_WORDS[press["standing"]], "answer": _answer(press)}
                for press in timed(room["presses"], "at", "heard_at", "answered_at")
            ]
        }
        for room in report["rooms"]
    ]
    return report | {
        "rooms": rooms,
        "acknowledgements": timed(report["acknowledgements"], "at"),
        "deliveries": timed(report["deliveries"], "owed_at", "at"),
        "not_sent": timed(report["not_sent"], "at"),
        "postures": timed(report["postures"], "at"),
        "real": timed(report["real"], "at"),
        "rows": timed(report["rows"], "at"),
    }


def _answer(press: dict[str, Any]) -> str:
    if press["answer"] is None:
        return ""
    who = f" by {shown(press['by'])}" if press["by"] else " by itself: nobody answered"
    return f"{STANDING_WORDS[press['answer']]}{who}, {press['answered_at']}"
