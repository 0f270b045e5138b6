"""What every part of a site writes with: its record, troubles and deadlines, and what all look up. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

from config.clock import Now, stamp
from config.hub_settings import HubSettings
from hub.decision import Decision, RecordRow
from hub.directory import Directory
from hub.inputs import ClockTrust
from hub.numbers import Numbers
from hub.troubles import Troubles
from hub.view import Trouble, View


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

    def next_deadline(self) -> float | None:
        """Return when something is due, in monotonic seconds; None when never."""
        return self._heap[0][0] if self._heap else None

    def due(self, mono: float) -> Iterator[tuple[str, str]]:
        """Take what is due: ``(what, key)`` as it was asked for."""
        while self._heap and self._heap[0][0] <= mono:
            _, _, what, key = heapq.heappop(self._heap)
            yield what, key

    def wake(self, at: float, what: str, key: str) -> None:
        """Ask to be looked at: ``what`` is course, delivery, device or flaws."""
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

    def trouble(
        self, decision: Decision, now: Now, key: str, what: str, detail: str, **where: str | None
    ) -> None:
        """Open a trouble, or count it."""
        self.raised[key] = now.mono
        trouble, is_new = self.troubles.raise_(key, what, detail, now.wall, **where)
        decision.troubles.append(trouble)
        self._show_trouble(decision, trouble)
        if is_new:
            self.record(decision, now, "trouble", what, detail={"key": key, "detail": detail, **where})

    def restore(self, decision: Decision, now: Now, key: str) -> None:
        """Close a trouble, if it is open."""
        trouble = self.troubles.restore(key, now.wall)
        self.raised.pop(key, None)
        if trouble is None:
            return
        decision.troubles.append(trouble)
        decision.shown.append(lambda: self.view.drop_trouble(key))
        ended = {"key": key, "since": stamp(trouble.since)}
        self.record(decision, now, "trouble-restored", trouble.what, detail=ended)

    def _show_trouble(self, decision: Decision, trouble: Trouble) -> None:
        decision.shown.append(lambda: self.view.troubles.__setitem__(trouble.key, trouble))
