"""The site's authority in a backup: it goes with the record, wherever the settings are put.

Whom it has signed for knows no other, so a restored hub without it would hear no room.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hub.atomic import as_its_folder, write_whole
from hub.authority.authority import CERTIFICATE_FILE, FOLDER, KEY_FILE, REVOKED
from hub.backup.fault import BackupError
from hub.backup.manifest import Part


def authority_files(data: Path) -> tuple[Path, ...]:
    """Return what a site's authority is made of, in the hub's data folder."""
    return tuple(data / FOLDER / name for name in (KEY_FILE, CERTIFICATE_FILE, REVOKED))


def is_authority(part: Part) -> bool:
    """Tell whether a part of a backup is of it."""
    path = Path(part.path or "")
    return path in authority_files(path.parent.parent)


def authority_to_place(
    files: Iterable[tuple[Part, Path]], data: Path, *, replace: bool
) -> list[tuple[Path, bytes]]:
    """Return what of a backup's files it is, and where it goes.

    Raises :class:`BackupError` where another is there, unless ``replace``, and ``OSError``.
    """
    places = {path.name: path for path in authority_files(data)}
    found = [
        (places[Path(part.path or "").name], path.read_bytes()) for part, path in files if is_authority(part)
    ]
    others = [to for to, held in found if to.exists() and to.read_bytes() != held]
    if others and not replace:
        raise BackupError(
            f"{', '.join(map(str, others))}: there, and not as in the backup; nothing was changed."
            " --replace puts the backup's in place, and keeps what is there beside it"
        )
    return found


def place_authority(found: Iterable[tuple[Path, bytes]]) -> None:
    """Write it for the user of the folder that it lies in; raises ``OSError``."""
    for to, held in found:
        to.parent.mkdir(mode=0o700, exist_ok=True)
        as_its_folder(to.parent)
        if to.exists() and to.read_bytes() != held:
            to.replace(to.with_name(f"{to.name}.before-restore"))
        write_whole(to, held, as_folder=True)
