"""What tests and checks need beyond the demo: the whole venv, and programs that the tests drive."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import apt, mosquitto, venv
from .progress import Progress

EXTRAS = ("device", "hub", "postgres", "dev")
PROGRAMS = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "certutil": "libnss3-tools",
    "ffmpeg": "ffmpeg",
    "fusermount3": "fuse3",
    "initdb": "postgresql",
}
"""Programs and the Debian packages that bring them."""
LONG_PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
}
"""Beside those, what only the tests marked long need: the virtual machine of tests/hardware, and the clean
Debians of tests/install, with the network between them."""


def set_up(*, programs: bool, long: bool = False) -> Path:
    """Bring everything here that is missing; returns the venv's Python.

    ``programs`` are those that tests drive, with ``long`` also those that only the long ones do.
    """
    python = venv.ready(*EXTRAS)
    wanted = PROGRAMS | (LONG_PROGRAMS if long else {})
    missing = _missing(wanted) if programs else []
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
        if still := _missing(wanted):
            raise apt.MissingError(*still)
    progress.done()
    return python


def _missing(wanted: Mapping[str, str]) -> list[str]:
    """Return the packages of ``wanted`` programs that aren't here."""
    return [package for program, package in wanted.items() if not _is_here(program)]


def _is_here(program: str) -> bool:
    if program == "mosquitto":
        return mosquitto.find() is not None
    if program == "mke2fs":  # not on the PATH of a plain user
        return shutil.which(program) is not None or Path("/usr/sbin/mke2fs").exists()
    if program == "initdb":  # Debian keeps a server's programs by version, off the PATH
        return shutil.which(program) is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return shutil.which(program) is not None
