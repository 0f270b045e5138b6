"""The daily round: what is older than its time is removed, some at a time, and the head is said.

It runs on a thread of its own and only asks; the recorder decides each removal, with a row that names
every value, and the committer carries it out between two batches of presses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from config.clock import Clock
from config.record_settings import RetentionSettings
from hub.clock_watch import trust
from hub.inputs import ClockTrust, HeadRead, Input, RawOver, TimeOver

FIRST_S: Final = 300.0
"""Seconds after a start: rooms come first."""
EVERY_S: Final = 86_400.0
PAUSE_S: Final = 1.0
"""Seconds between two removals."""
DAY_MS: Final = 86_400_000
AGREES_DAYS: Final = (90, 14)
"""A clock that nobody keeps right is believed where the record has rows of between so many days ago: one
that was set years ahead is found in two weeks, before anything goes by it."""

Next = Callable[[int, tuple[int, str]], list[tuple[int, str]]]


class Store(Protocol):
    """Finds what is due: :class:`hub.store.retention.Due`."""

    def personal(self, before: int, after: tuple[int, str]) -> list[tuple[int, str]]:
        """Return the next of what names a person."""

    def payloads(self, before: int, after: tuple[int, str]) -> list[tuple[int, str]]:
        """Return the next of the events' payloads."""

    def quarantined(self, before: int) -> int:
        """Return how many messages are in quarantine from before this (wall ms)."""

    def goes_on(self, since: int, until: int) -> bool:
        """Tell whether the record has a row of between these moments (wall ms)."""


class Retention:
    """The thread of the daily round."""

    def __init__(
        self,
        settings: Callable[[], RetentionSettings],
        due: Store,
        head: Callable[[], tuple[int, str] | None],
        put: Callable[[Input], None],
        clock: Clock,
        trusted: Callable[[], ClockTrust] = trust,
    ) -> None:
        """``settings`` returns those that hold now, ``trusted`` how far the clock can be trusted."""
        self._settings = settings
        self._due = due
        self._head = head
        self._put = put
        self._clock = clock
        self._trusted = trusted
        self._stop = threading.Event()
        self._log = structlog.get_logger(part="retention")
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End; what is left is done another day."""
        self._stop.set()
        self._thread.join(timeout_s)

    def round(self) -> None:
        """Do one day's round."""
        head = self._head()
        if head is not None:
            self._log.info("record head", head=f"{head[0]}:{head[1]}")
            self._put(HeadRead(*head))
        now = self._clock.now().wall
        settings = self._settings()
        if not self._is_believed(now):
            self._log.warning(
                "nothing is removed: nobody keeps the clock right, and the record has nothing of the weeks"
                " before what it says"
            )
            return
        self._remove("what names a person", settings.personal_days, now, self._due.personal)
        self._remove("payloads of events", settings.payload_days, now, self._due.payloads)
        if settings.payload_days and (count := self._due.quarantined(now - settings.payload_days * DAY_MS)):
            why = f"messages in quarantine: older than {settings.payload_days} days"
            self._put(RawOver(why, now - settings.payload_days * DAY_MS, count))

    def _is_believed(self, now: int) -> bool:
        """Tell whether the clock may say what is old: what is removed by a wrong one never comes back."""
        oldest, newest = AGREES_DAYS
        return self._trusted().synced is True or self._due.goes_on(
            now - oldest * DAY_MS, now - newest * DAY_MS
        )

    def _run(self) -> None:
        wait = FIRST_S
        while not self._stop.wait(wait):
            wait = EVERY_S
            try:
                self.round()
            except Exception:  # noqa: BLE001 - a sick disk: another day
                self._log.exception("the daily round failed")

    def _remove(self, what: str, days: int, now: int, following: Next) -> None:
        if days == 0:
            return
        before, after = now - days * DAY_MS, (-1, "")
        while found := following(before, after):
            why = f"{what}: older than {days} days"
            self._put(TimeOver(why, tuple(found)))
            after = found[-1]
            if self._stop.wait(PAUSE_S):
                return
