"""One look at the machine: everything that needs no disk and no waiting, and the disk by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from config import kernel_clock
from config.disk_free import disk_free_mb
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


def root_meant_read_only(root: Path = ROOT) -> bool | None:
    """Tell whether the machine's own table wants ``/`` read-only; reads the disk, so ask at the start."""
    return _of(root / "etc/fstab", proc.root_meant_read_only)


def machine_name(root: Path = ROOT) -> str | None:
    """Return a name of this machine that no other has; reads the disk, so ask at the start.

    The board's serial number where it has one, else systemd's machine id; hashed, for neither is for
    others to know. None where there is neither.
    """
    for file in ("sys/firmware/devicetree/base/serial-number", "etc/machine-id"):
        found = (_of(root / file, str) or "").strip(" \t\r\n\0")
        if found:
            return blake2b(found.encode("utf-8", "replace"), digest_size=8, person=b"tocsin").hexdigest()
    return None


def program_release(prefix: Path | None = None) -> str | None:
    """Return which of the hub's releases this program is, as scripts/install wrote it beside it.

    Read once, at the start: the file belongs to the folder that this process runs from. ``prefix`` is this
    interpreter's own by default.
    """
    return (_of((prefix or Path(sys.prefix)).parent / "release", str) or "").strip()[:64] or None


def _of(file: Path, read: Callable[[str], T | None]) -> T | None:
    found = text(file)
    return read(found) if found is not None else None
