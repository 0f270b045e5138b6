"""The disk of a machine on which ``scripts/install agent`` has installed this checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.hardware.image import Image, run
from tests.install.clean_root import CleanRoot

SETTINGS = Path(__file__).parent / "agent.toml"


def install(image: Image, folder: Path) -> Path:
    """Install the agent in a root of its own, as on a box without network; returns the disk's image."""
    root = CleanRoot(folder / "root")
    root.folder.mkdir(parents=True)
    run("tar", "-C", root.folder, "-xf", image.root)
    root.bring_checkout()
    root.bring_wheels()
    # Settings that are here are kept by the installer, and asked whether they are right.
    (root.folder / "etc/tocsin").mkdir()
    shutil.copy(SETTINGS, root.folder / "etc/tocsin/agent.toml")
    code, said = root.chroot(
        "/root/tocsin/scripts/install", "agent", "--wheels", "/root/wheels", "--yes", "--no-start"
    )
    assert code == 0, said
    for used_up in ("tocsin", "wheels"):
        shutil.rmtree(root.folder / "root" / used_up)
    disk = folder / "root.ext4"
    make_disk(disk, megabytes=800, content=root.folder)
    shutil.rmtree(root.folder)
    return disk


def make_disk(disk: Path, *, megabytes: int, content: Path | None = None) -> None:
    """Make a sparse ext4 image, with a folder's content in it."""
    with disk.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    run("mke2fs", "-q", "-t", "ext4", "-m", "0", *(("-d", content) if content else ()), disk)
