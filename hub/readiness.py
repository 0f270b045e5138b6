"""Whether the hub may say that it is ready: its loop turns, a session is up, its disk commits. Pure."""

from __future__ import annotations

from typing import Final

COMMIT_EVERY_S: Final = 15.0
"""Seconds without a commit that returned: one is made every 10."""
COMMIT_LATE_S: Final = 5.0
"""Seconds that a decision may wait for its commit."""


class Readiness:
    """The word that beats, ``/healthz`` and the outside ping follow."""

    def __init__(self, mono: float) -> None:
        self._sessions: set[int] = set()
        self.failing: str | None = None
        """Why the last try to commit failed; None when it didn't."""
        self._last_commit: float | None = None
        self._started = mono

    @property
    def sessions(self) -> frozenset[int]:
        """The brokers whose event session is up."""
        return frozenset(self._sessions)

    def session(self, broker: int, *, up: bool) -> bool:
        """Note that a broker's event session came up or went down; returns whether that is news."""
        if up == (broker in self._sessions):
            return False
        self._sessions ^= {broker}
        return True

    def committed(self, mono: float, why: str | None) -> None:
        """Note a commit that returned, or (``why``) one that failed."""
        self.failing = why
        if why is None:
            self._last_commit = mono

    def word(self, mono: float, oldest_waiting: float | None) -> tuple[bool, str | None]:
        """Return (ready, why not); ``oldest_waiting`` is when the oldest uncommitted decision was made."""
        if not self._sessions:  # presses come over any of them
            return False, "no session with the broker"
        if self.failing is not None:
            return False, f"the record cannot be written: {self.failing}"
        if self._last_commit is None:
            return False, "starting: nothing is committed yet"
        if oldest_waiting is not None and mono - oldest_waiting > COMMIT_LATE_S:
            return False, "the record has not been written for 5 s"
        if mono - self._last_commit > COMMIT_EVERY_S:
            return False, "the record has not been written for 15 s"
        return True, None
