"""The troubles that a machine's health makes, in words for whoever mends it. Pure.

A trouble's words stay the same while it lasts (the reading itself is in the health), or each tenth of a
degree would be news. What isn't known now neither makes a trouble nor ends one.
"""

from __future__ import annotations

from typing import Final

from config.agent_settings import UpsPins, UpsSerial
from device.facts import Machine

HOT_C: Final = 80.0
"""From here on a Pi slows its processor down, and more from 85 °C, its limit (Raspberry Pi documentation,
config.txt, "Monitoring core temperature"). The soft limit of 60 °C of a Pi 3A+ or 3B+ is no trouble."""
TOO_HOT_C: Final = 85.0
COOLER_C: Final = 5.0
"""How far below its mark a temperature must fall to end a trouble (ours)."""
DISK_LOW_MB, DISK_WELL_MB = 100.0, 150.0
"""Ours: an outbox needs far less, but the system's log shares its disk, and a full disk keeps nothing."""
MEMORY_LOW_MB, MEMORY_WELL_MB = 50.0, 75.0
"""Ours: about what one agent takes."""
LASTS_S: Final = 60.0
"""How long a dip of the supply, or a slowed processor, is a trouble after it was last seen (ours): both
come and go within seconds, and are one fault."""
UPS_SILENT_S: Final = 60.0
"""How long a UPS may be silent, also after the start, before that is a trouble (ours)."""

Words = dict[str, str | None]


class HealthWords:
    """What is wrong with the machine of one agent."""

    def __init__(self, ups: UpsPins | UpsSerial | None = None, meant_read_only: bool | None = None) -> None:
        """``meant_read_only``: whether the machine's own table of mounts wants ``/`` so."""
        self._ups = ups
        self._root_was_writable = meant_read_only is False
        self._said: Words = {}
        self._seen: dict[str, float] = {}
        self._ups_heard: float | None = None

    def judge(self, machine: Machine, mono: float) -> Words:
        """Return every trouble there can be, each with its words, or None where there is none."""
        supply = self._lately("supply", machine.under_voltage, mono)
        slow = self._lately("processor", machine.throttled, mono)
        self._keep("supply", supply, "under-voltage: look at the power supply and its cable")
        self._heat(machine.cpu_c)
        # Its cause has been said where the supply or the heat was.
        alone = slow if not (slow and (self._said["supply"] or self._said["heat"])) else False
        self._keep("processor", alone, "slowed down, for its heat or its supply")
        self._keep(
            "disk space",
            self._low("disk space", machine.disk_free_mb, DISK_LOW_MB, DISK_WELL_MB),
            f"less than {DISK_LOW_MB:.0f} MB free where unsent events are kept",
        )
        self._keep(
            "memory",
            self._low("memory", machine.memory_free_mb, MEMORY_LOW_MB, MEMORY_WELL_MB),
            f"less than {MEMORY_LOW_MB:.0f} MB free",
        )
        self._root(machine.root_read_only)
        open_ = machine.too_open
        self._keep("files", None if open_ is None else bool(open_), "; ".join(open_ or ()))
        self._judge_ups(machine, mono)
        return dict(self._said)

    def _keep(self, what: str, wrong: bool | None, words: str) -> None:
        if wrong is None:
            self._said.setdefault(what, None)
        else:
            self._said[what] = words if wrong else None

    def _lately(self, what: str, now: bool | None, mono: float) -> bool | None:
        """Tell whether it is so, or was so within ``LASTS_S``."""
        if now:
            self._seen[what] = mono
            return True
        seen = self._seen.get(what)
        if seen is not None and mono - seen < LASTS_S:
            return True
        return now

    def _low(self, what: str, left: float | None, low: float, well: float) -> bool | None:
        if left is None:
            return None
        return left < (well if self._said.get(what) else low)

    def _heat(self, degrees: float | None) -> None:
        too_hot = f"{TOO_HOT_C:.0f} °C or more: slowed down as far as it goes; give it air"
        hot = f"{HOT_C:.0f} °C or more: slowed down; give it air"
        said = self._said.setdefault("heat", None)
        if degrees is None:
            return
        if degrees >= (TOO_HOT_C - COOLER_C if said == too_hot else TOO_HOT_C):
            said = too_hot
        elif degrees >= (HOT_C - COOLER_C if said else HOT_C):
            said = hot
        else:
            said = None
        self._said["heat"] = said

    def _root(self, read_only: bool | None) -> None:
        """A root that is read-only by design is none of our business; one that became so is dying."""
        self._root_was_writable |= read_only is False
        wrong = read_only and self._root_was_writable
        self._keep("root", wrong, "mounted read-only after an error: replace the SD card or disk")

    def _judge_ups(self, machine: Machine, mono: float) -> None:
        if self._ups is None:
            return
        if self._ups_heard is None or machine.on_battery is not None:
            self._ups_heard = mono
        silent = machine.on_battery is None and mono - self._ups_heard >= UPS_SILENT_S
        if silent:
            where = f" on {self._ups.port}" if isinstance(self._ups, UpsSerial) else ""
            self._keep("ups", True, f"no answer{where}: whether there is mains isn't known")
        else:
            self._keep("ups", machine.on_battery, "on battery: no mains")
        self._keep("ups battery", machine.battery_low, "low: the room goes dark soon")
