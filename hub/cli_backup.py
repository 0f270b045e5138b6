"""``tocsin-hub backup``, ``backup-key`` and ``restore``: each returns its exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.clock import stamp
from config.hub_settings import HubSettings
from config.rooms_file import load_hub
from hub.backup.fault import BackupError
from hub.backup.key import new_key, read_key
from hub.backup.placing import place_files
from hub.backup.restoring import Backup, lost_words, open_backup, restore_store
from hub.backup.taking import back_up
from hub.service import database_url
from hub.store.engine import open_engine, sqlite_url
from hub.verify_record import Bar, said

WORK_IN: Final = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it; /tmp may be memory
KEY_WORDS: Final = """\
# The key of Tocsin's backups. Print it, put it in the school's safe, and delete the file: whoever has it
# can read every backup, and without it nobody can.
# public key: {public}
{key}
"""


class Progress:
    """A bar for each thing that is done; where there is no terminal, a line as each begins."""

    def __init__(self) -> None:
        self._bars: dict[str, Bar] = {}

    def at(self, what: str, done: int, whole: int) -> None:
        """Show how far it is."""
        if what not in self._bars:
            self._bars[what] = Bar(what)
            if not sys.stderr.isatty():
                print(f"{what}: {whole} in all", file=sys.stderr, flush=True)
        self._bars[what].at(done, whole)


def take(settings: HubSettings, file: Path, to: Path | None, *, scheduled: bool) -> int:
    """Take a backup; a scheduled one where none is set up is none, and no fault."""
    target = to or settings.backup.to
    if settings.backup.recipient is None or target is None:
        words = "no [backup] is set in the settings: tocsin-hub backup-key makes a key, and says what to set"
        print(words, file=sys.stderr)
        return 0 if scheduled else 2
    url = database_url(settings)
    if url == sqlite_url(settings.data) and not (settings.data / "tocsin.db").exists():
        raise LookupError(f"there is no record in {settings.data} yet")
    engine = open_engine(url, read_only=True)
    try:
        with _ends_in_order():
            taken = back_up(settings, engine, file, target, Progress().at)
    except BackupError as error:
        print(f"no backup was taken: {error}", file=sys.stderr)
        return 1
    finally:
        engine.dispose()
    rows, head = sum(taken.manifest.rows.values()), taken.manifest.head
    print(f"{taken.file}: {rows} rows, {taken.size / 1e6:.1f} MB, read back")
    print("record head " + ("none" if head is None else f"{head[0]}:{head[1]}"))
    if taken.fault is not None:
        print(taken.fault, file=sys.stderr)
        return 1
    return 0


def make_key(to: Path | None) -> int:
    """Make a key and say what to do with it."""
    key, public = new_key()
    text = KEY_WORDS.format(key=key, public=public)
    if to is None:
        print(text, end="")
    else:
        try:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        except OSError as error:
            print(f"{to}: {error.strerror}; no key was made", file=sys.stderr)
            return 1
    lines = ("In the settings:", "", "[backup]", 'to = "/mnt/backup"  # a folder on another disk')
    print(*lines, f'recipient = "{public}"', sep="\n", file=sys.stderr)
    return 0


def restore(options: argparse.Namespace) -> int:
    """Look at all of a backup, and unless that was all that was asked for, put it in place."""
    progress = Progress()
    try:
        key = read_key(options.key_file)
        with _ends_in_order(), tempfile.TemporaryDirectory(prefix="tocsin-restore-", dir=WORK_IN) as work:
            backup = open_backup(options.file, key, Path(work), options.head, progress.at)
            _tell(backup)
            if not backup.is_whole and not options.accept_faults:
                words = "its record is not whole, see above; nothing was changed. --accept-faults restores it"
                print(f"tocsin-hub: {options.file}: {words}", file=sys.stderr)
                return 1
            if options.only_check:
                print("The backup is whole, and this key opens it. Nothing was changed.")
                return 0
            if options.settings_to is not None:
                for words in place_files(backup, options.settings_to, replace=options.replace):
                    print(words)
            settings = load_hub(options.config)
            now = round(time.time() * 1000)
            epoch = restore_store(backup, settings, now, replace=options.replace, told=progress.at)
    except BackupError as error:
        print(f"tocsin-hub: {error}", file=sys.stderr)
        return 1
    print(f"Restored: epoch {epoch.n} of site {settings.site} begins when the hub starts.")
    print("\n".join(lost_words(backup.manifest, now)))
    return 0


def _tell(backup: Backup) -> None:
    manifest = backup.manifest
    print(f"{manifest.name} ({manifest.site}), {stamp(manifest.taken_at)}, by version {manifest.version}")
    rows = sum(manifest.rows.values())
    print(f"{rows} rows; files: {', '.join(part.path or '' for part, _ in backup.files)}")
    print("no row of a record yet" if backup.record is None else "\n".join(said(backup.record)))


@contextlib.contextmanager
def _ends_in_order() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does: what is half done is taken away."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
