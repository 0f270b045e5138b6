"""What a hub says of settings that it was asked to read anew: a file that ``tocsin-hub reload`` waits for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

FILE: Final = "reload.json"

State = Literal["taken", "refused", "failed"]


class Word(Struct, frozen=True):
    """What came of one reading."""

    began: float
    """When the reading began, in seconds of this machine's monotonic clock."""
    state: State
    lines: tuple[str, ...]
    """What changed, or each fault."""
    recorded: bool = True
    """False when the disk had not confirmed it in time; it holds all the same."""


class Asked(NamedTuple):
    """When the hub was asked, and which word lay there then: of an earlier start of the machine, perhaps."""

    mono: float
    before: tuple[int, int] | None


def now_mono() -> float:
    """Return this moment by the clock that all processes of a machine share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def about_to_ask(data: Path) -> Asked:
    """Return what :func:`read` tells the answer by; raises ``OSError`` where this user may not look there."""
    before = _which(data)
    return Asked(now_mono(), before)


def write(data: Path, word: Word) -> None:
    """Leave word in the data folder, whole; raises ``OSError``."""
    fresh = data / f"{FILE}.new"
    fresh.write_bytes(msgspec.json.encode(word))
    fresh.replace(data / FILE)


def read(data: Path, asked: Asked) -> Word | None:
    """Return what came of a reading that began after it was asked for; None where there is no word of it yet.

    Raises ``OSError`` where this user may not read it.
    """
    if _which(data) == asked.before:
        return None
    try:
        word = msgspec.json.decode((data / FILE).read_bytes(), type=Word)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return word if word.began >= asked.mono else None


def _which(data: Path) -> tuple[int, int] | None:
    """Return what tells one word's file from another's."""
    try:
        found = (data / FILE).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
