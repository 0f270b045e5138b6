"""Slows down those who guess. Pure but for what it remembers.

Kept in memory, by name and lane together (:mod:`hub.console.sign_in.lanes`): nobody can lock out somebody
else from elsewhere, and nobody is ever kept out for more than 30 s.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final, NamedTuple

FREE: Final = 3
"""Wrong ones that cost nothing: people mistype."""
LONGEST_S: Final = 30.0
FORGET_S: Final = 900.0
BESIDE: Final = 10
"""Tries within :data:`LONGEST_S` of those who have waited that long, beside a lane that is kept busy."""
COUNTED: Final = 1000
KEPT: Final = 10_000


class _Failures(NamedTuple):
    times: int
    last: float


class Attempts:
    """Failed sign-ins of late, by name and lane."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._beside: OrderedDict[tuple[str, str], deque[tuple[float, str]]] = OrderedDict()

    def wait_s(self, name: str, lane: str, mono: float) -> float:
        """Return the seconds until this name may be tried again in this lane; 0 is now."""
        failures = self._failures.get((name, lane))
        if failures is None or failures.times < FREE:
            return 0.0
        pause = min(2.0 ** (failures.times - FREE), LONGEST_S)
        return max(0.0, failures.last + pause - mono)

    def beside(self, name: str, lane: str, waited: str, mono: float) -> bool:
        """Tell whether somebody who has waited for the longest pause may try though the lane is busy.

        Each who waits, by what ``waited`` names, once in that time; and so many of them together.
        """
        tries = self._beside.pop((name, lane), deque())
        while tries and mono - tries[0][0] >= LONGEST_S:
            tries.popleft()
        may = len(tries) < BESIDE and all(waited != one for _, one in tries)
        if may:
            tries.append((mono, waited))
        self._beside[name, lane] = tries
        while len(self._beside) > KEPT:
            self._beside.popitem(last=False)
        return may

    def failed(self, name: str, lane: str, mono: float) -> int:
        """Count a wrong one; returns how many there were of late."""
        was = self._failures.pop((name, lane), None)
        count = 0 if was is None or mono - was.last > FORGET_S else was.times
        self._failures[name, lane] = _Failures(min(count + 1, COUNTED), mono)
        while len(self._failures) > KEPT:
            self._failures.popitem(last=False)
        return self._failures[name, lane].times

    def passed(self, name: str, lane: str) -> None:
        """Forget the failures of someone who then knew it."""
        self._failures.pop((name, lane), None)
