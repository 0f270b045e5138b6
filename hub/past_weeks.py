"""The weeks of doors that are over: corrected by what came late, signed, and let go of. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from config.clock import Now, stamp
from config.contract import shown
from hub.asking import Answer, DoorWeekSigned, Refused, SignDoorWeek
from hub.decision import Decision
from hub.door_rules import Where
from hub.door_week import DoorWeek, Signature, counts_json
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone

KEPT: Final = 26
"""Weeks that are over and are shown; the record and its export have them all."""
CORRECTED_S: Final = 60.0
"""Seconds in which what comes late is gathered into one correction."""
_WEEK: Final = "door-week "


class PastWeeks:
    """The latest weeks that are over."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._weeks: dict[str, DoorWeek] = {}
        for _, week in facts.each(_WEEK, DoorWeek):
            self._weeks[week.week] = ledger.view.door_weeks[week.week] = week
        if any(week.unwritten for week in self._weeks.values()):
            ledger.wake(now.mono, "door-week", "")

    def has(self, week: str) -> bool:
        """Tell whether a week is one of them."""
        return week in self._weeks

    def end(self, decision: Decision, week: DoorWeek, now: Now) -> None:
        """Keep a week that is over; one that ends again, by a clock that was put back, is added to."""
        before, why = self._weeks.get(week.week), "the week is over"
        if before is not None:
            week, why = _added(before, week), "corrected: it went on, by the clock as it is now"
        self._put(decision, week, why, now)

    def correct(
        self, decision: Decision, week: str, where: Where, *, longest_ms: int = 0, **more: int
    ) -> None:
        """Take what was told late into a week that is over; it is written down as a correction soon.

        It is another version at once: who signed before it is seen to have signed the one before.
        """
        over = self._weeks.get(week)
        door = None if over is None else next((d for d in over.doors if (d.device, d.zone) == where), None)
        if over is None or door is None or (longest_ms <= door.longest_ms and not any(more.values())):
            return
        sums = {name: getattr(door, name) + value for name, value in more.items()}
        after = replace(door, longest_ms=max(door.longest_ms, longest_ms), **sums)
        if not over.unwritten or any(one.version == over.version for one in over.signatures):
            over = replace(over, version=over.version + 1, before=over.doors, unwritten=True)
        self._store(decision, replace(over, doors=tuple(after if d is door else d for d in over.doors)))
        self._ledger.wake(decision.decided + CORRECTED_S, "door-week", "")

    def write_down(self, decision: Decision, now: Now) -> None:
        """Write down what corrected an earlier week."""
        for week in [one for one in self._weeks.values() if one.unwritten]:
            self._put(decision, replace(week, unwritten=False), "corrected: a door told late", now)

    def sign(self, decision: Decision, action: SignDoorWeek, now: Now) -> Answer:
        """Take a person's signature; a second one, or one on a correction, is another row."""
        week = self._weeks.get(action.week)
        if week is None:
            return Refused("not-found", f"no week {shown(action.week)!r} in the record of doors")
        if action.version not in (None, week.version):
            why = f"week {week.week} is at version {week.version} now: {_changed(week)[:500]}"
            return Refused("not-in-this-state", why, f"version {week.version}", (f"version {week.version}",))
        if not action.exceptions and week.must_be_explained:
            found = "; ".join(f"{one.name} {one.broken}" for one in week.doors if one.broken)
            why = f"week {week.week} has exceptions ({found[:500]}): say what you found of them"
            return Refused("bad-input", why)
        seq = self._ledger.record(
            decision,
            now,
            "door-week-signed",
            f"week {week.week}, version {week.version}",
            detail={
                "week": week.week,
                "version": week.version,
                "by": action.by,
                "via": action.via,
                "note": action.exceptions,
            },
        )
        signature = Signature(action.by, action.via, now.wall, week.version, action.exceptions, seq)
        signed = replace(week, signatures=(*week.signatures, signature))
        self._store(decision, signed)
        return DoorWeekSigned(signed)

    def forget(self, decision: Decision, gone: Gone) -> None:
        """Let go of who signed, and what they said, as the record does."""
        for week in list(self._weeks.values()):
            kept = tuple(
                replace(
                    one,
                    by=FORGOTTEN if gone.names(one.seq, "by", one.by) else one.by,
                    exceptions=FORGOTTEN if gone.names(one.seq, "note", one.exceptions) else one.exceptions,
                )
                for one in week.signatures
            )
            if kept != week.signatures:
                self._store(decision, replace(week, signatures=kept))

    def _put(self, decision: Decision, week: DoorWeek, why: str, now: Now) -> None:
        detail: dict[str, Any] = {
            "week": week.week,
            "version": week.version,
            "first": stamp(week.first),
            "last": stamp(week.last),
            "doors": counts_json(week.doors),
        }
        self._ledger.record(decision, now, "door-week", f"{week.week}: {why}", detail=detail)
        self._store(decision, week)

    def _store(self, decision: Decision, week: DoorWeek) -> None:
        self._weeks[week.week] = week
        gone = sorted(self._weeks)[:-KEPT]
        for name in gone:
            del self._weeks[name]
        # Under one of so many names, so that what is stored doesn't grow.
        slot = week.first // (7 * 86_400_000) % KEPT
        decision.facts[f"{_WEEK}{slot}"] = msgspec.json.encode(week).decode()
        view = self._ledger.view

        def show() -> None:
            view.door_weeks[week.week] = week
            for name in gone:
                view.door_weeks.pop(name, None)

        decision.shown.append(show)


def _added(before: DoorWeek, more: DoorWeek) -> DoorWeek:
    """Return a week with what was counted in it after it was taken to be over."""
    known = {(one.device, one.zone): one for one in before.doors}
    for one in more.doors:
        if (first := known.get((one.device, one.zone))) is not None:
            sums = {name: getattr(first, name) + getattr(one, name) for name in _SUMS}
            one = replace(one, longest_ms=max(first.longest_ms, one.longest_ms), **sums)
        known[one.device, one.zone] = one
    return replace(
        before, doors=tuple(known.values()), version=before.version + 1, before=before.doors, unwritten=False
    )


_SUMS: Final = ("opened", "held_open", "after_hours", "secure", "faults", "unknown_ms")


def _changed(week: DoorWeek) -> str:
    """Return what its latest correction changed, in words."""
    before = {(one.device, one.zone): asdict(one) for one in week.before}
    found = []
    for door in week.doors:
        was = before.get((door.device, door.zone), {})
        now = asdict(door)
        names = [name for name in (*_SUMS, "longest_ms") if now[name] != was.get(name, 0)]
        found += [f"{door.name}: {name} {was.get(name, 0)}, now {now[name]}" for name in names]
    return "; ".join(found) or "no earlier one is known"
