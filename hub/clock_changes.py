"""The wall clock is set: what follows from that in every part of a site. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config.clock import Now
from hub.decision import Decision
from hub.kept_course import ANCHOR, Anchor
from hub.ledger import Ledger

Rewrite = Callable[[Decision, int, Now], object]
"""Takes a part's stored moments by a wall clock that has jumped by so many ms."""


class ClockChanges:
    """Says that the wall clock was set, to the record and to the parts of a site."""

    def __init__(self, ledger: Ledger, rewrites: Sequence[Rewrite]) -> None:
        """``rewrites`` are of the parts that keep moments, in order."""
        self._ledger = ledger
        self._rewrites = rewrites

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
        for rewrite in self._rewrites:
            try:
                rewrite(decision, moved_ms, now)
            except Exception as error:  # noqa: BLE001 - the others' state has taken the jump: it must be kept
                what = getattr(rewrite, "__qualname__", "a part")
                ledger.failed(decision, f"{what} failed as the wall clock jumped", error, now)
