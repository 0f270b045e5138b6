"""The settings of the backup: where to, for whom it is sealed, how long it is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from config.not_known import where_known
from config.settings import Report

RECIPIENT: Final = re.compile(r"age1[02-9ac-hj-np-z]{58}")
"""An X25519 recipient of age: 32 bytes as Bech32, whose check digits ``tocsin-hub check`` tries."""


class BackupSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The daily backup; without ``to`` there is none."""

    to: Path | None = None
    """A folder on another disk, or of another machine."""
    recipient: str | None = None
    """The public half of the key that ``tocsin-hub backup-key`` makes; the other half opens a backup."""
    keep_days: Annotated[int, Meta(ge=1, le=3650, description="days, 1 to 3650")] = 30
    """Older ones are deleted, but for the newest seven."""
    also: tuple[Path, ...] = ()
    """Files that go along beside these settings and the secrets they name."""


def check_backup(backup: BackupSettings, report: Report) -> None:
    """Report what is wrong with the backup's settings."""
    with where_known:
        if backup.recipient is not None and not RECIPIENT.fullmatch(backup.recipient):
            cure = "must be the line that begins with age1, as tocsin-hub backup-key prints it"
            report("backup.recipient", "found no public key", cure)
    with where_known:
        if (backup.to is None) != (backup.recipient is None):
            missing = "recipient" if backup.recipient is None else "to"
            cures = {
                "recipient": "make a key with tocsin-hub backup-key, and set its public half here",
                "to": "name the folder that backups go to",
            }
            report(f"backup.{missing}", "missing", cures[missing])
    with where_known:
        if len(set(backup.also)) < len(backup.also):
            report("backup.also", "a file is named twice", "name each file once")


def doubts(backup: BackupSettings, data: Path) -> list[str]:
    """Return what is no fault and yet should be thought over, each as a sentence."""
    if backup.to is None:
        return ["no [backup] is set: a dead disk takes the record, the people and these settings with it"]
    try:
        if backup.to.stat().st_dev == data.stat().st_dev:
            return [f"backups go to {backup.to}, on the disk of the record: a dead disk takes both with it"]
    except OSError:
        pass  # one of them isn't there yet: the backup itself will say so
    return []
