"""Who may read secrets and change settings: a right beyond what the service needs is a fault, with its cure.

Nothing here keeps a service from starting: a button that isn't heard is worse than a secret that was seen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final, Literal, NamedTuple, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

from config import credentials
from config.settings import may_be_credential

Kind = Literal["secret", "settings", "folder"]
_TOO_MUCH: Final[dict[Kind, int]] = {"secret": 0o027, "settings": 0o002, "folder": 0o027}
"""What nobody else may: read a secret or look into a folder, and for one's own group, write there."""
_CURE: Final[dict[Kind, str]] = {"secret": "g-w,o-rwx", "settings": "o-w", "folder": "g-w,o-rwx"}


class Guarded(NamedTuple):
    """A file or folder whose rights matter."""

    key: str
    """Of the settings; empty for the settings file itself."""
    path: Path
    kind: Kind


class TooOpen(NamedTuple):
    """One that others may do too much with."""

    key: str
    found: str
    cure: str

    def __str__(self) -> str:
        return f"{self.found}: {self.cure}"


def guarded(settings: Struct, file: Path | None, data: Path, own: Iterable[Path] = ()) -> list[Guarded]:
    """Return what of a service is to be guarded: its settings, its data, and each secret that they name.

    ``own`` are secrets in the data. A credential is guarded by systemd, and not among them.
    """
    found = [Guarded("", file, "settings")] if file is not None else []
    found += [Guarded("data", data, "folder"), *(Guarded("data", path, "secret") for path in own)]
    return found + [Guarded(key, path, "secret") for key, path in _secrets(settings, "")]


def too_open(wanted: Iterable[Guarded]) -> list[TooOpen]:
    """Return those with rights beyond what is needed; what can't be looked at isn't judged."""
    found = []
    for one in wanted:
        mode = _mode(one.path)
        more = 0 if mode is None else mode & _TOO_MUCH[one.kind]
        if mode is not None and more:
            whose = "anybody" if more & 0o007 else "its whole group"
            what = "change" if more & 0o022 else "look into" if one.kind == "folder" else "read"
            words = f"{one.path} (mode {mode:04o}) is open: {whose} may {what} it"
            found.append(TooOpen(one.key, words, f"sudo chmod {_CURE[one.kind]} {one.path}"))
    return found


def close(folder: Path) -> None:
    """Take from others what they may do with a folder of our own; where it isn't ours it stays as it is."""
    mode = _mode(folder)
    if mode is not None and mode & _TOO_MUCH["folder"]:
        with contextlib.suppress(OSError):
            folder.chmod(mode & ~_TOO_MUCH["folder"])


def _mode(path: Path) -> int | None:
    try:
        return S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _secrets(value: Any, key: str) -> Iterator[tuple[str, Path]]:
    """Yield each file of settings that may hold a secret, with its key."""
    if isinstance(value, Struct):
        hints = get_type_hints(type(value), include_extras=True)
        for field in fields(value):
            found, name = (
                getattr(value, field.name),
                f"{key}.{field.encode_name}" if key else field.encode_name,
            )
            if isinstance(found, Path):
                if may_be_credential(hints[field.name]) and credentials.name_of(found) is None:
                    yield name, found
            else:
                yield from _secrets(found, name)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, f"{key}.{name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _secrets(item, f"{key}[{number}]")
