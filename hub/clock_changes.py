"""The wall clock is set, or is trusted more or less: what follows from that in every part of a site. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from config.clock import Now
from hub.decision import Decision
from hub.inputs import ClockTrust
from hub.kept_course import ANCHOR, Anchor
from hub.ledger import Ledger

Rewrite = Callable[[Decision, int, Now], object]
"""Takes a part's stored moments by a wall clock that has jumped by so many ms."""
Heed = Callable[[Decision, ClockTrust, Now], object]


class ClockChanges:
    """Says what has become of the wall clock, to the record and to the parts of a site."""

    def __init__(self, ledger: Ledger, rewrites: Mapping[str, Rewrite], heeds: Sequence[Heed]) -> None:
        """``rewrites`` are the parts that keep moments, each with its name, in order."""
        self._ledger = ledger
        self._rewrites = rewrites
        self._heeds = heeds

    def jumped(self, decision: Decision, moved_ms: int, boot: str | None, now: Now) -> None:
        """Have every part write its moments anew; a fault of our own in one holds up no other.

        What a part has taken by then, such as a press that is real after all, is told and kept.
        """
        ledger = self._ledger
        way = "forward" if moved_ms > 0 else "back"
        reason = f"the wall clock jumped {way} by {abs(moved_ms) / 1000:.1f} s; deadlines are anchored anew"
        detail = {**ledger.clock.detail, "moved_ms": moved_ms}
        ledger.record(decision, now, "clock-jumped", reason, detail=detail)
        decision.facts[ANCHOR] = Anchor(boot, now.mono, now.wall).kept()
        for what, rewrite in self._rewrites.items():
            try:
                rewrite(decision, moved_ms, now)
            except Exception as error:  # noqa: BLE001 - the others' state has taken the jump: it must be kept
                ledger.failed(decision, f"{what} could not follow the wall clock", error, now)

    def trusted(self, decision: Decision, fact: ClockTrust, now: Now) -> None:
        """Write down a change of how far the wall clock can be trusted."""
        ledger = self._ledger
        was, ledger.clock = ledger.clock, fact
        for heed in self._heeds:
            heed(decision, fact, now)
        if fact.synced is was.synced:
            return
        if fact.synced:
            reason = "the wall clock is kept right from now on"
        else:
            reason = f"whether the wall clock is right is {fact.words}" if fact.synced is None else ""
            reason = reason or "nobody keeps the wall clock right any more"
        what = "clock-synchronised" if fact.synced else "clock-lost"
        ledger.record(decision, now, what, reason, detail={**fact.detail, "was": was.words})
