"""The drills that a hub remembers, with their presses: kept, recalled, and woken for. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from hub.decision import Decision
from hub.drill import OPEN, Drill, DrillPress, Timed, clock_moved
from hub.incident import Press
from hub.kept_course import ANCHOR, Anchor, to_mono, to_wall
from hub.kept_facts import LET_GO, KeptFacts
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone

KEPT: Final = 8
"""Drills that have run, the latest, whose presses are remembered: one may arrive long after it. As many
that were cancelled are shown."""
FACT: Final = "drills"
LOST: Final = "the machine was started anew, and nobody keeps its clock right yet"
CLOCK_PAUSE_S: Final = 5.0
"""Seconds after which it is looked again whether a planned drill's time can be told."""
PRESSES: Final = "drill-presses "
"""How the facts begin that keep a drill's presses, one for each of its places and rooms."""


class _Kept(Struct, frozen=True):
    number: int = 0
    drills: tuple[Drill, ...] = ()


class _KeptPresses(Struct, frozen=True):
    drill: str
    presses: tuple[DrillPress, ...]


class DrillMemory:
    """The drills that are planned, the one that runs, and the latest that did."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, boot: str | None, now: Now) -> None:
        """Over a restart a drill goes on by the wall clock, and what waits for an answer stays due.

        ``boot`` is this start of the kernel.
        """
        self._ledger = ledger
        kept = facts.read(FACT, _Kept) or _Kept()
        self.number = kept.number
        """That of the latest drill."""
        self.drills = {drill.id: _timed(drill, now) for drill in kept.drills}
        """By their ids; of those that have begun, the latest to begin is the last."""
        self.presses: dict[str, dict[str, tuple[DrillPress, ...]]] = {name: {} for name in self.drills}
        """Of each drill, by their rooms' devices, in the order in which they came."""
        anchor = facts.read(ANCHOR, Anchor)
        self._away = boot is None or anchor is None or boot != anchor.boot
        """How long the machine was off is known by its wall clock alone, which may have stood still."""
        self._was_right = False
        """The clock has been kept right at some time since this start."""
        for slot, of_room in facts.each(PRESSES, _KeptPresses):
            if of_room.drill in self.presses:
                self.presses[of_room.drill][slot.partition(" ")[2]] = of_room.presses
        self._recalled = {
            (drill_id, press.press.place.device, press.press.key)
            for drill_id, rooms in self.presses.items()
            for of in rooms.values()
            for press in of
        }
        """The presses that were taken before this start, each by its drill, device and key."""
        self._of_before = {drill.id for drill in kept.drills if drill.state != "planned"}
        """The drills that had begun before this start."""
        self._planned_before = {drill.id for drill in kept.drills if drill.state == "planned"}
        for drill_id, timed in self.drills.items():
            self.arm(drill_id, now)
            self._show(drill_id)
            if timed.drill.state == "running":  # the posture may be another than its own
                ledger.wake(now.mono, "drill", drill_id)

    # --- looking things up ---

    def running(self) -> Drill | None:
        """Return the drill that runs now."""
        return next((one.drill for one in self.drills.values() if one.drill.state == "running"), None)

    def waiting(self, drill_id: str) -> list[DrillPress]:
        """Return a drill's presses that were not expected, and of which nobody has said what they are."""
        return [press for of in self.presses[drill_id].values() for press in of if press.waits]

    def pressed(self, drill_id: str) -> int:
        """Return in how many rooms somebody pressed in a drill."""
        return sum(bool(presses) for presses in self.presses[drill_id].values())

    def unanswered(self, drill_id: str) -> list[DrillPress]:
        """Return a drill's presses that are not real, and that no person has answered; the earliest first."""
        presses = [press for of in self.presses[drill_id].values() for press in of]
        found = [press for press in presses if press.standing in ("expected", "not-expected")]
        return sorted(found, key=lambda press: press.press.at)

    def latest(self, drill_id: str, press: DrillPress) -> DrillPress:
        """Return what is known by now of a press that is kept."""
        of_room = self.presses[drill_id][press.press.place.device]
        return next(one for one in of_room if one.press.key == press.press.key)

    def doubt(self, drill_id: str) -> str | None:
        """Name why a drill covers nothing that comes now, whenever it was pressed; None: it does."""
        return LOST if drill_id in self._of_before and self._is_lost else None

    def clock_is_right(self) -> None:
        """Take that somebody keeps the clock right: from now on it is known how long the machine was off."""
        self._was_right = True

    @property
    def _is_lost(self) -> bool:
        """The machine was started anew, and nobody has kept its clock right since."""
        return self._away and not self._is_right

    @property
    def _is_right(self) -> bool:
        return self._was_right or self._ledger.clock.synced is True

    def cannot_tell_when(self, drill_id: str) -> bool:
        """Tell whether a drill was planned before a start since which nobody knows the time."""
        return drill_id in self._planned_before and self._is_lost

    def first_at(self, drill_id: str, press: Press) -> int | None:
        """Return when a room's first press of a drill was, by what has come."""
        presses = self.presses[drill_id].get(press.place.device, ())
        return min((p.press.at for p in presses if p.press.key != press.key), default=None)

    def chosen(
        self, drill_id: str, device: str | None, event: str | None, *, until: bool = False
    ) -> list[DrillPress]:
        """Return a drill's presses: of one room, one event; ``until``: those that came before it, too."""
        rooms = self.presses[drill_id]
        found = (
            list(rooms.get(device, ())) if device is not None else [p for of in rooms.values() for p in of]
        )
        if event is None:
            return found
        place = next((i for i, press in enumerate(found) if press.press.id == event), None)
        if place is None:
            return []
        return found[: place + 1] if until else found[place : place + 1]

    def remind_at(self, timed: Timed) -> float:
        """Return when people are reminded of a drill's end; in a short one halfway, never once it is real."""
        before = min(self._ledger.settings.drills.remind_before_s, (timed.end - timed.start) / 2)
        return timed.end - before if before and timed.real_from is None else float("inf")

    # --- keeping ---

    def plan(self, drill: Drill, now: Now) -> None:
        """Take a new drill, with the next number."""
        self.number += 1
        self.drills[drill.id] = _timed(drill, now)
        self.presses[drill.id] = {}

    def change(self, decision: Decision, drill_id: str, **changes: Any) -> None:
        """Keep a drill of which something else is known now."""
        timed = self.drills[drill_id]
        self.drills[drill_id] = timed._replace(drill=replace(timed.drill, **changes))
        self.keep(decision, drill_id)

    def keep(self, decision: Decision, drill_id: str) -> None:
        """Write the drills down, and show this one."""
        self.write(decision)
        self._show(drill_id, decision)

    def keep_press(self, decision: Decision, drill_id: str, press: DrillPress) -> None:
        """Keep a press of a drill, or what is known of it now."""
        device, key = press.press.place.device, press.press.key
        rooms = self.presses[drill_id]
        before = rooms.get(device, ())
        if any(one.press.key == key for one in before):
            rooms[device] = tuple(press if one.press.key == key else one for one in before)
        else:
            rooms[device] = (*before, press)
        self._write_presses(decision, drill_id, device)
        self._show(drill_id, decision)

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who led, planned and answered, as the record does; of a drill to come, of answers alone.

        Where a person's name goes, those of others stay.
        """
        for drill in [timed.drill for timed in self.drills.values()]:
            if gone.person is None and (drill.row, "leader") not in gone.values:
                continue
            bare = {} if drill.state in OPEN else _bare(drill, gone)
            if bare:
                self.change(decision, drill.id, **bare)
            for press in [one for of in self.presses[drill.id].values() for one in of if one.by]:
                if gone.person in (None, press.by):
                    self.keep_press(decision, drill.id, replace(press, by=FORGOTTEN))

    def needs(self, gone: Gone) -> list[Drill]:
        """Return the drills that are not over and bear a name that is to go: it stays until they are."""
        return [
            timed.drill
            for timed in self.drills.values()
            if timed.drill.state in OPEN
            and (
                (timed.drill.row, "leader") in gone.values
                or gone.person in (timed.drill.leader, timed.drill.by)
            )
        ]

    def write(self, decision: Decision) -> None:
        """Write the drills down."""
        kept = _Kept(self.number, tuple(timed.drill for timed in self.drills.values()))
        decision.facts[FACT] = msgspec.json.encode(kept).decode()

    def _write_presses(self, decision: Decision, drill_id: str, device: str) -> None:
        kept = _KeptPresses(drill_id, self.presses[drill_id][device])
        name = f"{PRESSES}{self.drills[drill_id].drill.place} {device}"
        decision.facts[name] = msgspec.json.encode(kept).decode()

    def forget_old(self, decision: Decision) -> None:
        """Let go of the oldest drills that are over: what was pressed in them and comes now is real."""
        for state in ("ended", "cancelled"):
            over = [
                name
                for name, timed in self.drills.items()
                if timed.drill.state == state and not self.waiting(name)
            ]
            for name in over[:-KEPT]:
                place = self.drills[name].drill.place
                facts = {f"{PRESSES}{place} {device}": LET_GO for device in self.presses[name]}
                decision.facts.update(facts)
                del self.drills[name], self.presses[name]
                self._ledger.view.drills.pop(name, None)

    def rewrite(self, decision: Decision, now: Now, moved_ms: int) -> dict[str, list[DrillPress]]:
        """Store every moment anew, after the wall clock jumped.

        What is planned goes by the wall clock. Where the machine was started anew meanwhile and its clock
        is only now set right, how long it was away is known only now: drills and presses of before were
        when they were. Returns what those drills took since the start, to be judged again.
        """
        known_now = moved_ms > 0 and self._away
        again: dict[str, list[DrillPress]] = {}
        for drill_id, timed in list(self.drills.items()):
            of_before = known_now and drill_id in self._of_before
            if timed.drill.state == "planned" or of_before:
                self.drills[drill_id] = _timed(timed.drill, now)
            else:
                self.drills[drill_id] = _rewritten(timed, now)
            for device, presses in self.presses[drill_id].items():
                self.presses[drill_id][device] = tuple(
                    press
                    if known_now and (drill_id, device, press.press.key) in self._recalled
                    else clock_moved(press, moved_ms)
                    for press in presses
                )
                self._write_presses(decision, drill_id, device)
            self.arm(drill_id, now)
            if of_before:
                again[drill_id] = [
                    press
                    for press in self.unanswered(drill_id)
                    if (drill_id, press.press.place.device, press.press.key) not in self._recalled
                ]
        if moved_ms > 0 and self._is_right:
            self._away = False
        if self.drills:
            self.write(decision)
            for drill_id in self.drills:
                self._show(drill_id, decision)
        return again

    def arm(self, drill_id: str, now: Now) -> None:
        """Ask to be looked at when something of a drill is due next."""
        timed = self.drills.get(drill_id)
        if timed is None:
            return
        moments = [to_mono(p.due, now) for p in self.waiting(drill_id) if p.due is not None]
        if timed.drill.state == "planned":  # one that is due waits only for the clock
            waits = timed.start <= now.mono and self.cannot_tell_when(drill_id)
            moments.append(now.mono + CLOCK_PAUSE_S if waits else timed.start)
        elif timed.drill.state == "running":
            moments.append(timed.end)
            if not timed.drill.reminded and (at := self.remind_at(timed)) < timed.end:
                moments.append(at)
        if moments:
            self._ledger.wake(min(moments), "drill", drill_id)

    def _show(self, drill_id: str, decision: Decision | None = None) -> None:
        view = self._ledger.view
        drill = self.drills[drill_id].drill
        presses = tuple(press for of in self.presses[drill_id].values() for press in of)

        def show() -> None:
            view.drills[drill_id] = (drill, presses)

        if decision is None:
            show()
        else:
            decision.shown.append(show)


def _bare(drill: Drill, gone: Gone) -> dict[str, str]:
    """Return what of a drill says a name that goes, as it is without."""
    said = {
        "leader": drill.leader,
        "by": drill.by,
        "ended_by": drill.ended_by,
        "why": drill.why if drill.ended_by is not None else None,  # it says who
        "why_real": drill.why_real,
    }
    if gone.person is None:
        return {name: FORGOTTEN for name in said if said[name] is not None}
    return {name: FORGOTTEN for name, text in said.items() if text is not None and gone.person in text}


def _timed(drill: Drill, now: Now) -> Timed:
    if drill.state != "planned":
        now = Now(now.mono, max(now.wall, drill.start))
    end = drill.until if drill.ended is None else drill.ended
    real_from = None if drill.real_from is None else to_mono(drill.real_from, now)
    return Timed(drill, to_mono(drill.start, now), to_mono(end, now), real_from)


def _rewritten(timed: Timed, now: Now) -> Timed:
    drill = timed.drill
    start, end = to_wall(timed.start, now), to_wall(timed.end, now)
    until = end if drill.ended is None else drill.until + start - drill.start
    real_from = None if timed.real_from is None else to_wall(timed.real_from, now)
    ended = None if drill.ended is None else end
    return timed._replace(drill=replace(drill, start=start, until=until, ended=ended, real_from=real_from))
