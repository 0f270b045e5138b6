"""One voice call: dialled, followed by how it stands, ended by a key or by time. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.modem import scripts
from hub.modem.scripts import Said

LOOK_S: Final = 1.0
"""How often a call is asked after."""
RING_S: Final = 45.0
"""A call rings for so long from when it was dialled; then it is ended, and somebody else's turn."""
ANSWERED_S: Final = 30.0
"""A call that was answered waits so long for a key."""
_ACTIVE: Final = 0
_NO_KEY: Final = "answered, but no key was pressed: it may have been a mailbox"
_WORDS: Final = {
    "NO CARRIER": "the call ended",
    "NO ANSWER": "nobody answered",
    "BUSY": "busy",
    "NO DIALTONE": "the network takes no call",
    "NO DIAL TONE": "the network takes no call",
}


class CallOver(NamedTuple):
    """A call is over."""

    job: str
    why: str
    """Why nobody pressed a key; empty where somebody did."""
    stands: bool = False
    """It is to be ended."""


class Call:
    """A call under way. Times are monotonic seconds."""

    def __init__(self, job: str, to: str) -> None:
        self.job = job
        self._to = to
        self.due = 0.0
        """When it is to be dialled, or asked after."""
        self._ends_at = 0.0
        """0: not dialled yet."""
        self._answered = False
        self._dialled: list[str] = []
        self._stands: list[int | None] = []

    def begin(self, mono: float) -> Said:
        """Return what is to be said now."""
        self.due = mono + LOOK_S
        if not self._ends_at:
            self._ends_at = mono + RING_S
            return scripts.dial(self._to, self._dialled)
        return scripts.progress(self._stands)

    def look(self, mono: float) -> CallOver | None:
        """Take what the conversation that has just ended found of it; returns how it ended, if it did."""
        if self._dialled:
            final = self._dialled.pop()
            if final != "OK":
                return self.ended(final)
        if self._stands:
            state = self._stands.pop()
            if state is None:
                return self.ended("NO CARRIER")
            if state == _ACTIVE and not self._answered:
                self._answered = True
                self._ends_at = mono + ANSWERED_S
        if self._ends_at and mono >= self._ends_at:
            why = _NO_KEY if self._answered else f"rang for {RING_S:.0f} s, and nobody answered"
            return CallOver(self.job, why, stands=True)
        return None

    def ended(self, said: str) -> CallOver:
        """Return how it ended by the modem's own word."""
        return CallOver(self.job, _NO_KEY if self._answered else _WORDS.get(said, said))
