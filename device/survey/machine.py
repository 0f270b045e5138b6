"""One look at the machine: everything that needs no disk and no waiting, and the disk by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from config import kernel_clock
from device.facts import Machine
from device.survey import board, proc
from device.survey.reading import text
from device.ups import Ups, UpsStatus

ROOT = Path("/")
T = TypeVar("T")


def survey(data: Path, ups: Ups | None = None, root: Path = ROOT) -> Machine:
    """Look at all there is, here and now. May wait for ever for a hung disk, for seconds for a UPS."""
    said = (ups.read() if ups is not None else None) or UpsStatus()
    return look(root)._replace(disk_free_mb=disk_free_mb(data), **said._asdict())


def look(root: Path = ROOT) -> Machine:
    """Look at all but the disk and the UPS: 0.2 ms on a PC given a Pi's files (timeit; not tried on a Pi).

    ``root`` is where /proc, /sys and /run are: files that the kernel answers for, and no disk.
    """
    supply = board.supply(root)
    return Machine(
        clock_synced=kernel_clock.clock_synced(root),
        up_s=_of(root / "proc/uptime", proc.first_number),
        cpu_c=board.cpu_c(root),
        under_voltage=supply.under_voltage,
        under_voltage_seen=supply.under_voltage_seen,
        throttled=supply.throttled,
        throttled_seen=supply.throttled_seen,
        root_read_only=_of(root / "proc/self/mountinfo", proc.root_read_only),
        memory_free_mb=_of(root / "proc/meminfo", proc.memory_free_mb),
        load_1m=_of(root / "proc/loadavg", proc.first_number),
        wifi_dbm=_of(root / "proc/net/wireless", proc.wifi_dbm),
    )


def disk_free_mb(data: Path) -> float | None:
    """Return what a user may still write to the disk that holds ``data``, in MB (10⁶ bytes).

    A hung disk doesn't return from this.
    """
    try:
        found = os.statvfs(data)
    except (OSError, ValueError):
        return None
    return round(found.f_bavail * found.f_frsize / 1e6, 1)


def root_meant_read_only(root: Path = ROOT) -> bool | None:
    """Tell whether the machine's own table wants ``/`` read-only; reads the disk, so ask at the start."""
    return _of(root / "etc/fstab", proc.root_meant_read_only)


def _of(file: Path, read: Callable[[str], T | None]) -> T | None:
    found = text(file)
    return read(found) if found is not None else None
