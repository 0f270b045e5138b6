"""How far the wall clock can be trusted, as timesyncd or the kernel says; which start of it this is."""

from __future__ import annotations

import ctypes
import functools
import os
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

TIMESYNC: Final = Path("run/systemd/timesync")
"""systemd-timesyncd's folder, which holds ``synchronized`` once it has set the clock."""
STA_UNSYNC: Final = 0x0040
TIME_ERROR: Final = 5
TICKS: Final = range(9_000, 11_001)
"""Microseconds: all that a kernel whose clock ticks 100 times a second for programs lets be set."""
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
SIZES: Final = {8: 208, 4: 128}
"""Bytes of a ``struct timex``, by those of a ``long``."""


@functools.cache
def timex(long: Any) -> Any:
    """Return adjtimex(2)'s ``struct timex`` (linux/timex.h) for a ``long`` of this type.

    With 32 bits the C library's symbol ``adjtimex`` keeps the old layout: who is built for 64-bit
    times calls another.
    """
    longs = ("offset", "freq", "maxerror", "esterror")
    after = ("constant", "precision", "tolerance", "sec", "usec", "tick", "ppsfreq", "jitter")
    counts = ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")
    fields = [
        ("modes", ctypes.c_uint),
        *((name, long) for name in longs),
        ("status", ctypes.c_int),
        *((name, long) for name in after),
        ("shift", ctypes.c_int),
        *((name, long) for name in counts),
        ("tai", ctypes.c_int),
        ("unused", ctypes.c_int * 11),
    ]
    return type("Timex", (ctypes.Structure,), {"_fields_": fields})


@functools.cache
def _adjtimex() -> Any:
    return ctypes.CDLL(None, use_errno=True).adjtimex


class Trust(NamedTuple):
    """How far the wall clock can be trusted."""

    synced: bool | None
    """None where that can't be known."""
    error_ms: int | None = None
    """By how much it may be wrong at most, as the kernel reckons; None where it isn't synchronised."""


def kernel_synced() -> bool | None:
    """Tell whether the kernel holds its clock to be synchronised, whoever does it (chrony, ntpd, …)."""
    return kernel_trust().synced


def kernel_trust() -> Trust:
    """Ask the kernel.

    Only asks: ``modes`` is 0, which needs no privilege, but a filter of system calls may forbid it.
    Unknown then, and where the answer isn't plainly an answer: the time in it must be the time.
    """
    form = timex(ctypes.c_long)
    if ctypes.sizeof(form) != SIZES.get(ctypes.sizeof(ctypes.c_long)):
        return Trust(None)
    room = ctypes.create_string_buffer(1024)  # more than the kernel writes, even if the layout were wrong
    try:
        state = _adjtimex()(room)
    except (OSError, AttributeError, ctypes.ArgumentError):
        return Trust(None)
    told = form.from_buffer(room)
    synced = judge(state, told, time.time())
    return Trust(synced, -(-told.maxerror // 1000) if synced else None)


def judge(state: int, told: Any, wall_s: float) -> bool | None:
    """Read an answer of adjtimex(2); None where it is none, or its layout isn't the one we know."""
    if not 0 <= state <= TIME_ERROR or told.tick not in TICKS or abs(told.sec - wall_s) > 5:
        return None
    return state != TIME_ERROR and not told.status & STA_UNSYNC


def clock_synced(root: Path = Path("/")) -> bool | None:
    """Tell whether the wall clock is synchronised; None where that can't be known.

    timesyncd's yes stands; else the kernel's word; else timesyncd's no.
    """
    folder = root / TIMESYNC
    if _exists(folder / "synchronized"):
        return True
    said = kernel_synced()
    return False if said is None and _exists(folder) else said


def clock_trust(root: Path = Path("/")) -> Trust:
    """Return whether the wall clock is synchronised, and by how much it may be wrong all the same."""
    said = kernel_trust()
    return Trust(clock_synced(root), said.error_ms)


def boot_id() -> str | None:
    """Return the id of this start of the kernel, by which its monotonic clock counts; None if unknown."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder on the way is closed
