"""The installed machine, shared by the tests here: made once a run, booted anew by each module."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.parts import places
from tests.hardware import box, image
from tests.hardware.machine import NEEDS, Machine

Switch = Callable[[], Machine]


@pytest.fixture(scope="session")
def new_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """Returns a maker of machines, switched off, each with an empty data disk of its own."""
    missing = [name for name in NEEDS if shutil.which(name) is None]
    if missing or os.geteuid() != 0 or platform.machine() != "x86_64" or not image.KEYRING.exists():
        pytest.skip(f"needs root on an x86-64 Debian, {', '.join(NEEDS)}")
    with places.alone():
        built = image.get(places.cache())
    folder = tmp_path_factory.mktemp("machine")
    disk = box.install(built, folder)
    made: list[Machine] = []

    def new() -> Machine:
        share = folder / f"share-{len(made)}"
        share.mkdir()
        data = folder / f"data-{len(made)}.ext4"
        box.make_disk(data, megabytes=64)
        made.append(Machine(built, disk, data, share))
        return made[-1]

    try:
        yield new
    finally:
        for machine in made:
            machine.off()
        _remove(folder)


def _remove(folder: Path) -> None:
    """The disks are large; what the machines said stays for whoever looks after a failure."""
    for disk in folder.glob("*.ext4"):
        disk.unlink()
