"""Whether an open door is told of: by when it was opened, not by when the hub heard of it. Pure.

A door is told of as it is opened when it is to be closed, as it is held open for too long, and as it stands
open while hours or a posture begin. What was told already, and still stands, is told of no second time.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from config.clock import Now
from config.door_settings import DOOR_RULES, DoorRule
from hub.decision import Decision
from hub.door_hours import DoorHours
from hub.door_rules import Door
from hub.door_states import DoorStates, named
from hub.door_telling import DoorTelling, Opening
from hub.door_weeks import DoorWeeks
from hub.incident import Incident
from hub.incidents import Incidents
from hub.ledger import Ledger
from hub.notice import age
from hub.view import DoorView

LATE_WORDS_MS: Final = 10_000
"""An opening that is heard of this much later isn't held open before its closing had as long to arrive."""
AGAIN_MS: Final = 60_000
"""A door that is opened again within this, while what was told of it stands, is told of no second time."""


class DoorJudging:
    """Holds each door against what it is to be."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        states: DoorStates,
        hours: DoorHours,
        telling: DoorTelling,
        weeks: DoorWeeks,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._states = states
        self._hours = hours
        self._telling = telling
        self._weeks = weeks

    def opened(
        self, decision: Decision, door: Door, opening: Opening, now: Now, *, swings: bool = False
    ) -> None:
        """Tell of a door that was opened when it is to be closed; one that swings was told of."""
        at = opening.at
        rule = self._hours.broken(door, at)
        if rule is None:
            return
        incident = self._incidents.of_door(*door.where)
        told_of = None if incident is None else incident.events[-1].at
        if told_of is not None and abs(at - told_of) < LATE_WORDS_MS:
            return  # its state and its event tell of one opening
        self._weeks.broke(decision, door, rule, at)
        if incident is not None and (
            _covers(incident, rule, at)
            or (
                incident.closed_at is None
                and _is_as_grave(incident.rule, rule)
                and (swings or incident.state == "open" or at - (told_of or 0) < AGAIN_MS)
            )
        ):
            self._ledger.record(
                decision, now, "door", "opened again", incident=incident.id, detail=_where(door)
            )
            return
        self._tell(decision, door, rule, opening, self._opened_words(rule), now)

    def _opened_words(self, rule: DoorRule) -> str:
        """Say what is told of a door that was opened."""
        if rule == "after-hours":
            return "opened after hours"
        return f"opened in {self._hours.posture()}"

    def held_open(
        self, decision: Decision, door: Door, known: DoorView, now: Now, *, again: bool = False
    ) -> None:
        """Tell of a door that is open for longer than it may be; ``again``: the week has counted it."""
        if not door.open_max_ms:
            return  # it may be, by the settings of now
        since, due = known.since, now.wall
        if not again:  # else it is counted
            due = min(since + door.open_max_ms, now.wall)
            self._weeks.broke(decision, door, "held-open", due)
        words = f"held open for {age(now.wall - since)}"
        if known.unknown is not None:
            words += f", as last known ({known.unknown})"
        if self._telling.is_line("held-open", door, now):
            self._telling.line(decision, door.where, f"{named(known)}: {words}", now)
            return
        incident = self._incidents.of_door(*door.where)
        if incident is not None and incident.state == "open" and incident.closed_at is None:
            self._ledger.record(decision, now, "door", words, incident=incident.id, detail=_where(door))
            self._states.keep(decision, replace(known, told=known.told or "held-open"))
            return  # it asks for somebody already
        self._tell(decision, door, "held-open", Opening(due, f"{door.zone} held {since}"), words, now)

    def stands_open(self, decision: Decision, door: Door, known: DoorView, began: str, now: Now) -> None:
        """Tell of a door that stands open as hours or a posture begin; after a start, if it wasn't."""
        stood = f"{named(known)}: open for {age(now.wall - known.since)}"
        if began:
            self._telling.line(decision, door.where, stood, now)
        rule = self._hours.broken(door, now.wall)
        if rule is None and known.due is None and known.told is None and _is_held(known, door, now):
            self.held_open(decision, door, known, now, again=True)  # it was a line of a call that is over
        if rule is None or (not began and known.told is not None and _is_as_grave(known.told, rule)):
            return
        incident = self._incidents.of_door(*door.where)
        if incident is not None and incident.closed_at is None and _is_as_grave(incident.rule, rule):
            return
        self._weeks.broke(decision, door, rule, now.wall)
        began = began or (f"in {self._hours.posture()}" if rule == "secure" else "after hours")
        words = f"stands open {began}, for {age(now.wall - known.since)} by now"
        self._tell(decision, door, rule, Opening(now.wall, f"{door.zone} {rule} {now.wall}"), words, now)

    def _tell(
        self, decision: Decision, door: Door, rule: DoorRule, opening: Opening, words: str, now: Now
    ) -> None:
        """Tell of a door, unless it is a line of the call's timeline."""
        if self._telling.is_line(rule, door, now):
            return
        if (known := self._states.get(door.where)) is not None:
            self._states.keep(decision, replace(known, told=rule))
        self._telling.tell(decision, door, rule, opening, words, now)


def _where(door: Door) -> dict[str, str]:
    return {"device": door.place.device, "zone": door.zone}


def _is_held(known: DoorView, door: Door, now: Now) -> bool:
    return bool(door.open_max_ms) and known.since + door.open_max_ms <= now.wall


def _is_as_grave(one: DoorRule | None, other: DoorRule) -> bool:
    return one is not None and DOOR_RULES.index(one) <= DOOR_RULES.index(other)


def _covers(incident: Incident, rule: DoorRule, at: int) -> bool:
    """Tell whether an opening of long ago is one that an incident has told of since."""
    return _is_as_grave(incident.rule, rule) and any(e.at == at for e in incident.events)
