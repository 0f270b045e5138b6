"""What /proc tells of a machine. Each function reads the text of one file; None where it doesn't say.

The forms are those of proc(5) and, for the table of mounts, of proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from typing import Final

from device.survey.reading import number

_AVAILABLE = re.compile(r"^MemAvailable:[ \t]*([0-9]{1,15}) kB$", re.MULTILINE)
READ_ONLY: Final = frozenset({"ro", "emergency_ro", "shutdown"})
"""What a filesystem says of itself when nothing can be written to it. The last two are ext4's after an
error: since Linux 6.15 it no longer says ``ro`` then (seen on 6.18, with ``trigger_fs_error``)."""


def memory_free_mb(meminfo: str) -> float | None:
    """Return the memory that programs may still take, in MB (10⁶ bytes), from /proc/meminfo."""
    found = _AVAILABLE.search(meminfo)
    return round(int(found[1]) * 1024 / 1e6, 1) if found is not None else None


def first_number(line: str) -> float | None:
    """Return the first field, which isn't negative: the load of /proc/loadavg, seconds of /proc/uptime."""
    fields = line.split(maxsplit=1)
    found = number(fields[0]) if fields else None
    return found if found is not None and found >= 0 else None


def wifi_dbm(wireless: str) -> float | None:
    """Return the level of the strongest signal in /proc/net/wireless.

    Levels are negative where the driver tells dBm; -256 and 0 say that there is none, and a positive
    one is in a unit of the driver's own.
    """
    levels = []
    for line in wireless.splitlines():
        name, colon, rest = line.partition(":")
        fields = rest.split()
        if name.strip() and colon and len(fields) > 3:
            level = number(fields[2].removesuffix("."))
            if level is not None and -200 < level < 0:
                levels.append(level)
    return max(levels, default=None)


def root_read_only(mountinfo: str) -> bool | None:
    """Tell whether the filesystem at ``/`` takes no writes, from /proc/self/mountinfo.

    The filesystem is asked, not the mount: under systemd's ``ProtectSystem=strict`` a service's own
    ``/`` is always mounted read-only. Of several mounts at ``/`` the last lies on top.
    """
    said = None
    for line in mountinfo.splitlines():
        mount, dash, filesystem = line.partition(" - ")
        fields, of_filesystem = mount.split(), filesystem.split()
        if dash and len(fields) > 5 and fields[4] == "/" and len(of_filesystem) == 3:
            options = set(of_filesystem[2].split(","))
            said = bool(options & READ_ONLY) if options & (READ_ONLY | {"rw"}) else None
    return said


def root_meant_read_only(fstab: str) -> bool | None:
    """Tell whether /etc/fstab wants ``/`` read-only; None where it has no line for it."""
    for line in fstab.splitlines():
        fields = line.split()
        if len(fields) > 3 and not fields[0].startswith("#") and fields[1] == "/":
            return "ro" in fields[3].split(",")
    return None
