"""Putting a backup in the place of a dead machine: all of it is looked at first, and then it is there or not.

What the restored hub does as it starts is decided in :mod:`hub.epoch`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct
from pyrage.x25519 import Identity

from config.clock import stamp
from config.hub_settings import HubSettings
from hub import alone
from hub.atomic import as_its_folder, put_in_place, sync_folder
from hub.backup.authority_parts import authority_to_place, place_authority
from hub.backup.fault import BackupError
from hub.backup.manifest import STORE, Manifest, Part
from hub.backup.sealed import unseal
from hub.epoch import FACT, Epoch, following
from hub.service import database_url
from hub.store import chain, snapshot
from hub.store.engine import Engine, one_moment, open_engine, sqlite_url
from hub.store.failure import StoreError, words
from hub.store.migrate import HEAD, MigrationError, bring_up
from hub.verify_record import Verifier

FRESH: Final = "tocsin.db.restoring"
Told = Callable[[str, int, int], None]
"""Told how far it is: what is done, so much of it, all of it."""


class Backup(Struct, frozen=True):
    """A backup that was opened, and all of it looked at."""

    manifest: Manifest
    store: Path
    """Its rows, at this program's schema."""
    files: tuple[tuple[Part, Path], ...]
    record: Verifier | None
    """What was found of the record; None where it holds no row yet, and none is expected."""

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong with the record in it."""
        return self.record is None or not self.record.count


def open_backup(file: Path, key: Identity, work: Path, heads: list[tuple[int, str]], told: Told) -> Backup:
    """Open a backup in the empty folder ``work`` and look at all of it; raises :class:`BackupError`."""
    try:
        with file.open("rb") as sealed:
            manifest, paths = unseal(sealed, key, work)
        record = _look_at(manifest, paths, work, heads, told)
    except (BackupError, MigrationError) as error:
        raise BackupError(f"{file}: {error}") from None
    except OSError as error:
        raise BackupError(f"{error.filename or work}: {error.strerror or error}") from None
    except StoreError as error:
        raise BackupError(f"{file}: its rows can't be read: {words(error)}") from None
    files = [(part, path) for part, path in zip(manifest.parts, paths, strict=True) if part.path is not None]
    return Backup(manifest, work / STORE, tuple(files), record)


def _look_at(
    manifest: Manifest, paths: list[Path], work: Path, heads: list[tuple[int, str]], told: Told
) -> Verifier | None:
    """Bring the rows of a backup to this program's schema, and look at all of them."""
    if work / STORE not in paths:
        raise BackupError("it has no store in it")
    url = f"sqlite:///{work / STORE}"
    engine = open_engine(url)
    try:
        bring_up(engine, url, work)
        found = snapshot.contents(engine, manifest.site)
        is_migrated = manifest.schema != HEAD  # which may have added rows
        if not is_migrated and (found.rows, found.head) != (manifest.rows, manifest.head):
            raise BackupError("its rows are not those of its manifest")
        if found.head is None and not heads:
            return None
        return chain.verify(
            engine, manifest.site, heads, lambda done, whole: told("rows looked at", done, whole)
        )
    finally:
        engine.dispose()


def restore_store(backup: Backup, settings: HubSettings, now: int, *, replace: bool, told: Told) -> Epoch:
    """Put a backup's rows where the settings keep the record, and the site's authority beside.

    Returns the epoch that begins ``now``, wall ms. Refused where a hub runs, or where there is something
    and ``replace`` is false: raises :class:`BackupError`, and then nothing is changed.
    """
    manifest = backup.manifest
    if manifest.site != settings.site:
        raise BackupError(
            f"it is of site {manifest.site!r}, and the settings are of {settings.site!r}; nothing was changed"
        )
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with contextlib.closing(alone.take(settings.data)) as lock:
            as_its_folder(Path(lock.name))
            url = database_url(settings)
            put = _into_sqlite if url == sqlite_url(settings.data) else _into_server
            signed_by = authority_to_place(backup.files, settings.data, replace=replace)
            with _rows_of(backup) as rows:
                epoch = put(rows, manifest, settings, url, now, replace, told)
            place_authority(signed_by)
            return epoch
    except alone.AlreadyRunningError as error:
        raise BackupError(f"{error}, such as by: systemctl stop tocsin-hub") from None
    except (MigrationError, LookupError) as error:
        raise BackupError(str(error)) from None
    except StoreError as error:
        raise BackupError(f"the store can't be written: {words(error)}; nothing was changed") from None
    except OSError as error:
        raise BackupError(f"{error.filename or settings.data}: {error.strerror or error}") from None


@contextlib.contextmanager
def _rows_of(backup: Backup) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{backup.store}", read_only=True)
    try:
        yield engine
    finally:
        engine.dispose()


def _into_sqlite(
    rows: Engine, manifest: Manifest, settings: HubSettings, url: str, now: int, replace: bool, told: Told
) -> Epoch:
    """Make the file beside the one that may be there, and put it in its place at the end."""
    old, fresh = settings.data / "tocsin.db", settings.data / FRESH
    if old.exists():
        _refuse_unless(replace, url, settings, str(old))
    fresh.unlink(missing_ok=True)
    target = open_engine(f"sqlite:///{fresh}", scratch=True)
    try:
        snapshot.make_tables(target)
        epoch = _fill(rows, target, manifest, settings.site, now, told, replace=False)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        target.dispose()
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    as_its_folder(fresh)
    if replace:
        _put_aside(settings.data)
    put_in_place(fresh, old)
    return epoch


def _into_server(
    rows: Engine, manifest: Manifest, settings: HubSettings, url: str, now: int, replace: bool, told: Told
) -> Epoch:
    """Write the rows in one transaction, beside those of other sites."""
    engine = open_engine(url)
    try:
        bring_up(engine, url, settings.data)
        found = _refuse_unless(replace, url, settings, "the database")
        if any(found.rows.values()):
            aside = settings.data / "backups" / f"before-restore-{_now_words()}.db"
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            as_its_folder(aside.parent)
            snapshot.take(engine, settings.site, aside, lambda *_: None)
            as_its_folder(aside)
        return _fill(rows, engine, manifest, settings.site, now, told, replace=True)
    finally:
        engine.dispose()


def _fill(
    rows: Engine, target: Engine, manifest: Manifest, site: str, now: int, told: Told, *, replace: bool
) -> Epoch:
    with one_moment(rows) as source, target.begin() as connection:
        if replace:
            snapshot.remove_all(connection, site)
        snapshot.put(source, connection, site, lambda done, whole: told("rows restored", done, whole))
        kept = snapshot.fact(source, site, FACT)
        epoch = following(kept, manifest.taken_at, manifest.head, now)
        snapshot.set_fact(connection, site, FACT, epoch.kept())
        snapshot.end_sessions(connection, site)
    return epoch


def _refuse_unless(replace: bool, url: str, settings: HubSettings, where: str) -> snapshot.Contents:
    """Look at what is there; raises :class:`BackupError` where that is something and may not go."""
    engine = open_engine(url, read_only=True)
    try:
        found = snapshot.contents(engine, settings.site)
    except StoreError as error:
        if replace:
            return snapshot.Contents("", {}, None)
        raise BackupError(
            f"{where} can't be read ({words(error)}); --replace puts the backup in its place"
        ) from None
    finally:
        engine.dispose()
    if any(found.rows.values()) and not replace:
        last = "no row of a record" if found.head is None else f"a record up to row {found.head[0]}"
        raise BackupError(
            f"{where} holds {last} and {found.rows['people']} people of site {settings.site}; nothing was"
            " changed. --replace puts the backup in its place, and what is there into"
            f" {settings.data}/backups"
        )
    return found


def _put_aside(data: Path) -> None:
    """Keep what was there: the file and those that SQLite has beside it."""
    found = [path for path in data.glob("tocsin.db*") if path.name != FRESH]
    if not found:
        return
    aside = data / "backups" / f"before-restore-{_now_words()}"
    aside.mkdir(parents=True, mode=0o700)
    as_its_folder(aside.parent)
    as_its_folder(aside)
    for path in found:
        path.replace(aside / path.name)
    sync_folder(aside)


def _now_words() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def lost_words(manifest: Manifest, now: int) -> list[str]:
    """Say what isn't in a backup that is restored now (wall ms)."""
    hours = max(now - manifest.taken_at, 0) / 3_600_000
    return [
        f"The backup is of {stamp(manifest.taken_at)}, {hours:.1f} h ago.",
        "What rooms sent and the old hub had not confirmed comes again by itself. What it had confirmed",
        "after that is lost with its disk: alarms, who answered, notes, walk tests. Ask who was there.",
    ]
