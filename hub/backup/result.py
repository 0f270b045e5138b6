"""What came of the backups, in a file beside the record: the hub reads it, and tells of what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hub.atomic import as_its_folder, write_whole

RESULT: Final = "backup.json"


class Result(Struct, frozen=True):
    """The newest good backup, and why a later one failed."""

    at: int | None = None
    """Of what moment the newest good one is, in wall ms."""
    file: str | None = None
    size: int = 0
    head: str | None = None
    """Of the record in it, as ``verify-record --head`` takes it."""
    why: str | None = None
    """What is wrong: why the last one failed, or with what is in it; None when all is well."""


def read_result(data: Path) -> Result:
    """Return what is known; of what can't be read nothing is."""
    try:
        return msgspec.json.decode((data / RESULT).read_bytes(), type=Result)
    except (OSError, msgspec.MsgspecError):
        return Result()


def write_result(data: Path, result: Result) -> None:
    """Keep what came of a backup; raises ``OSError``."""
    write_whole(data / RESULT, msgspec.json.encode(result))
    as_its_folder(data / RESULT)
