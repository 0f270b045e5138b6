"""mosquitto: as installed; else by apt where it may; else its packages unpacked beside the venv."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from . import apt, places
from .progress import Progress
from .run import answer

_ALSO_IN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class Mosquitto(NamedTuple):
    """How to start it."""

    program: str
    env: dict[str, str]


def find() -> Mosquitto | None:
    """Return mosquitto as installed, or as unpacked by an earlier run; None where there is none."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ALSO_IN))
    installed = shutil.which("mosquitto", path=path)
    if installed is not None:
        return Mosquitto(installed, {})
    return _unpacked(_folder())


def get(progress: Progress) -> Mosquitto:
    """Return mosquitto, brought here if need be; raises ``apt.MissingError`` with what to install."""
    found = find()
    if found is not None:
        return found
    with places.alone():
        if apt.installer() is not None:
            apt.install(["mosquitto"], progress)
        else:
            apt.unpack(["mosquitto"], _folder(), progress)
    found = find()
    if found is None:
        raise apt.MissingError("mosquitto")
    return found


def _folder() -> Path:
    return places.cache() / f"mosquitto-{os.uname().machine}"


def _unpacked(folder: Path) -> Mosquitto | None:
    program = folder / "usr" / "sbin" / "mosquitto"
    if not program.exists():
        return None
    before = os.environ.get("LD_LIBRARY_PATH")
    env = {"LD_LIBRARY_PATH": apt.libraries(folder) + (os.pathsep + before if before else "")}
    if answer(["ldd", str(program)], env) is None or "not found" in (
        answer(["ldd", str(program)], env) or ""
    ):
        return None
    return Mosquitto(str(program), env)
