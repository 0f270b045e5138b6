"""Incident numbers, which people say: reserved in the store ahead of use. Pure.

One that may have been said is never given again: after a crash the count goes on behind what was
reserved; after a clean stop it goes on where it stood.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

MARGIN: Final = 20
"""Numbers reserved ahead, beside twice those that may be taken at once; a crash skips at most as many.

The reserve is renewed at half: while the disk is hung, and nothing reserved is stored, there is one for
each incident that may open."""
UNKNOWN: Final = 2000
"""Numbers skipped beyond the highest that the store has, where it can't say what was reserved."""


class Reserve(Struct, frozen=True):
    """What is stored of it."""

    next: int = 1
    reserved: int = 1
    clean: bool = True
    """The hub had stopped when it was stored."""


class Numbers:
    """The next incident number of a site."""

    def __init__(self, kept: Reserve | None, at_once: int) -> None:
        """``at_once``: how many incidents may open at once."""
        found = kept or Reserve()
        self._next = found.next if found.clean else found.reserved
        self.killed: bool = not found.clean
        """The hub before this one did not stop by itself: it may have told what no store holds."""
        self._reserved = self._next
        self.retune(at_once)

    def retune(self, at_once: int) -> None:
        """Reserve as many as the settings ask for now."""
        self._margin = MARGIN + 2 * at_once

    def take(self) -> int:
        """Return the next number."""
        self._next += 1
        return self._next - 1

    def skip_to(self, number: int) -> None:
        """Go on with this number at least: a hub of which nothing is known may have given those before."""
        self._next = max(self._next, number)

    def after_another(self, number: int) -> None:
        """Go on with this number at least, as after a kill: another hub went on from here, and told of it."""
        self.skip_to(number)
        self.killed = True

    def unknown(self, highest: int) -> None:
        """Go on though it can't be read what was reserved: ``highest`` is what the store has of them."""
        self.after_another(highest + 1 + UNKNOWN)

    @property
    def latest(self) -> int:
        """The highest number that may have been given."""
        return self._next - 1

    def reserve(self) -> str | None:
        """Return what to store, when the reserve runs low; None while it doesn't."""
        if self._reserved - self._next >= self._margin // 2:
            return None
        self._reserved = self._next + self._margin
        return self._kept(clean=False)

    def stopped(self) -> str:
        """Return what to store at a clean stop: nothing is skipped."""
        return self._kept(clean=True)

    def _kept(self, *, clean: bool) -> str:
        return msgspec.json.encode(Reserve(self._next, self._reserved, clean)).decode()
