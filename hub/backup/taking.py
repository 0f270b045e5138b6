"""Taking a backup while the hub runs: copied at one moment, sealed, read back, and only then named.

The hub is never waited for and never held up: readers of a database don't stop its writer, and what is
free on its disk is left to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from msgspec import Struct
from msgspec.structs import replace
from pyrage.x25519 import Identity, Recipient

from config import __version__
from config.disk_free import disk_free_mb
from config.hub_settings import HubSettings
from hub.atomic import as_its_folder, put_in_place
from hub.backup.belongings import Belongings, gather
from hub.backup.fault import BackupError
from hub.backup.key import recipient
from hub.backup.manifest import FORMAT, STORE, Manifest, Part
from hub.backup.result import Result, read_result, write_result
from hub.backup.sealed import seal, sha256, unseal
from hub.store import chain, snapshot
from hub.store.engine import Engine, open_engine
from hub.store.failure import StoreError, words
from hub.store.migrate import HEAD, revision

KEPT_LEAST: Final = 7
"""Backups that stay however old they are: a clock that was wrong for a day must not delete all."""
DAY_MS: Final = 86_400_000
LEFT_MB: Final = 500.0
"""What is left free where the record is kept: below it the hub itself is in trouble (hub.own_state)."""
WORK: Final = "backup.work"
UNFINISHED: Final = ".unfinished"

Told = Callable[[str, int, int], None]
"""Told how far it is: what is done, so much of it, all of it."""


class Taken(Struct, frozen=True):
    """A backup that was read back."""

    file: Path
    size: int
    manifest: Manifest
    fault: str | None
    """What is wrong with the record in it, which is as the store has it; None where it is whole."""


def back_up(settings: HubSettings, engine: Engine, file: Path, to: Path, told: Told) -> Taken:
    """Take a backup of a site into the folder ``to``, and keep what came of it for the hub.

    ``engine`` is a reader's; ``file`` the settings' own. Raises :class:`BackupError`.
    """
    before = read_result(settings.data)
    try:
        taken = _back_up(settings, engine, file, to, told)
    except BackupError as error:
        with contextlib.suppress(OSError):  # then its age tells
            write_result(settings.data, replace(before, why=str(error)))
        raise
    manifest = taken.manifest
    head = None if manifest.head is None else f"{manifest.head[0]}:{manifest.head[1]}"
    found = Result(manifest.taken_at, str(taken.file), taken.size, head, taken.fault)
    try:
        write_result(settings.data, found)
    except OSError as error:
        raise BackupError(
            f"{taken.file} is taken, but the hub can't be told: {settings.data}: {error}"
        ) from None
    return taken


def _back_up(settings: HubSettings, engine: Engine, file: Path, to: Path, told: Told) -> Taken:
    assert settings.backup.recipient is not None  # noqa: S101 - the settings were checked
    school = recipient(settings.backup.recipient)
    belongings = gather(settings, file)
    try:
        with _alone(settings.data), _empty_folder(settings.data / WORK) as work:
            _clear(to, settings.site)
            _leave_room(settings.data)
            manifest, sources = _copied(settings, engine, file, belongings, work, told)
            unfinished = to / f".{_name(manifest)}{UNFINISHED}"
            # For this one reading back there is a second key, which nobody ever sees.
            second = Identity.generate()
            try:
                _write(unfinished, manifest, sources, [school, second.to_public()], told)
                (work / STORE).unlink()
                fault = _read_back(unfinished, second, manifest, work, told)
                put_in_place(unfinished, to / _name(manifest))
            except BaseException:
                with contextlib.suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise
            _delete_old(to, settings, manifest.taken_at)
            size = (to / _name(manifest)).stat().st_size
            return Taken(to / _name(manifest), size, manifest, fault)
    except OSError as error:
        raise BackupError(f"{error.filename or to}: {error.strerror or error}") from None
    except StoreError as error:
        raise BackupError(f"the record can't be read: {words(error)}") from None


def _copied(
    settings: HubSettings, engine: Engine, file: Path, belongings: Belongings, work: Path, told: Told
) -> tuple[Manifest, list[Path | bytes]]:
    current = revision(engine)
    if current != HEAD:
        raise BackupError(f"the record is at schema {current}, not {HEAD}: start the hub once")

    def rows(done: int, whole: int) -> None:
        _leave_room(settings.data)
        told("rows copied", done, whole)

    at = round(time.time() * 1000)
    found = snapshot.take(engine, settings.site, work / STORE, rows)
    store = Part(STORE, *sha256(work / STORE))
    manifest = Manifest(
        format=FORMAT,
        version=__version__,
        site=settings.site,
        name=settings.name,
        taken_at=at,
        schema=found.schema,
        rows=found.rows,
        head=found.head,
        settings=str(file.absolute()),
        parts=(store, *(part for part, _ in belongings.files)),
        environment=belongings.environment,
    )
    return manifest, [work / STORE, *(data for _, data in belongings.files)]


def _write(
    to: Path, manifest: Manifest, sources: list[Path | bytes], recipients: list[Recipient], told: Told
) -> None:
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        seal(manifest, sources, out, recipients, lambda done, whole: told("bytes written", done, whole))
        out.flush()
        os.fsync(out.fileno())
        # So that what is read back comes from the disk.
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read_back(file: Path, key: Identity, written: Manifest, work: Path, told: Told) -> str | None:
    """Hold what is on the disk against what was to be written; returns a fault of the record itself."""
    try:
        with file.open("rb") as sealed:
            manifest, parts = unseal(sealed, key, work)
    except BackupError as error:
        raise BackupError(f"what was written to {file.parent} can't be read back: {error}") from None
    engine = open_engine(f"sqlite:///{parts[0]}", read_only=True)
    try:
        found = snapshot.contents(engine, written.site)
        if manifest != written or found.rows != written.rows or found.head != written.head:
            raise BackupError(f"what was written to {file.parent} reads back as something else")
        verifier = chain.verify(
            engine, written.site, told=lambda done, whole: told("rows read back", done, whole)
        )
    finally:
        engine.dispose()
    if not verifier.count or written.head is None:
        return None
    return (
        f"the record is not whole, and so in its backup; see tocsin-hub verify-record: {verifier.faults[0]}"
    )


def _name(manifest: Manifest) -> str:
    at = time.strftime("%Y%m%dT%H%M%S", time.gmtime(manifest.taken_at / 1000))
    return f"tocsin-{manifest.site}-{at}.{manifest.taken_at % 1000:03}Z.age"


def _delete_old(to: Path, settings: HubSettings, now: int) -> None:
    """Delete the backups that are too old, by the time in their names."""
    kept = sorted(to.glob(f"tocsin-{settings.site}-????????T??????.???Z.age"))
    since = time.strftime("%Y%m%dT%H%M%S", time.gmtime((now - settings.backup.keep_days * DAY_MS) / 1000))
    for old in kept[:-KEPT_LEAST]:
        if old.name < f"tocsin-{settings.site}-{since}":
            old.unlink()


def _clear(to: Path, site: str) -> None:
    """Delete what a backup that was killed has left in the target."""
    for left in to.glob(f".tocsin-{site}-*{UNFINISHED}"):
        left.unlink()


def _leave_room(data: Path) -> None:
    free = disk_free_mb(data)
    if free is not None and free < LEFT_MB:
        raise BackupError(f"only {free:.0f} MB are free in {data}, and the hub needs them; make room there")


@contextlib.contextmanager
def _empty_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for its owner alone, without what one that was killed has left; it goes at the end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[IO[bytes]]:
    with (data / "backup.lock").open("ab") as file:
        as_its_folder(Path(file.name))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup of {data} is being taken; wait for its end") from None
        yield file
