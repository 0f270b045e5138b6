"""``tocsin-device`` that is killed at a step, as by ``kill -9``: ``python -m tests.killed_at STEP WORDS…``.

A step is whatever can be seen from outside: a change to a file, or a request. The process is killed just
before the one of this number.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from device.cli import main

CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "http.client.send"}


def kill_before(step: int) -> None:
    """Have this process killed just before its step of this number, from 1 on."""
    left = step

    def heard(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event in CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


if __name__ == "__main__":
    kill_before(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
