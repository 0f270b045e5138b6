"""The drills that a school owes: how each rule stands, and a trouble for what is overdue. Pure."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from hub.decision import Decision
from hub.directory import UNSET_MS
from hub.drill import Drill
from hub.drills_due import Due, due
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger

FACT: Final = "drills held"
OVERDUE: Final = "drill-overdue"
LOOK_S: Final = 3600.0
"""Seconds after which it is looked again, whatever is due: the wall clock may have been set."""
SAME_MS: Final = 1000
"""A drill's beginning moves with a clock that is set by so little more or less than what was noted of it."""
KEPT: Final = 64
"""Drills of one name that are remembered, the latest."""


class _Held(Struct, frozen=True):
    """When drills were held, by their names (wall ms), and since when this hub has written them down."""

    since: int = 0
    held: dict[str, tuple[int, ...]] = {}


class DrillCalendar:
    """Which drills are due."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._held = facts.read(FACT, _Held) or _Held()
        asks = ledger.settings.drills.due or any(
            key.startswith(f"{OVERDUE} ") for key in ledger.troubles.open
        )
        self._moves: set[int] = set()
        """What of it was dated by the clock as it is set now."""
        self._next = now.mono if asks else now.mono + LOOK_S
        """When it is looked again, in monotonic seconds: a wake-up before that was overtaken."""
        ledger.wake(self._next, OVERDUE, "")
        self._show(now)

    def held(self, decision: Decision, drill: Drill, now: Now) -> None:
        """Take that a drill was held."""
        before = self._held.held.get(drill.name.casefold(), ())
        held = self._held.held | {drill.name.casefold(): (*before, drill.start)[-KEPT:]}
        self._moves.add(drill.start)
        self._keep(decision, replace(self._held, held=held))
        self._look(decision, now)

    def not_held(self, decision: Decision, drill: Drill, now: Now) -> None:
        """Take that a drill that was over has become real: it was none."""
        name = drill.name.casefold()
        left = tuple(at for at in self._held.held.get(name, ()) if abs(at - drill.start) > SAME_MS)
        self._keep(decision, replace(self._held, held=self._held.held | {name: left}))
        self._look(decision, now)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take every moment by a wall clock that has jumped by this much.

        Those of before this start stay: the time that a machine is off is known by its wall clock alone.
        """
        kept = self._held
        moved = {at: at + moved_ms for at in self._moves}
        held = {name: tuple(moved.get(at, at) for at in of) for name, of in kept.held.items()}
        self._moves = set(moved.values())
        self._keep(decision, _Held(moved.get(kept.since, kept.since), held))
        self.look(decision, now)

    def _put_right(self, decision: Decision, now: Now) -> None:
        """Date what lies in a time to come from now: the clock was ahead, and when it was is not known."""
        kept = self._held
        ahead = {at for at in (kept.since, *(at for of in kept.held.values() for at in of)) if at > now.wall}
        if ahead and now.wall >= UNSET_MS:
            held = {name: tuple(min(at, now.wall) for at in of) for name, of in kept.held.items()}
            self._moves = (self._moves - ahead) | {now.wall}
            self._keep(decision, _Held(min(kept.since, now.wall), held))

    def due(self, decision: Decision, now: Now) -> None:
        """Look, as it was asked for; a wake-up that another has overtaken does nothing."""
        if now.mono >= self._next:
            self.look(decision, now)

    def look(self, decision: Decision, now: Now) -> None:
        """Open a trouble for what is overdue, end those that are not; and look again in time."""
        if self._ledger.settings.drills.due and not self._held.since and now.wall >= UNSET_MS:
            self._moves.add(now.wall)
            self._keep(decision, replace(self._held, since=now.wall))
        self._put_right(decision, now)
        self._look(decision, now)
        moments = [to_mono(one.by, now) for one in self._standing(now) if one.by is not None]
        soon = min([now.mono + LOOK_S, *(at for at in moments if at > now.mono)])
        if self._next <= now.mono or soon < self._next:  # else the one that is asked for is soon enough
            self._next = soon
            self._ledger.wake(soon, OVERDUE, "")

    def _look(self, decision: Decision, now: Now) -> None:
        names = set()
        for one in self._standing(now):
            key = f"{OVERDUE} {one.name}"
            names.add(key)
            if one.overdue_since is None:
                self._ledger.restore(decision, now, key, for_good=True)
            elif self._ledger.known(key) is None:
                self._ledger.trouble(decision, now, key, "drill-overdue", self._words(one))
        for key in [k for k in self._ledger.troubles.open if k.startswith(f"{OVERDUE} ") and k not in names]:
            self._ledger.restore(decision, now, key, for_good=True)  # its rule is gone
        decision.shown.append(lambda: self._show(now))

    def _standing(self, now: Now) -> list[Due]:
        """Return how each rule stands; nothing is asked by a clock that was never set."""
        if now.wall < UNSET_MS:
            return []
        settings, calendar = self._ledger.settings.drills, self._ledger.directory.calendar
        known_from = self._held.since or now.wall
        found = []
        for rule in settings.due:
            held = [at for name in rule.names for at in self._held.held.get(name.casefold(), ())]
            found.append(due(rule, calendar, settings.terms, held, known_from, now.wall))
        return found

    def _words(self, one: Due) -> str:
        assert one.overdue_since is not None  # noqa: S101 - it is overdue
        local = self._ledger.directory.calendar.local
        day = local(one.overdue_since - 1).date()
        last = (
            "none held that this hub knows of"
            if one.last is None
            else f"the last was {local(one.last).date()}"
        )
        return f"{one.name}: was due by {day}; {last}"

    def _keep(self, decision: Decision, held: _Held) -> None:
        self._held = held
        decision.facts[FACT] = msgspec.json.encode(held).decode()

    def _show(self, now: Now) -> None:
        self._ledger.view.drills_due = tuple(self._standing(now))
