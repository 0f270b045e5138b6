"""Runs every test of this machine: sets up what they need, then becomes pytest."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from . import places, tools
from .progress import SetupError
from .streams import open_closed, remark

USAGE = """usage: scripts/test [--long] [pytest's own words ...]

Sets up what the tests need and runs them all, but those marked long (minutes rather than
seconds; with --long they run, too, and what they need beside is set up) and hardware (they
need a Raspberry Pi)."""


def main(words: list[str]) -> int:
    """Set up, then go on as pytest; returns only where the setting up failed."""
    open_closed()
    if words[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    long = "--long" in words
    marks = "not hardware" if long else "not long and not hardware"
    words = [word for word in words if word != "--long"]
    try:
        python = str(tools.set_up(programs=True, long=long))
    except SetupError as error:
        remark(f"scripts/test: {error}")
        return 1
    return _become_pytest(python, marks, words)


def _become_pytest(python: str, marks: str, words: list[str]) -> NoReturn:
    """Go on as pytest, so that its summary is the last thing said."""
    os.chdir(places.ROOT)
    sys.stdout.flush()
    os.execv(python, [python, "-m", "pytest", "-m", marks, *words])
