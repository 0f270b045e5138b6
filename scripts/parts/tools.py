"""What tests and checks need beyond the demo: the whole venv, and programs that the tests drive."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import apt, mosquitto, venv
from .progress import Progress

EXTRAS = ("device", "hub", "postgres", "dev")
PROGRAMS = ("mosquitto", "chromium", "ffmpeg")
"""Each is the name of a program and of its Debian package."""


def set_up(*, programs: bool) -> Path:
    """Bring everything here that is missing; returns the venv's Python."""
    python = venv.ready(*EXTRAS)
    missing = [name for name in PROGRAMS if programs and not _is_here(name)]
    steps: tuple[str, ...] = () if python else ("a venv", "Python packages")
    if missing:
        steps += (", ".join(missing),)
    if not steps:
        assert python is not None
        return python
    progress = Progress(steps)
    python = python or venv.make(progress, *EXTRAS)
    if missing:
        progress.step()
        if apt.installer() is None:
            raise apt.MissingError(*missing)
        apt.install(missing, progress)
        if still := [name for name in missing if not _is_here(name)]:
            raise apt.MissingError(*still)
    progress.done()
    return python


def _is_here(name: str) -> bool:
    return mosquitto.find() is not None if name == "mosquitto" else shutil.which(name) is not None
