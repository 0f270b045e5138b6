"""Measures this machine: sets up what that needs, then becomes one of the measurements in ``bench``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from . import apt, mosquitto, places, venv
from .progress import Progress, SetupError
from .streams import open_closed, remark

EXTRAS: dict[str | None, tuple[str, ...]] = {
    None: ("hub",),
    "agent": ("device", "hub"),
    "failover": ("device", "hub"),
    "decisions": ("hub", "postgres"),
    "storm": ("hub", "postgres"),
    "growth": ("hub", "postgres"),
    "record": ("hub",),
    "backup": ("hub",),
    "flood": ("hub", "postgres"),
}
"""What each measurement needs, by the word that asks for it; without a word it is press to webhook."""


def main(words: list[str]) -> int:
    """Set up, then go on as the benchmark; returns only where the setting up failed.

    The first word may name other figures: one of :data:`EXTRAS`.
    """
    open_closed()
    asked = words[0] if words and words[0] in EXTRAS else None
    try:
        python, broker = set_up(*EXTRAS[asked])
    except SetupError as error:
        remark(f"scripts/bench: {error}")
        return 1
    if asked:
        return become(f"bench.{asked}", python, broker, words[1:])
    return become("bench.press_to_webhook", python, broker, words)


def set_up(*extras: str) -> tuple[Path, mosquitto.Mosquitto]:
    """Bring venv and mosquitto here if they aren't."""
    python, broker = venv.ready(*extras), mosquitto.find()
    if python is not None and broker is not None:
        return python, broker
    missing = (() if python else ("a venv", "Python packages")) + (() if broker else ("mosquitto",))
    progress = Progress(missing)
    try:
        python = python or venv.make(progress, *extras)
    except apt.MissingError as error:  # name all that is missing at once
        raise apt.MissingError(*error.packages, *missing[2:]) from None
    if broker is None:
        progress.step()
        broker = mosquitto.get(progress)
    progress.done()
    return python, broker


def become(module: str, python: Path, broker: mosquitto.Mosquitto, words: list[str]) -> NoReturn:
    """Go on as a module of ours, with the broker that was found first on its PATH.

    The folder stays: its disk is the one that is measured, and ``--json FILE`` is relative to it.
    """
    path = os.pathsep.join((str(Path(broker.program).parent), os.environ.get("PATH", os.defpath)))
    modules = os.pathsep.join(filter(None, (str(places.ROOT), os.environ.get("PYTHONPATH"))))
    sys.stdout.flush()
    command = [str(python), "-m", module, *words]
    os.execve(python, command, {**os.environ, **broker.env, "PATH": path, "PYTHONPATH": modules})
