"""What the board tells of its heat and its supply, by sysfs.

``vcgencmd`` would be a process and a device permission for each look. Read from kernel sources
(drivers/hwmon/raspberrypi-hwmon.c, drivers/firmware/raspberrypi.c of the Raspberry Pi kernel), and not
tried on a Pi:

- ``in0_lcrit_alarm`` of the hwmon ``rpi_volt`` says whether the supply was too low at any time in the
  last 2 s, for which its driver asks the firmware. Each time it also clears the firmware's memory: the
  bits "has occurred" don't last since the start, so whoever wants them remembers (:mod:`.surveyor`).
- ``get_throttled`` shows, in hexadecimal, what that driver was told last; without the driver it is as
  old as the start. It is not in every kernel, and its first reader makes the kernel log a warning that
  it is deprecated. There is no other way to its bits without a device permission.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from device.survey.reading import names, number, text

CPU_ZONES: Final = re.compile(r".*cpu.*|x86_pkg_temp")
"""The types of thermal zones that are a processor's: ``cpu-thermal`` on a Pi."""
FIRMWARE: Final = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
DRIVER: Final = Path("sys/bus/platform/drivers/raspberrypi-firmware")
"""Holds a link to the firmware's device, whatever that is called on this model."""
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{1,8})")


class Flags(NamedTuple):
    """The bits of ``get_throttled`` that are used: 0 and 2, and 16 and 18 for "has occurred".

    Source: Raspberry Pi documentation, "vcgencmd", ``get_throttled``.
    """

    under_voltage: bool | None = None
    under_voltage_seen: bool | None = None
    throttled: bool | None = None
    throttled_seen: bool | None = None


def flags(word: str | None) -> Flags:
    """Read the content of ``get_throttled``."""
    found = _HEX.fullmatch(word.strip()) if word is not None else None
    bits = int(found[1], 16) if found is not None else 0xFFFF_FFFF
    if bits == 0xFFFF_FFFF:  # what a mailbox gives that wasn't answered
        return Flags()
    return Flags(*(bool(bits >> bit & 1) for bit in (0, 16, 2, 18)))


def supply(root: Path) -> Flags:
    """Return what the board says of its supply, and of the processor being slowed down."""
    alarm = _alarm(root)
    if alarm is None:
        return Flags()
    word = text(root / FIRMWARE)
    if word is None:
        found = (text(root / DRIVER / name / "get_throttled") for name in names(root / DRIVER))
        word = next((each for each in found if each is not None), None)
    told = flags(word)
    now = alarm or told.under_voltage is True
    return told._replace(under_voltage=now, under_voltage_seen=True if now else told.under_voltage_seen)


def _alarm(root: Path) -> bool | None:
    hwmon = root / "sys/class/hwmon"
    for name in names(hwmon):
        if text(hwmon / name / "name") == "rpi_volt\n":
            return {"0\n": False, "1\n": True}.get(text(hwmon / name / "in0_lcrit_alarm") or "")
    return None


def cpu_c(root: Path) -> float | None:
    """Return the temperature of the hottest processor zone in °C; None where it is none to believe."""
    thermal = root / "sys/class/thermal"
    found = []
    for name in names(thermal):
        kind = text(thermal / name / "type") if name.startswith("thermal_zone") else None
        if kind is not None and CPU_ZONES.fullmatch(kind.strip()):
            degrees = number(text(thermal / name / "temp"))
            if degrees is not None and -55_000 <= degrees <= 150_000:
                found.append(degrees / 1000)
    return max(found, default=None)
