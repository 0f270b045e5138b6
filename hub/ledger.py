"""What every part of a site writes with: its record, troubles and deadlines, and what all look up. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now, stamp
from config.hub_settings import HubSettings
from hub.decision import Decision, RecordRow
from hub.directory import Directory
from hub.flap import Flaps
from hub.inputs import ClockTrust
from hub.numbers import Numbers
from hub.troubles import Troubles
from hub.view import Trouble, View

NEVER_HELD: Final = frozenset({"store", "unanswered", "reach"})
"""Troubles that are what they say at every moment: that of the disk, of an incident, and the beat's word."""


class Ledger:
    """One site's record, open troubles, incident numbers and deadlines."""

    def __init__(
        self,
        settings: HubSettings,
        directory: Directory,
        view: View,
        troubles: Troubles,
        numbers: Numbers,
        seq: int,
    ) -> None:
        """``seq`` is the highest number in the record so far."""
        self.settings = settings
        self.directory = directory
        self.view = view
        self.troubles = troubles
        self.numbers = numbers
        self.clock = ClockTrust(None)
        """How far the wall clock is trusted now."""
        self.raised: dict[str, float] = {}
        """When each open trouble was last raised, in monotonic seconds, as far as that is known."""
        self._seq = seq
        self._heap: list[tuple[float, int, str, str]] = []
        self._tie = 0
        self._flaps = Flaps()
        self.touched: dict[str, None] = {}
        """Devices of which something changed in this decision."""
        self.news: dict[str, Trouble] = {}
        """Troubles that opened or were restored in this decision, by their keys."""

    @property
    def late_after_ms(self) -> int:
        """How old an alarm is told as late."""
        return round(self.settings.late_after_s * 1000)

    def next_deadline(self) -> float | None:
        """Return when something is due, in monotonic seconds; None when never."""
        return self._heap[0][0] if self._heap else None

    def due(self, mono: float) -> Iterator[tuple[str, str]]:
        """Take what is due: ``(what, key)`` as it was asked for."""
        while self._heap and self._heap[0][0] <= mono:
            _, _, what, key = heapq.heappop(self._heap)
            yield what, key

    def wake(self, at: float, what: str, key: str) -> None:
        """Ask to be looked at: ``what`` is one of those that :class:`hub.site.Site` knows."""
        self._tie += 1
        heapq.heappush(self._heap, (at, self._tie, what, key))

    def record(
        self,
        decision: Decision,
        now: Now,
        what: str,
        reason: str,
        *,
        incident: str | None = None,
        stream: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> int:
        """Add a line to the record; returns its number."""
        self._seq += 1
        decision.record.append(RecordRow(self._seq, now.wall, what, reason, incident, stream, detail or {}))
        return self._seq

    def skip_rows_to(self, seq: int) -> None:
        """Let the record's next row bear this number at least: the ones before may be another record's."""
        self._seq = max(self._seq, seq - 1)

    def trouble(
        self, decision: Decision, now: Now, key: str, what: str, detail: str, **where: str | None
    ) -> None:
        """Open a trouble, or count it."""
        self._flaps.opened(key)
        self.raised[key] = now.mono
        trouble, is_new = self.troubles.raise_(key, what, detail, now.wall, **where)
        self._changed(decision, trouble, is_news=is_new)
        if is_new:
            self.record(decision, now, "trouble", what, detail={"key": key, "detail": detail, **where})

    def failed(self, decision: Decision, what: str, error: Exception, now: Now) -> None:
        """Say that our own code failed on something: what was decided besides stands."""
        self.trouble(decision, now, "hub fault", "hub-fault", f"{what}: {error!r}"[:300])

    def known(self, key: str) -> Trouble | None:
        """Return the trouble of this key if it is so now: open, and not merely held open."""
        return None if self._flaps.is_resting(key) else self.troubles.open.get(key)

    def restore(self, decision: Decision, now: Now, key: str, *, for_good: bool = False) -> None:
        """Close a trouble, if it is open; one that comes and goes is held until it has been quiet.

        ``for_good``: what it was about is gone, or it has been quiet.
        """
        trouble = self.troubles.open.get(key)
        if trouble is None or (self._flaps.is_resting(key) and not for_good):
            return
        if not for_good and trouble.what not in NEVER_HELD and self._flaps.holds(key, now.mono):
            self._hold(decision, trouble, now)
            return
        if for_good:
            self._flaps.over(key)
        ended = self.troubles.restore(key, now.wall)
        self.raised.pop(key, None)
        assert ended is not None  # noqa: S101 - it was open
        decision.troubles.append(ended)
        decision.shown.append(lambda: self.view.drop_trouble(key))
        self._note(ended)
        detail = {"key": key, "since": stamp(trouble.since)}
        self.record(decision, now, "trouble-restored", trouble.what, detail=detail)

    def mark(self, decision: Decision, trouble: Trouble) -> None:
        """Keep an open trouble of which something else is known now."""
        self._changed(decision, trouble, is_news=False)

    def tell_anew(self, decision: Decision, trouble: Trouble) -> None:
        """Let people be told of an open trouble as if it opened now."""
        anew = replace(trouble, told_at=None)
        self._changed(decision, anew, is_news=True)

    def go_on_holding(self, now: Now) -> None:
        """At a start: hold on to what was held, for no longer than it is always held."""
        for key, trouble in self.troubles.open.items():
            if trouble.well_since is not None:
                self._flaps.rest(key, now.mono)
                self._wake_held(key)

    def let_go(self, decision: Decision, key: str, now: Now) -> None:
        """Restore a held trouble, if it has been quiet."""
        at = self._flaps.quiet_at(key)
        if at is not None and at <= now.mono:
            self.restore(decision, now, key, for_good=True)

    def _hold(self, decision: Decision, trouble: Trouble, now: Now) -> None:
        if not trouble.flapping:
            reason = "it came and went again and again: held open until it has been quiet"
            self.record(decision, now, "trouble-held", reason, detail={"key": trouble.key})
        held = replace(trouble, flapping=True, well_since=now.wall)
        self._changed(decision, held, is_news=False)
        self._wake_held(trouble.key)

    def _wake_held(self, key: str) -> None:
        at = self._flaps.quiet_at(key)
        assert at is not None  # noqa: S101 - it is held
        self.wake(at, "held", key)

    def _changed(self, decision: Decision, trouble: Trouble, *, is_news: bool) -> None:
        self.troubles.keep(trouble)
        decision.troubles.append(trouble)
        decision.shown.append(lambda: self.view.troubles.__setitem__(trouble.key, trouble))
        if is_news:
            self._note(trouble)
        elif trouble.device is not None:
            self.touched[trouble.device] = None

    def _note(self, trouble: Trouble) -> None:
        self.news[trouble.key] = trouble
        if trouble.device is not None:
            self.touched[trouble.device] = None
