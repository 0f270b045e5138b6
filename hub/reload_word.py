"""What a hub says of settings that it was asked to read anew: a file that ``tocsin-hub reload`` waits for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from config import kernel_clock

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
    boot: str | None = None
    """This start of the machine, whose clock it is."""


def now_mono() -> float:
    """Return this moment by the clock that all processes of a machine share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def write(data: Path, word: Word) -> None:
    """Leave word in the data folder, whole; raises ``OSError``."""
    whole = msgspec.structs.replace(word, boot=kernel_clock.boot_id())
    fresh = data / f"{FILE}.new"
    fresh.write_bytes(msgspec.json.encode(whole))
    fresh.replace(data / FILE)


def read(data: Path, since: float) -> Word | None:
    """Return what came of a reading that began after a moment; None where there is no word of it yet.

    Raises ``OSError`` where this user may not read it.
    """
    try:
        word = msgspec.json.decode((data / FILE).read_bytes(), type=Word)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return word if word.boot == kernel_clock.boot_id() and word.began >= since else None
