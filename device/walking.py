"""The walk test of a room as it is, and as its lamps show it. Pure.

The two differ by silent presses alone: the hub is told what is real, and the lamps, which hear of none
of those, go on as if nobody had pressed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from device import walk_memory
from device.actions import Remember
from device.decided import Decided
from device.signals import SILENT_KINDS
from device.walk_test import WalkTest
from device.zone import Zone


class Judged(NamedTuple):
    """What an alarm is in a walk test."""

    test: bool
    looks_like_test: bool
    """What it may be shown as in its room."""
    real_after_all: tuple[tuple[str, float], ...] = ()
    """Zones whose earlier press was taken as a test, and when that was."""


class Walking:
    """Both, and the commands that began them."""

    def __init__(self, boot: str) -> None:
        self.real = WalkTest()
        self._shown = WalkTest()
        self._boot = boot
        self._begun: deque[str] = deque(maxlen=walk_memory.KEPT)

    def advance(self, mono: float) -> bool:
        """Let what is over be over; returns whether any zone went live."""
        self._shown.advance(mono)
        return self.real.advance(mono)

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next."""
        due = (self.real.next_deadline(), self._shown.next_deadline())
        return min((at for at in due if at is not None), default=None)

    def shows(self, zone: str) -> bool:
        """Whether a zone's lamp shows a walk test."""
        return self.real.has(zone) or self._shown.has(zone)

    def begin(self, command: str, zones: Iterable[str], now: float, until: float) -> Remember:
        """Begin one by a command; returns what to remember of it over a restart."""
        names = list(zones)
        self.real.start(names, now, until)
        self._shown.start(names, now, until)
        return self._remember(command)

    def end(self, command: str) -> Remember:
        """End it by a command; returns what to remember of that over a restart."""
        self._end()
        return self._remember(command)

    def end_if_old(self, old: frozenset[str]) -> bool:
        """End the one that was begun by a command of the start before; returns whether there was one."""
        is_old = bool(self._begun) and self._begun[-1] in old and bool(self.real)
        if is_old:
            self._end()
        return is_old

    def restored(self, zone: str, at: float) -> bool:
        """Take a restoral; returns whether it is that of a test."""
        self._shown.restored(zone, at)
        return self.real.restored(zone, at)

    def alarm(self, zone: Zone, alarm: Decided) -> Judged:
        """Take an alarm of a zone."""
        name = zone.settings.zone
        if alarm.held:
            self.real.held(name)
            self._shown.held(name)
            return Judged(test=False, looks_like_test=False)
        began, is_certain = alarm.began, alarm.cause is None
        verdict = self.real.pressed(name, alarm.at, began=began, is_certain=is_certain)
        looks = verdict.test
        if zone.kind not in SILENT_KINDS:
            shown = self._shown.pressed(name, alarm.at, began=began, is_certain=is_certain)
            looks = looks or shown.test
        return Judged(verdict.test, looks, verdict.real_after_all)

    def _end(self) -> None:
        self.real.end()
        self._shown.end()

    def _remember(self, command: str) -> Remember:
        self._begun.append(command)
        return walk_memory.remember(self._boot, self._begun)
