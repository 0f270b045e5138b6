"""Writing a backup's settings and secrets where an empty machine has none."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from typing import Any, Final

from hub.atomic import write_whole
from hub.backup.authority_parts import is_authority
from hub.backup.fault import BackupError
from hub.backup.manifest import Part
from hub.backup.restoring import Backup

ENVIRONMENT: Final = "tocsin-environment"
"""The file of variables that the hub's unit must be given (``EnvironmentFile=``)."""


def place_files(backup: Backup, under: Path, *, replace: bool) -> list[str]:
    """Write every file where it was, beneath the folder ``under``: ``/`` is where it was itself.

    One that is there and is another is refused, unless ``replace``: then it is kept beside as
    ``*.before-restore``. Returns what was done, in words. Raises :class:`BackupError`.
    """
    wanted = [
        (part, path.read_bytes(), _place(part, under))
        for part, path in backup.files
        if not is_authority(part)
    ]
    if variables := backup.manifest.environment:
        lines = "".join(f"{name}={value}\n" for name, value in variables.items()).encode()
        beside = Path(backup.manifest.settings).with_name(ENVIRONMENT)
        part = Part(ENVIRONMENT, len(lines), "", str(beside))
        wanted.append((part, lines, _place(part, under)))
    try:
        others = [to for _, data, to in wanted if to.exists() and to.read_bytes() != data]
        if others and not replace:
            names = ", ".join(map(str, others))
            raise BackupError(
                f"{names}: there, and not as in the backup; nothing was changed."
                " Move it away, or give --replace"
            )
        return [_write(part, data, to) for part, data, to in wanted]
    except OSError as error:
        raise BackupError(f"{error.filename or under}: {error.strerror or error}") from None


def _place(part: Part, under: Path) -> Path:
    path = part.path or ""
    if not path.startswith("/") or ".." in Path(path).parts or "\0" in path:
        raise BackupError(f"it was written wrongly: {path[:100]!r} is no absolute path")
    return under / path.lstrip("/")


def _write(part: Part, data: bytes, to: Path) -> str:
    if to.exists():
        if to.read_bytes() == data:
            return f"{to}: is there already"
        to.replace(to.with_name(f"{to.name}.before-restore"))
    to.parent.mkdir(parents=True, exist_ok=True)
    write_whole(to, data, part.mode & 0o777)
    return f"{to}: written{_give(part, to)}"


def _give(part: Part, to: Path) -> str:
    """Give a file to its user and group, by their names; returns what is left to do, in words."""
    if os.geteuid() != 0:
        return ""
    owner, group = _number(pwd.getpwnam, part.owner), _number(grp.getgrnam, part.group)
    os.chown(to, -1 if owner is None else owner, -1 if group is None else group)
    names = {part.owner: owner, part.group: group}
    strangers = sorted(name for name, number in names.items() if name is not None and number is None)
    return (
        f"; this machine has no {' and no '.join(strangers)}: give it to whom it is for" if strangers else ""
    )


def _number(look_up: Any, name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return int(look_up(name)[2])
    except KeyError:
        return None
