"""Which events of an agent are missing, by their numbers. Pure.

Copies come out of order, over several brokers, and after a restart of the hub from the middle: a number
is missing only if a higher one of its boot has come, and it is a gap only once that lasts.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

GAP_S: Final = 60.0
"""Seconds in which what comes out of order comes: an agent repeats after 1 s and backs off to 30."""
FORGOTTEN_S: Final = 86_400.0
BOOTS_KEPT: Final = 4
HOLES_KEPT: Final = 64
"""Holes of one boot that are kept apart; of more, the oldest are let go."""
_GIVEN_UP: Final = re.compile(r"(.+)-([0-9]{1,16})(?:\.\.([0-9]{1,16}))?(?:\(([0-9]{1,16})\))?")


class Hole(NamedTuple):
    """Numbers that are missing, the first and the last."""

    first: int
    last: int
    since: float
    """Monotonic seconds: when a higher one came."""


class _Boot:
    def __init__(self, highest: int) -> None:
        self.highest = highest
        self.holes: list[Hole] = []

    def missing(self, first: int, last: int) -> int:
        """Return how many of these numbers are missing."""
        return sum(max(0, min(h.last, last) - max(h.first, first) + 1) for h in self.holes)

    def fill(self, first: int, last: int) -> None:
        """Take numbers out of the holes."""
        rest = []
        for hole in self.holes:
            if hole.last < first or hole.first > last:
                rest.append(hole)
                continue
            if hole.first < first:
                rest.append(hole._replace(last=first - 1))
            if hole.last > last:
                rest.append(hole._replace(first=last + 1))
        self.holes = rest[-HOLES_KEPT:]


class Sequence:
    """The numbers of one device's events, by its boots."""

    def __init__(self, known_boot: str | None = None) -> None:
        """``known_boot``: one that was heard before this hub started, of which some may have come then."""
        self._known = known_boot
        self._boots: OrderedDict[str, _Boot] = OrderedDict()

    def came(self, boot: str, seq: int, mono: float) -> None:
        """Take one event's number."""
        known = self._boots.get(boot)
        if known is None:
            # Of a boot that began before the hub did, what came before is in the record.
            known = self._begin(boot, seq - 1 if boot == self._known or self._known is None else 0)
        if seq > known.highest:
            if seq > known.highest + 1:
                known.holes.append(Hole(known.highest + 1, seq - 1, mono))
                known.holes = known.holes[-HOLES_KEPT:]
            known.highest = seq
        else:
            known.fill(seq, seq)

    def heard_first(self, boot: str) -> None:
        """A boot that is heard for the first time now: nothing of it can have come before."""
        if self._known is None:
            self._known = ""
        if boot not in self._boots and boot != self._known:
            self._begin(boot, 0)

    def _begin(self, boot: str, highest: int) -> _Boot:
        begun = self._boots[boot] = _Boot(highest)
        if len(self._boots) > BOOTS_KEPT:
            self._boots.popitem(last=False)
        return begun

    def given_up(self, names: Iterable[str]) -> None:
        """Account for events that the agent says it gave up: ``boot-7``, ``boot-7..12``.

        ``boot-7..120(35)`` are 35 of that span: no gap, if no more than those are missing in it.
        """
        for name in names:
            found = _GIVEN_UP.fullmatch(name)
            if found is None or (known := self._boots.get(found[1])) is None:
                continue
            first = int(found[2])
            last = int(found[3] or first)
            if found[4] is None or known.missing(first, last) <= int(found[4]):
                known.fill(first, last)

    def gaps(self, mono: float) -> list[tuple[str, Hole]]:
        """Return the holes that have lasted, each with its boot; after a day one is let go."""
        for known in self._boots.values():
            known.holes = [hole for hole in known.holes if mono - hole.since < FORGOTTEN_S]
        return [
            (boot, hole)
            for boot, known in self._boots.items()
            for hole in known.holes
            if mono - hole.since >= GAP_S
        ]

    def forgive(self, mono: float) -> None:
        """Let go of the holes that have lasted."""
        for known in self._boots.values():
            known.holes = [hole for hole in known.holes if mono - hole.since < GAP_S]

    def deadline(self, mono: float) -> float | None:
        """Return when the next hole has lasted, if it isn't filled."""
        young = [h.since for known in self._boots.values() for h in known.holes if mono - h.since < GAP_S]
        return min(young) + GAP_S if young else None

    def is_whole(self, boot: str, seq: int) -> bool:
        """Tell whether all of a boot up to this number has come, as far as can be known."""
        known = self._boots.get(boot)
        return known is not None and seq <= known.highest + 1 and all(h.first > seq for h in known.holes)


def gap_words(gaps: list[tuple[str, Hole]]) -> str:
    """Say which events never came."""
    count = sum(hole.last - hole.first + 1 for _, hole in gaps)
    boot, hole = gaps[0]
    which = f"{hole.first}" if hole.first == hole.last else f"{hole.first} to {hole.last}"
    more = f", and others: {count} in all" if len(gaps) > 1 else ""
    return f"event {which} of its boot {boot[:32]} never came{more}"
