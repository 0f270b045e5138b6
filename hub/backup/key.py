"""The key of backups: age's X25519 identity, whose public half alone is on the hub's machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyrage import IdentityError, RecipientError
from pyrage.x25519 import Identity, Recipient

from hub.backup.fault import BackupError

SECRET: Final = "AGE-SECRET-KEY-1"  # noqa: S105 - how a key begins


def new_key() -> tuple[str, str]:
    """Return a new key and its public half."""
    made = Identity.generate()
    return str(made), str(made.to_public())


def recipient(text: str) -> Recipient:
    """Read a public half; raises :class:`BackupError`."""
    try:
        return Recipient.from_str(text)
    except RecipientError:
        raise BackupError("backup.recipient is no public key: a letter of it is wrong") from None


def read_key(file: Path, stdin: Callable[[], str] = lambda: sys.stdin.read()) -> Identity:
    """Read a key from a file as age-keygen writes it, or typed from paper; ``-`` is standard input.

    Raises :class:`BackupError`.
    """
    try:
        text = stdin() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BackupError(f"the key file {file} can't be read: {why}") from None
    lines = [line.strip().upper() for line in text.splitlines()]
    found = [line for line in lines if line.startswith(SECRET)]
    if len(found) != 1:
        raise BackupError(f"{file} holds {len(found) or 'no'} line that begins with {SECRET}; one is needed")
    try:
        return Identity.from_str(found[0])
    except IdentityError:
        raise BackupError(f"the key in {file} is none: a letter of it is wrong, or missing") from None
