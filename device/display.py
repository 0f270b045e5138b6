"""What the outputs of a room are to be driven to: said once, when it changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from config.clock import Now
from config.contract import Posture
from device import press_memory
from device.actions import Action, Drive, say
from device.signals import Signals


class Display:
    """The room's outputs as they were driven last."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._levels: dict[str, float] = {}
        self._strobe: Posture | None = None
        self._pattern = ""

    def show(
        self, now: Now, ready_until: float, *, is_faulty: bool, in_walk_test: Iterable[str]
    ) -> list[Action]:
        """Return what changes now; ``ready_until``: how long the hub's last beat holds, monotonic."""
        signals = self._signals
        signals.heard(ready_until, now.mono)
        signals.idle(now.mono, is_faulty=is_faulty, in_walk_test=list(in_walk_test))
        done: list[Action] = []
        for output, level in signals.show(now.mono).items():
            if level != self._levels.get(output):
                self._levels[output] = level
                done.append(Drive(output, level))
        strobe = signals.strobe_to_remember()
        if strobe is not None and strobe != self._strobe:
            self._strobe = strobe
            done.append(press_memory.remember_strobe(strobe))
        pattern = signals.pattern(now.mono)
        if pattern != self._pattern:
            self._pattern = pattern
            done.append(say("info", "lamp", shows=pattern))
        return done
