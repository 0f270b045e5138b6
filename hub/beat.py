"""The hub's beat: what it says, and when. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from hub.readiness import Readiness

BEAT_S: Final = 10.0
"""Seconds between beats, each with a commit of its own."""
BIRTH_BEAT_S: Final = 1.0
"""Seconds at least between two beats that births ask for."""


class Word(Struct, frozen=True):
    """What a beat says."""

    ready: bool
    why: str | None
    reach: bool | None


class Beat:
    """When the next beat is due: every 10 s, at a change of its word, and soon after a birth."""

    def __init__(self, mono: float) -> None:
        self.readiness = Readiness(mono)
        self.word = Word(ready=False, why="starting", reach=None)
        self._said: Word | None = None
        self._at = mono - BEAT_S
        self._next = mono

    @property
    def deadline(self) -> float:
        """When the next beat is due, in monotonic seconds, unless its word changes before."""
        return self._next

    def connected(self) -> None:
        """Say the word again soon: a connection is new, or a broker's events come or fail to come now."""
        self._said = None

    def birth(self, mono: float) -> None:
        """An agent's lamp shows fault until it hears a beat: soon, but no more than one a second."""
        self._next = min(self._next, max(mono, self._at + BIRTH_BEAT_S))

    def look(self, mono: float, oldest_waiting: float | None, reach: bool | None) -> tuple[bool, bool]:
        """Take the hub's state; returns whether to say :attr:`word` now, and whether to commit with it."""
        ready, why = self.readiness.word(mono, oldest_waiting)
        self.word = Word(ready, why, reach)
        due = mono >= self._next
        if due:
            self._at, self._next = mono, mono + BEAT_S
        if not due and self._said == self.word:
            return False, False
        self._said = self.word
        return True, due
