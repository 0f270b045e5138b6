"""What an empty machine needs beside the store: the settings, and the secrets that they name."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields

from config import credentials
from config.hub_settings import HubSettings
from hub.backup.authority_parts import authority_files
from hub.backup.fault import BackupError
from hub.backup.manifest import FILES, Part
from hub.backup.sealed import sha256
from hub.push_key import FILE as PUSH_KEY

LARGEST: Final = 4 << 20
"""Bytes of one file: settings, keys and certificates are far smaller."""


class Belongings(Struct, frozen=True):
    """Files with their contents, and variables of the environment."""

    files: tuple[tuple[Part, bytes], ...]
    environment: dict[str, str]


def gather(settings: HubSettings, file: Path) -> Belongings:
    """Read the settings file, whatever it names, and the site's authority.

    Raises :class:`BackupError` where one can't be read.
    """
    of_data = (*authority_files(settings.data), settings.data / PUSH_KEY)
    signed_by = (path for path in of_data if path.exists())
    named = dict.fromkeys([file.absolute(), *_paths(settings), *settings.backup.also, *signed_by])
    wanted = {name: os.environ.get(name) for name in _variables(settings)}
    if missing := [name for name, value in wanted.items() if value is None]:
        raise BackupError(f"the settings name {', '.join(missing)}, which isn't set in the environment here")
    values = {name: value for name, value in wanted.items() if value is not None}
    return Belongings(tuple(_read(path) for path in named), values)


def _read(path: Path) -> tuple[Part, bytes]:
    try:
        with path.open("rb") as file:
            data, state = file.read(LARGEST + 1), os.fstat(file.fileno())
    except OSError as error:
        raise BackupError(f"{path} is to go along and can't be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise BackupError(
            f"{path} is to go along and is over {LARGEST >> 20} MiB: that is no file of settings"
        )
    if (credential := credentials.name_of(path)) is not None:  # goes back to where systemd takes it from
        store = credentials.STORE / credential
        return Part(
            f"{FILES}/{str(store).lstrip('/')}", *sha256(data), str(store), 0o600, "root", "root"
        ), data
    name = f"{FILES}/{str(path).lstrip('/')}"
    mode = state.st_mode & 0o777
    owner, group = _name(pwd.getpwuid, state.st_uid), _name(grp.getgrgid, state.st_gid)
    return Part(name, *sha256(data), str(path), mode, owner, group), data


def _name(look_up: Any, number: int) -> str | None:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return None


def _paths(settings: Struct) -> Iterator[Path]:
    for name, value in _leaves(settings):
        if name.endswith("_file") and isinstance(value, Path):
            yield value


def _variables(settings: Struct) -> Iterator[str]:
    for name, value in _leaves(settings):
        if name.endswith("_env") and isinstance(value, str):
            yield value


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every setting that is no table, with its key."""
    if isinstance(value, Struct):
        for field in fields(value):
            found = getattr(value, field.name)
            yield field.name, found
            yield from _leaves(found)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _leaves(item)
