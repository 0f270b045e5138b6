"""A kernel's small text files, read so that none of them can do harm."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

MOST: Final = 65_536
"""Bytes. Of what is read here only the table of mounts is ever over 4 kB."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


def text(path: Path) -> str | None:
    """Return what a file holds; None where it can't be read, or holds more than such a file can.

    A file that would wait for a writer (a FIFO) is taken as empty.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    parts: list[bytes] = []
    left = MOST + 1
    try:
        # A table in /proc comes in pieces, so the end is where nothing more comes.
        while left > 0 and (part := os.read(file, left)):
            parts.append(part)
            left -= len(part)
    except OSError:
        return None
    finally:
        os.close(file)
    return b"".join(parts).decode("utf-8", "replace") if left > 0 else None


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where it can't be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - iterdir makes a Path of each
    except (OSError, ValueError):
        return []


def number(word: str | None) -> float | None:
    """Read a plain decimal number, with white space around it at most; None for anything else."""
    found = _NUMBER.fullmatch(word.strip()) if word is not None else None
    return float(found[0]) if found is not None else None
