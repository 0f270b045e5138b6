"""Troubles that come and go: held open until they have been quiet, so that nobody is told of each. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

TIMES: Final = 3
"""Openings and restorals within :data:`WINDOW_S` after which a trouble is held."""
WINDOW_S: Final = 600.0
QUIET_S: Final = 600.0
"""Seconds that a held trouble must be well before it is restored."""
KEYS_KEPT: Final = 4096


class Flaps:
    """How often each trouble was restored of late, and which are held open though they are well."""

    def __init__(self) -> None:
        self._restored: OrderedDict[str, deque[float]] = OrderedDict()
        self._held: set[str] = set()
        """Those that are held: each ends only once it has been quiet."""
        self._resting: dict[str, float] = {}
        """Those of them that are well, since then."""

    def opened(self, key: str) -> bool:
        """A trouble is wrong (again); returns whether it was held open meanwhile."""
        return self._resting.pop(key, None) is not None

    def holds(self, key: str, mono: float) -> bool:
        """A trouble is well: tell whether it is to be held open until it has been quiet."""
        if key in self._held:
            self._resting[key] = mono
            return True
        times = self._restored.setdefault(key, deque(maxlen=TIMES))
        self._restored.move_to_end(key)
        if len(self._restored) > KEYS_KEPT:
            self._restored.popitem(last=False)
        times.append(mono)
        if len(times) < TIMES or mono - times[0] > WINDOW_S:
            return False
        self.rest(key, mono)
        return True

    def rest(self, key: str, mono: float) -> None:
        """Hold a trouble that is well, from now."""
        self._held.add(key)
        self._resting[key] = mono

    def is_resting(self, key: str) -> bool:
        """Tell whether a trouble is well, and only held open."""
        return key in self._resting

    def quiet_at(self, key: str) -> float | None:
        """Return when a held trouble is to be restored; None where it isn't held."""
        since = self._resting.get(key)
        return None if since is None else since + QUIET_S

    def over(self, key: str) -> None:
        """A held trouble is restored, or gone: count anew."""
        self._resting.pop(key, None)
        self._held.discard(key)
        self._restored.pop(key, None)
