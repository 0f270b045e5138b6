"""The command itself: where hub and code come from, and what its end is called."""

from __future__ import annotations

import argparse
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Final

from device.enrol.door_words import DoorClosedError, EnrolError
from device.enrol.enrolling import Enrolling

NOT_NOW: Final = 75
"""The hub could not be reached: the same command may do later (sysexits.h, EX_TEMPFAIL)."""
WAITS: Final = 3
"""Of a spare that was not to wait: it has no room yet."""


def enrol(given: argparse.Namespace) -> int:
    """Do what the command line asks; returns the exit code."""
    say = partial(print, flush=True)
    enrolling = Enrolling(given.etc.absolute(), given.data.absolute(), say)
    try:
        if given.renew:
            enrolling.renew()
            return 0
        hub, code = given.hub, given.code
        if given.file is not None:
            hub, code = read_file(given.file)
        elif hub is not None and code is None:
            code = input("The code that tocsin-hub enrol printed: ")
        is_room = enrolling.enrol(hub, code, replace=given.replace, wait=not given.no_wait)
        if given.file is not None:
            given.file.unlink(missing_ok=True)
    except DoorClosedError as error:
        print(f"tocsin-device: {error}", file=sys.stderr)
        print("tocsin-device: nothing is lost: run the same command again", file=sys.stderr)
        return NOT_NOW
    except EnrolError as error:
        print(f"tocsin-device: {error}", file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print(file=sys.stderr)
        return 1
    if not is_room:
        return WAITS
    say("Enrolled. sudo systemctl restart tocsin-agent starts it as that room; then prove its buttons.")
    return 0


def read_file(file: Path) -> tuple[str | None, str | None]:
    """Return hub and code of a file that ``tocsin-hub enrol --rooms`` wrote; raises :class:`EnrolError`.

    A file that is gone was used: then what was begun is gone on with.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return str(table["hub"]), str(table["code"])
    except FileNotFoundError:
        return None, None
    except KeyError as error:
        raise EnrolError(f"{file}: {error} is missing") from None
    except (OSError, ValueError) as error:
        raise EnrolError(f"{file} can't be read: {error}") from None
