"""The sequence numbers of DC-09 messages: 1 to 9999, and again. Pure.

Reserved in the store ahead of use, in blocks: none that may have been sent is soon another message's, which
a receiver might take for a repeat.
"""

from __future__ import annotations

from typing import Final

from hub.dc09.frame import LAST_SEQUENCE

BLOCK: Final = 100
"""Numbers reserved at a time: a crash skips at most as many."""


class Sequence:
    """The next number of one channel."""

    def __init__(self, reserved: int | None) -> None:
        """``reserved`` is what the store has: the first number that was not reserved yet."""
        found = reserved if reserved is not None and 1 <= reserved <= LAST_SEQUENCE else 1
        self._next = found
        self._left = 0

    def take(self) -> tuple[int, int | None]:
        """Return the next number, and what is to be stored with it, if anything."""
        kept = None
        if self._left == 0:
            self._left = BLOCK
            kept = _after(self._next, BLOCK)
        number = self._next
        self._next = _after(number, 1)
        self._left -= 1
        return number, kept


def _after(number: int, by: int) -> int:
    return (number - 1 + by) % LAST_SEQUENCE + 1
