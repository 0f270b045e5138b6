"""Standard streams that are there: a command may be started with any of them closed."""

from __future__ import annotations

import contextlib
import os
import sys


def open_closed() -> None:
    """Open what is closed of 0, 1 and 2 on /dev/null, so that no pipe or socket takes its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def say(text: str) -> None:
    """Write a result to standard output, at once; whoever listened may be gone."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def remark(text: str) -> None:
    """Write a remark to standard error, at once."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
