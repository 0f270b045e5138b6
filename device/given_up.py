"""The events that a full outbox gave up, named so that no gap in ``seq`` is a riddle. Pure.

Each run of them has a name: ``boot-7``, ``boot-7..12``. Where there are too many runs for one message, the
oldest of a boot are joined, and the name says how many of that span were given up: ``boot-7..120(35)``.
None is ever left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

NAMED: Final = 100
"""Names that are told at most."""
EARLIER: Final = "earlier"
"""In place of boot and span: so many more, where there are more boots than can be named."""
_NAME: Final = re.compile(r"(?P<boot>.+)-(?P<first>\d+)(\.\.(?P<last>\d+))?(\((?P<many>\d+)\))?")
_REST: Final = re.compile(rf"{EARLIER}\((\d+)\)")


class _Run(NamedTuple):
    """Of one boot's events from a ``seq`` to another so many were given up."""

    first: int
    last: int
    many: int

    @property
    def is_whole(self) -> bool:
        return self.many == self.last - self.first + 1


class GivenUp:
    """What was given up, of this boot and of those before."""

    def __init__(self, most: int = NAMED) -> None:
        self._most = most
        self._runs: dict[str, list[_Run]] = {}
        """Of each boot, the oldest first: its runs in order, none touching another."""
        self._earlier = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Name all of them."""
        named = [_name(boot, run) for boot, runs in self._runs.items() for run in runs]
        return (*([f"{EARLIER}({self._earlier})"] if self._earlier else []), *named)

    def add(self, boot: str, seq: int) -> None:
        """Note one more, which wasn't given up before."""
        self._take(boot, _Run(seq, seq, 1), is_new=True)

    def remember(self, names: Iterable[str]) -> None:
        """Take what was named before a restart; what is known already is known."""
        before, self._runs = self._runs, {}
        for name in names:
            if rest := _REST.fullmatch(name):
                self._earlier = max(self._earlier, int(rest[1]))
            elif found := _NAME.fullmatch(name):
                first = int(found["first"])
                last = int(found["last"] or first)
                many = int(found["many"] or last - first + 1)
                self._take(found["boot"], _Run(first, last, many), is_new=False)
        for boot, runs in before.items():
            for run in runs:
                self._take(boot, run, is_new=False)

    def _take(self, boot: str, run: _Run, *, is_new: bool) -> None:
        apart: list[_Run] = []
        for other in self._runs.get(boot, []):
            if other.last + 1 < run.first or run.last + 1 < other.first:
                apart.append(other)
            else:
                run = _joined(other, run, is_new=is_new)
        self._runs[boot] = sorted([*apart, run])
        while sum(map(len, self._runs.values())) + bool(self._earlier) > self._most:
            self._join_oldest()

    def _join_oldest(self) -> None:
        for boot, (one, *rest) in self._runs.items():
            if rest:
                two, *others = rest
                self._runs[boot] = [_Run(one.first, two.last, one.many + two.many), *others]
                return
        oldest = next(iter(self._runs))
        self._earlier += sum(run.many for run in self._runs.pop(oldest))


def _joined(one: _Run, two: _Run, *, is_new: bool) -> _Run:
    """Return one run of two that touch or overlap."""
    first, last = min(one.first, two.first), max(one.last, two.last)
    if is_new or one.last < two.first or two.last < one.first:
        return _Run(first, last, one.many + two.many)
    if one.is_whole and two.is_whole:
        return _Run(first, last, last - first + 1)
    return _Run(first, last, max(one.many, two.many))


def _name(boot: str, run: _Run) -> str:
    span = f"{boot}-{run.first}" + (f"..{run.last}" if run.last > run.first else "")
    return span if run.is_whole else f"{span}({run.many})"
