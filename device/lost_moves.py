"""Moves of a contact of which its pins told nothing: found only by reading them again. Pure."""

from __future__ import annotations

from typing import Final

from device.facts import How

LOST_S: Final = 1.0
"""A move that was found by reading again isn't lost when its own word comes within this."""


class LostMoves:
    """Those of one zone."""

    def __init__(self) -> None:
        self.lost = 0
        """Moves that were found only by reading again."""
        self._found_at: float | None = None
        """When a move was found by reading again, until its own word comes or is lost."""

    def moved(self, now: float, how: How) -> None:
        """Take a reading that is another than the one before."""
        self.lost += self._found_at is not None
        self._found_at = now if how == "again" else None

    def told(self) -> None:
        """Take the move's own word, which came after all."""
        self._found_at = None

    def lost_at(self) -> float | None:
        """Return when the move that was found is lost; None where none waits for its word."""
        return None if self._found_at is None else self._found_at + LOST_S

    def lose(self) -> None:
        """Count it as lost."""
        self._found_at = None
        self.lost += 1
