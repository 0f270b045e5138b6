"""The doors of a site: what is heard of each, now or late, and when which is to be looked at. Pure.

What each is, is kept by :mod:`hub.door_states`; whether it is told of, decided by :mod:`hub.door_judging`;
that it stayed closed, by :mod:`hub.door_closings`. What is told is an incident of kind ``door``, in a group
of its own; while there is a real lockdown it is a line of the call's timeline.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from config.clock import Now
from hub.decision import Decision
from hub.directory import Directory
from hub.door_closings import DoorClosings
from hub.door_hours import DoorHours
from hub.door_judging import LATE_WORDS_MS, DoorJudging
from hub.door_rules import Door, Where
from hub.door_states import DoorStates, named
from hub.door_telling import DoorTelling, Opening
from hub.door_weeks import SAME_MS, DoorWeeks
from hub.incidents import Incidents
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.postures import Postures
from hub.reckoning import Account
from hub.view import DeviceView, DoorView

START_S: Final = 60.0
"""Seconds after a start in which rooms are heard of: a door that stood open before may be closed by now."""
AT_ONCE: Final = 8
"""Doors that one decision tells of: a thousand must not hold up the next press."""
PAUSE_S: Final = 0.01
"""Seconds between two such decisions, in which a press comes first."""
DOOR_WAKES: Final = frozenset({"door", "doors", "door-week"})
"""What it asks its site to be woken for."""


class Doors:
    """What each door is, and what is told of it."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        postures: Postures,
        loaded: list[DoorView],
        facts: KeptFacts,
        now: Now,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self.weeks = DoorWeeks(ledger, facts, now)
        self._states = DoorStates(ledger)
        self._closings = DoorClosings(incidents, self._states)
        self._ahead: list[Where] = []
        """Doors whose moment was ahead of the clock at the start: theirs is to be stored anew."""
        self._to_look_at: dict[Where, str] = {}
        """Doors that stand open and are to be looked at, and what began meanwhile."""
        self._found: set[Where] = set()
        """Doors that a live state told open, of which no event says yet since when."""
        self._hours = DoorHours(ledger, postures, facts)
        self._telling = DoorTelling(ledger, incidents, facts)
        self._judging = DoorJudging(ledger, incidents, self._states, self._hours, self._telling, self.weeks)
        for door in loaded:
            where = (door.place.device, door.zone)
            if self._states.is_one_too_many(where) and incidents.of_door(*where) is None:
                continue
            known = replace(door, since=min(door.since, now.wall), unknown="its device is not heard yet")
            if known.since < door.since:
                self._ahead.append(where)
            self._states.load(known)
            if known.due is not None:
                self._states.look_at(where, max(to_mono(known.due, now), now.mono + START_S))
            elif known.state == "closed" and incidents.of_door(*where) is not None:
                self._closings.settle(where, now)
        if loaded:
            ledger.wake(now.mono + START_S, "doors", "start")
        self._hours.wake_at_edge(now)

    def kept(self) -> dict[Where, DoorView]:
        """Return what a start has to store of doors."""
        return {where: door for where, door in self._states.items() if where in self._ahead}

    # --- what is heard of doors ---

    def told(self, decision: Decision, account: Account, now: Now) -> None:
        """A door contact told of its door, now or long ago, and maybe out of order."""
        where, is_open, at = (account.device, account.zone), account.what == "open", account.at
        opening = Opening(at, f"{account.zone} {account.key}", account.id)
        door, known = self._states.door(where, account.room, account.label), self._states.get(where)
        if known is None and self._states.is_one_too_many(where):
            self._states.say_many(decision, account.device, now)
            return
        self.weeks.word(decision, door, at, is_open=is_open)
        if not is_open:
            if known is None or (known.state == "open" and at >= known.since):
                self._closed(decision, door, at, now)
            elif known.state == "closed" and at > known.since:  # its opening is yet to be heard of
                self._states.keep(decision, replace(known, since=at))
        elif known is None or (known.state == "closed" and at >= known.since):
            self._opened(decision, door, opening, now)
        elif known.state == "closed":  # opened and closed: only now it is heard of
            self._judging.opened(decision, door, opening, now)
            self._closings.settle(where, now)
        elif abs(at - known.since) <= SAME_MS:  # its state was told first
            self._found.discard(where)
        elif at > known.since or where in self._found:
            self._opened(decision, door, opening, now)
        else:  # an earlier opening, whose closing is yet to be heard of: this one stands
            self._judging.opened(decision, door, opening, now)

    def found(self, decision: Decision, view: DeviceView, zone: str, stands: str, now: Now) -> None:
        """Take a door of a live state: an agent tells of one that it found as it started."""
        where = (view.place.device, zone)
        known = self._states.get(where)
        if known is None and self._states.is_one_too_many(where):
            self._states.say_many(decision, view.place.device, now)
            return
        if known is not None and known.state == stands:
            return
        label = next((each.label for each in view.zones if each.zone == zone), None)
        door = self._states.door(where, view.place.room, label)
        if known is not None or stands == "open":
            self.weeks.found(decision, door, now.wall, is_open=stands == "open")
        if stands == "open":
            self._opened(decision, door, Opening(now.wall, f"{zone} {now.wall}"), now)
            self._found.add(where)
        else:
            self._closed(decision, door, now.wall, now)

    def heed(self, decision: Decision, view: DeviceView, now: Now) -> None:
        """See whether the doors of a device are known now: it may be silent, or a wire be cut."""
        device = view.place.device
        ours = self._states.of_device(device)
        if not ours and not self._ledger.directory.doors_of(device):
            return
        faults = {t.zone: t.detail for t in self._ledger.troubles.of_device(device) if t.zone}
        for known in ours:
            why = faults.get(known.zone) if view.standing == "heard" else f"its device is {view.standing}"
            if why != known.unknown:
                self._states.keep(decision, replace(known, unknown=why))
                if why is not None:
                    self._telling.line(
                        decision, (device, known.zone), f"{named(known)}: not known now: {why}", now
                    )
        self.weeks.heed(decision, view, faults, {known.zone for known in ours}, now)

    # --- what is due ---

    def follow_up(self, decision: Decision, now: Now) -> None:
        """See whether the posture changed in this decision, and whether an untold door may be told of."""
        if self._hours.became_secure(decision, now):
            self._sweep(f"as the posture became {self._hours.posture()}", now)
        if self._telling.fell_silent_no_more():
            self._sweep("", now)
        if (where := self._telling.tell_untold(decision, now)) is not None:
            known = self._states.get(where)
            if known is not None and known.state == "closed":
                self._closings.settle(where, now)

    def due(self, decision: Decision, what: str, key: str, now: Now) -> None:
        """Do what was asked for by :data:`DOOR_WAKES`."""
        if what == "door":
            self._look(decision, key, now)
        elif what == "doors":
            self._look_at_all(decision, key, now)
        else:
            self.weeks.look(decision, now)

    def _look(self, decision: Decision, key: str, now: Now) -> None:
        """Look at one door: has it been open for too long, has it stayed closed?"""
        device, _, zone = key.partition(" ")
        where = (device, zone)
        known = self._states.get(where)
        if known is None:
            return
        if known.state == "closed":
            self._closings.look(decision, where, known, now)
        elif known.due is not None and known.due <= now.wall + 1:
            known = replace(known, due=None)
            self._states.keep(decision, known)
            door = self._states.door(where, known.place.room, known.label)
            self._judging.held_open(decision, door, known, now)
        elif known.due is not None:
            self._states.look_at(where, max(to_mono(known.due, now), now.mono + 0.001))

    def _look_at_all(self, decision: Decision, key: str, now: Now) -> None:
        """Look at the doors that stand open as the hub has started, or as hours began; a few at a time."""
        if key == "start":
            self._telling.say_untold(decision, now)
            self._sweep("", now)
            for where, door in list(self._states.items()):
                if where not in self._ledger.directory.doors and door.unknown is not None:
                    self._drop(decision, where)
        elif key == "edge":
            if not self._hours.edge(now):
                return  # it was moved
            self._sweep("as after hours began", now)
            self._hours.wake_at_edge(now)
        for where in list(self._to_look_at)[:AT_ONCE]:
            self._stands_open(decision, where, self._to_look_at.pop(where), now)
        if self._to_look_at:
            self._ledger.wake(now.mono + PAUSE_S, "doors", "more")

    def retune(self, decision: Decision, was: Directory, now: Now) -> None:
        """Take the doors of new settings: what they are called, how long they may stand open, and when.

        ``was`` is what held before: a door that only that had is gone.
        """
        ours = self._ledger.directory.doors
        for where in [where for where, _ in self._states.items() if where in was.doors and where not in ours]:
            self._drop(decision, where)
        for where, known in self._states.items():
            door = self._states.door(where, known.place.room, known.label)
            due = None
            if known.state == "open" and door.open_max_ms and (known.due is not None or known.told is None):
                due = known.since + door.open_max_ms
                self._states.look_at(where, max(to_mono(due, now), now.mono))
            after = replace(known, place=door.place, label=door.name, due=due)
            if after != known:
                self._states.keep(decision, after)
        self.weeks.retune(now)
        self._sweep("", now)
        self._hours.wake_at_edge(now)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take every moment by a wall clock that has jumped."""
        self._states.rewrite(decision, moved_ms)
        self._hours.rewrite(decision, moved_ms)
        self._telling.rewrite(decision, moved_ms)
        self.weeks.rewrite(decision, moved_ms, now)
        self._sweep("", now)
        self._hours.wake_at_edge(now)

    # --- what it makes of it ---

    def _opened(self, decision: Decision, door: Door, opening: Opening, now: Now) -> None:
        at = opening.at
        due = None
        if door.open_max_ms:
            late = now.wall - at > LATE_WORDS_MS
            due = max(at + door.open_max_ms, now.wall + LATE_WORDS_MS if late else 0)
        swings = self._closings.opened(door.where)
        self._found.discard(door.where)
        view = DoorView(door.place, door.zone, door.name, "open", at, due, self._states.unknown(door.where))
        self._states.keep(decision, view)
        if due is not None:
            self._states.look_at(door.where, to_mono(due, now))
        self._telling.line(decision, door.where, f"{named(view)}: opened", now, at)
        self._judging.opened(decision, door, opening, now, swings=swings)

    def _closed(self, decision: Decision, door: Door, at: int, now: Now) -> None:
        known = self._states.get(door.where)
        unknown = self._states.unknown(door.where)
        self._found.discard(door.where)
        view = DoorView(door.place, door.zone, door.name, "closed", at, None, unknown)
        self._states.keep(decision, view)
        self._to_look_at.pop(door.where, None)
        if known is None:
            return
        if known.due is not None and at - known.since > door.open_max_ms:  # it had ended as it was heard of
            self.weeks.broke(decision, door, "held-open", at)
        self._telling.line(decision, door.where, f"{named(view)}: closed", now, at)
        self._closings.settle(door.where, now)

    def _stands_open(self, decision: Decision, where: Where, began: str, now: Now) -> None:
        known = self._states.get(where)
        if known is not None and known.state == "open":
            door = self._states.door(where, known.place.room, known.label)
            self._judging.stands_open(decision, door, known, began, now)

    def _sweep(self, began: str, now: Now) -> None:
        """Look at every door that stands open, soon: a few in each decision."""
        for where, door in self._states.items():
            if door.state == "open":
                self._to_look_at[where] = began or self._to_look_at.get(where, "")
        if self._to_look_at:
            self._ledger.wake(now.mono + PAUSE_S, "doors", "more")

    def _drop(self, decision: Decision, where: Where) -> None:
        """Let go of a door that the settings don't have any more, but of what is told of it."""
        if self._incidents.of_door(*where) is not None:
            return
        self._states.drop(decision, where)
        self._closings.drop(where)
        self._to_look_at.pop(where, None)
        self._found.discard(where)
        self._telling.drop(decision, where)
