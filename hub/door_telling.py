"""How a door is told of: by an incident of its own, or in a real lockdown by a line of the call's. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from config.door_settings import DoorRule
from hub.decision import Decision
from hub.door_rules import Door, Where
from hub.incident import Press
from hub.incidents import Incidents
from hub.kept_facts import LET_GO, KeptFacts
from hub.ledger import Ledger
from hub.notice import age

MOST: Final = 64
"""Incidents of doors that ask for somebody at once; of any more one trouble tells."""
LINES: Final = 10
LINES_S: Final = 60.0
"""So many lines a door writes into a call's timeline in so long; all of it is in the record."""
LATE_MS: Final = 10_000
"""A line says how old it is where that is more than this."""
DOORS_KEPT: Final = 4096
MANY: Final = "doors many"
"""The key of the trouble that tells of doors without an incident."""
_UNTOLD: Final = "door-untold "


class Opening(NamedTuple):
    """What is told of: when it was, and by which event, if by one."""

    at: int
    key: str
    """What the id of an incident that it opens follows from."""
    id: str | None = None


class DoorTelling:
    """Tells of doors, of so many at a time."""

    def __init__(self, ledger: Ledger, incidents: Incidents, facts: KeptFacts) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._lines: OrderedDict[Where, deque[float]] = OrderedDict()
        untold = sorted((press for _, press in facts.each(_UNTOLD, Press)), key=lambda press: press.at)
        self._untold: dict[Where, Press] = {press.button: press for press in untold}
        """What is told by one trouble alone, there being so many."""
        self._had_call = False

    def tell(
        self, decision: Decision, door: Door, rule: DoorRule, opening: Opening, words: str, now: Now
    ) -> None:
        """Open the door's incident, or join it; of too many one trouble tells."""
        late = now.wall - opening.at > round(self._ledger.settings.late_after_s * 1000)
        press = Press(
            key=f"door {opening.key}",
            id=opening.id,
            place=door.place,
            zone=door.zone,
            label=shown(door.name),
            kind="door",
            what="open",
            at=opening.at,
            received_at=now.wall,
            late=late,
            rule=rule,
            words=words,
        )
        if self._incidents.of_door(*door.where) is None and self._asking() >= MOST:
            self._keep_untold(decision, press)
            self.say_untold(decision, now)
            return
        self._incidents.door(decision, press, now)

    def tell_untold(self, decision: Decision, now: Now) -> Where | None:
        """Tell of one door of which the trouble alone told, once others are answered."""
        if not self._untold or self._asking() >= MOST:
            return None
        where = next(iter(self._untold))
        press = self._untold.pop(where)
        decision.facts[_UNTOLD + " ".join(where)] = LET_GO
        self.say_untold(decision, now)
        self._incidents.door(decision, press, now)
        return where

    def rewrite(self, decision: Decision, moved_ms: int) -> None:
        """Take what is untold by a wall clock that has jumped."""
        for press in list(self._untold.values()):
            moved = replace(press, at=press.at + moved_ms, received_at=press.received_at + moved_ms)
            self._keep_untold(decision, moved)

    def drop(self, decision: Decision, where: Where) -> None:
        """Let go of a door that is no more."""
        if self._untold.pop(where, None) is not None:
            decision.facts[_UNTOLD + " ".join(where)] = LET_GO

    def _keep_untold(self, decision: Decision, press: Press) -> None:
        self._untold[press.button] = press
        decision.facts[_UNTOLD + " ".join(press.button)] = msgspec.json.encode(press).decode()

    def say_untold(self, decision: Decision, now: Now) -> None:
        """Keep the trouble of the doors that have no incident."""
        number = len(self._untold)
        if number == 0:
            self._ledger.restore(decision, now, MANY, for_good=True)
            return
        rest = f"{number} more that should be closed are shown under Doors"
        self._ledger.trouble(decision, now, MANY, "doors-many", f"{MOST} doors have an incident each; {rest}")

    def fell_silent_no_more(self) -> bool:
        """Tell whether in this decision doors ceased to be lines of a call: what stands open is untold."""
        had, self._had_call = self._had_call, self._incidents.call_of_lockdown() is not None
        return had and not self._had_call

    def is_line(self, rule: DoorRule, door: Door, now: Now) -> bool:
        """Tell whether a door is a line of the call's timeline now: its plan may ask to be told."""
        if self._incidents.call_of_lockdown() is None:
            return False
        plan = self._ledger.directory.plan("door", door.place, now.wall, drill=False, rule=rule)
        return not plan.in_lockdown

    def line(self, decision: Decision, where: Where, words: str, now: Now, at: int | None = None) -> None:
        """Write a line into the timeline of the call, if doors are lines of one now."""
        call = self._incidents.call_of_lockdown()
        if call is None:
            return
        times = self._lines.setdefault(where, deque(maxlen=LINES))
        self._lines.move_to_end(where)
        if len(self._lines) > DOORS_KEPT:
            self._lines.popitem(last=False)
        if len(times) == LINES and now.mono - times[0] < LINES_S:
            return
        times.append(now.mono)
        if at is not None and now.wall - at > LATE_MS:
            words += f", {age(now.wall - at)} before this was heard"
        detail = {"device": where[0], "zone": where[1]}
        self._ledger.record(decision, now, "door", words, incident=call.id, detail=detail)

    def _asking(self) -> int:
        """Count the incidents of doors that still want somebody."""
        return sum(
            one.kind == "door" and (one.state == "open" or one.closed_at is None)
            for one in self._incidents.unresolved()
        )
