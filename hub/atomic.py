"""Files that are there whole or not at all, whenever the power goes."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o600, *, as_folder: bool = False) -> None:
    """Write a file under its name once it is on the disk, with just these rights; raises ``OSError``.

    ``as_folder``: where root writes it, it is its folder's owner's from the first.
    """
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask takes away
        if as_folder:
            as_its_folder(fresh)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(fresh, path)


def as_its_folder(path: Path) -> None:
    """Where root made a file, give it to whoever its folder belongs to; raises ``OSError``."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a file that is on the disk its name, and keep that over a power cut; raises ``OSError``."""
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Keep the names in a folder over a power cut; raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
