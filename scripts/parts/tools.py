"""What tests and checks need beyond the demo: the whole venv, and programs that the tests drive."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import apt, mosquitto, venv
from .progress import Progress

EXTRAS = ("device", "hub", "postgres", "dev")
PROGRAMS = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "ffmpeg": "ffmpeg",
    "fusermount3": "fuse3",
    "initdb": "postgresql",
}
"""Programs and the Debian packages that bring them."""


def set_up(*, programs: bool) -> Path:
    """Bring everything here that is missing; returns the venv's Python."""
    python = venv.ready(*EXTRAS)
    missing = _missing() if programs else []
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
        if still := _missing():
            raise apt.MissingError(*still)
    progress.done()
    return python


def _missing() -> list[str]:
    """Return the packages that aren't here."""
    return [package for program, package in PROGRAMS.items() if not _is_here(program)]


def _is_here(program: str) -> bool:
    if program == "mosquitto":
        return mosquitto.find() is not None
    if program == "initdb":  # Debian keeps a server's programs by version, off the PATH
        return shutil.which(program) is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return shutil.which(program) is not None
