"""What lgpio's C library says on standard error of its own accord, and how it is made to say nothing.

When a chip goes, its alert thread says ``read error 19`` without a pause until the contacts are let go
at the next look: some 10,000 lines, and systemd's journal, which limits a service's lines, then drops
ours with them. Little is lost by its silence: what fails is returned to whoever called, and gpiozero
raises it; an edge that can't be delivered is a move that the next look finds, and health counts.

Its own switch (``set_internal``) leaves just these lines on, so the level behind it is set. Standard
error isn't led through a pipe that thins it out: the last words of a crash would stay in it, and lgpio
writes with Python's lock held, so that a full pipe would stop the very thread that empties it.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import Final

LEVEL: Final = "lgDbgLevel"
"""A ``uint64_t`` of lgpio's (``lgDbg.h``): the kinds of lines that are on, one a bit."""


def silence() -> None:
    """Let lgpio, which has been imported, say nothing from here on; a build that can't be told talks on."""
    with contextlib.suppress(Exception):  # lines too many are no reason to be without pins
        library = ctypes.CDLL(sys.modules["_lgpio"].__file__)
        ctypes.c_uint64.in_dll(library, LEVEL).value = 0
