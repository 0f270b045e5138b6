"""A backup of either kind of database, restored into either kind."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pyrage.x25519 import Identity
from sqlalchemy import Engine, delete, select, text, update

from config.backup_settings import BackupSettings
from config.hub_settings import HubSettings, StoreSettings
from hub import alone
from hub.asking import Acknowledge
from hub.authority.authority import CERTIFICATE_FILE, FOLDER, KEY_FILE, Authority
from hub.backup import taking
from hub.backup.fault import BackupError
from hub.backup.placing import place_files
from hub.backup.restoring import Backup, open_backup, restore_store
from hub.backup.result import Result, read_result
from hub.backup.taking import KEPT_LEAST, WORK, Taken, back_up
from hub.decision import Decision
from hub.epoch import FACT, read_epoch
from hub.inputs import Asked
from hub.site import Site
from hub.store import chain, snapshot
from hub.store.engine import open_engine
from hub.store.journal import Journal
from hub.store.migrate import HEAD, bring_up
from hub.store.people import People
from hub.store.tables import facts, metadata, people, record
from hub.view import View
from tests.hub.making import T0, at, event_bytes, new_site, take
from tests.hub.store.conftest import Store
from tests.scenarios.rig import site_settings

KEY = Identity.generate()
DAY_MS = 86_400_000


def nothing(*_: Any) -> None:
    """Nobody looks at how far it is."""


class School:
    """A site with a record, people, and settings with a secret."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        with store.engine.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text(f"INSERT INTO alembic_version VALUES ('{HEAD}')"))
        self.journal = Journal(store.engine, "lincoln")
        self.site: Site = new_site(site_settings("device"))
        self.to = folder / "to"
        self.to.mkdir()
        self.file = folder / "hub.toml"
        self.file.write_text("# the settings\n")
        self.pin = folder / "agent.toml"
        self.pin.write_text("# the agent's\n")
        backup = BackupSettings(to=self.to, recipient=str(KEY.to_public()), also=(self.pin,))
        self.settings = self.of(store, backup=backup)
        People(store.engine, "lincoln").add("Reyes", "a long password")
        for number in (101, 102, 103):
            self.press(number)

    def of(self, store: Store, **more: Any) -> HubSettings:
        """Settings whose record is in this database."""
        if not store.is_sqlite:
            url = store.data / "url"
            url.write_text(store.url.replace("postgresql+psycopg://", "postgresql://"))
            more["store"] = StoreSettings(url_file=url)
        return replace(site_settings("device"), data=store.data, channels={}, **more)

    def press(self, number: int, event: str | None = None) -> None:
        made = take(self.site, event_bytes(id=event or f"e{number}"), number, device=f"room-{number}")
        seen = (
            Acknowledge(next(iter(made.incidents)), "Reyes", "board", note="all well")
            if made.incidents
            else None
        )
        self.journal.commit([made])
        if seen is not None:
            self.journal.commit([self.site.decide(Asked(seen, lambda _: None), at(number + 1))])

    def reader(self) -> Engine:
        return self.store.reader()

    def take(self, told: Any = nothing, to: Path | None = None) -> Taken:
        return back_up(self.settings, self.reader(), self.file, to or self.to, told)

    def opened(self, taken: Taken, folder: Path, key: Identity = KEY, heads: Any = ()) -> Backup:
        folder.mkdir(exist_ok=True)
        return open_backup(taken.file, key, folder, list(heads), nothing)


def everything(engine: Engine, *but: str) -> dict[str, list[Any]]:
    """Every row of the site, by table."""
    found = {}
    with engine.connect() as connection:
        for name, table in metadata.tables.items():
            columns = [c for c in table.columns if (name, c.name) != ("quarantine", "id")]
            if name not in but:
                rows = connection.execute(select(*columns).where(table.c.site == "lincoln")).all()
                found[name] = sorted(map(repr, rows))
    return found


@pytest.fixture
def school(store: Store, tmp_path: Path) -> Iterator[School]:
    made = School(store, tmp_path)
    yield made
    made.journal.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of either kind, whatever the other one is."""
    from hub.store.engine import sqlite_url

    data = tmp_path / "target"
    data.mkdir()
    if request.param == "sqlite":
        store = Store(sqlite_url(data), data, open_engine(sqlite_url(data)))
    else:
        server = request.getfixturevalue("server")
        name = f"target{os.urandom(4).hex()}"
        admin = open_engine(server.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        store = Store(server.url(name), data, open_engine(server.url(name)), server)
    yield store
    store.engine.dispose()


def test_a_backup_comes_back_in_either_kind_of_database(
    school: School, target: Store, tmp_path: Path
) -> None:
    """Every row of every table, but that sessions end and another epoch begins; the record is whole."""
    school.journal.quarantine(Decision(0.0, raw=("topic", b"\0raw")), T0, "refused")
    taken = school.take()
    assert taken.fault is None
    backup = school.opened(taken, tmp_path / "work")
    epoch = restore_store(backup, school.of(target), T0 + DAY_MS, replace=False, told=nothing)
    changed = ("people", "facts")
    assert everything(target.reader(), *changed) == everything(school.reader(), *changed)
    with target.reader().connect() as connection:
        kept = dict(connection.execute(select(facts.c.name, facts.c.value)).all())
        (person,) = connection.execute(select(people)).all()
    assert read_epoch(kept.pop(FACT)) == epoch
    assert (epoch.n, epoch.begun, epoch.backup_at) == (2, False, taken.manifest.taken_at)
    assert epoch.head == chain.head(school.reader(), "lincoln")
    assert (person.name, person.epoch) == ("Reyes", 2)
    assert People(target.engine, "lincoln").check("Reyes", "a long password") is not None
    assert chain.verify(target.reader(), "lincoln", [epoch.head] if epoch.head else []).faults == []
    # And a hub starts on it: the record goes on behind a row that says what it is.
    assert bring_up(target.engine, target.url, target.data) is None
    loaded = Journal(target.engine, "lincoln").load()
    now = at(DAY_MS / 1000)
    site = Site(school.settings, {}, loaded, View("lincoln", "Lincoln", "UTC", now.wall), now)
    first = Decision(now.mono)
    site.new_epoch.begin(first, now)
    Journal(target.engine, "lincoln").commit([first])
    found = chain.verify(target.reader(), "lincoln")
    assert found.faults == []
    assert len(found.restores) == 1


def test_settings_secrets_and_what_else_is_named_go_along(school: School, tmp_path: Path) -> None:
    """Each with its path, its mode and its owner."""
    school.file.chmod(0o640)
    backup = school.opened(school.take(), tmp_path / "work")
    found = {part.path: (path.read_text(), oct(part.mode)) for part, path in backup.files}
    assert found[str(school.file)] == ("# the settings\n", "0o640")
    assert found[str(school.pin)][0] == "# the agent's\n"
    if not school.store.is_sqlite:
        assert "postgresql://" in found[str(school.store.data / "url")][0]


def test_the_authority_goes_with_the_record(school: School, target: Store, tmp_path: Path) -> None:
    """Rooms know no other; one that is there already is refused, with ``replace`` kept beside."""
    made = Authority.open(school.settings.data / FOLDER, "lincoln")
    backup = school.opened(school.take(), tmp_path / "work")
    place_files(backup, tmp_path / "root", replace=False)  # not with the settings
    assert not list((tmp_path / "root").rglob("authority*"))
    other = Authority.open(target.data / FOLDER, "lincoln")
    with pytest.raises(BackupError, match=r"authority\.key.*there, and not as in the backup; nothing was"):
        restore_store(backup, school.of(target), T0, replace=False, told=nothing)
    assert Authority.open(target.data / FOLDER, "lincoln").der == other.der
    restore_store(backup, school.of(target), T0, replace=True, told=nothing)
    assert Authority.open(target.data / FOLDER, "lincoln").der == made.der
    kept = target.data / FOLDER / f"{KEY_FILE}.before-restore"
    assert kept.stat().st_mode & 0o077 == 0
    assert (kept.parent / f"{CERTIFICATE_FILE}.before-restore").read_bytes() == other.pem


def test_the_hub_is_never_held_up(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """While rows are copied presses are committed; the backup is of one moment, before them."""
    before = chain.head(school.reader(), "lincoln")
    committed: list[str] = []
    monkeypatch.setattr(snapshot, "ROWS", 1)

    def told(what: str, done: int, whole: int) -> None:
        if what == "rows copied" and len(committed) < 5:
            thread = threading.Thread(target=lambda: school.press(110 + len(committed)))
            thread.start()
            thread.join(5)
            assert not thread.is_alive()
            committed.append(what)

    taken = school.take(told)
    assert len(committed) == 5
    assert taken.manifest.head == before
    assert taken.fault is None
    assert chain.head(school.reader(), "lincoln") != before


def test_another_sites_rows_stay_where_they_are(school: School, target: Store, tmp_path: Path) -> None:
    """Only this site's go into the backup, and only this site's are put in place."""
    other = Journal(school.store.engine, "adams")
    other.commit([take(new_site(site_settings()), event_bytes(id="x"), 0, device="room-101")])
    taken = school.take()
    assert taken.manifest.rows["events"] == 3
    backup = school.opened(taken, tmp_path / "work")
    restore_store(backup, school.of(target), T0, replace=False, told=nothing)
    with target.reader().connect() as connection:
        assert set(connection.execute(select(record.c.site))) == {("lincoln",)}


def test_what_is_there_is_refused_and_left_alone(school: School, tmp_path: Path) -> None:
    """It is named, with its state and the cure; with ``replace`` it is kept aside."""
    backup = school.opened(school.take(), tmp_path / "work")
    school.press(120)
    before, head = everything(school.reader()), chain.head(school.reader(), "lincoln")
    assert head is not None
    words = f"holds a record up to row {head[0]} and 1 people of site lincoln; nothing was changed. --replace"
    with pytest.raises(BackupError, match=words):
        restore_store(backup, school.settings, T0, replace=False, told=nothing)
    assert everything(school.reader()) == before
    school.journal.close()
    school.store.engine.dispose()
    restore_store(backup, school.settings, T0, replace=True, told=nothing)
    assert chain.head(school.reader(), "lincoln") == backup.manifest.head
    (aside,) = (school.store.data / "backups").glob("before-restore-*")
    old = aside / "tocsin.db" if school.store.is_sqlite else aside
    assert everything(open_engine(f"sqlite:///{old}", read_only=True)) == before


def test_a_restore_that_fails_changes_nothing(
    school: School, target: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows or none: what is there is what was there."""
    backup = school.opened(school.take(), tmp_path / "work")

    def told(what: str, done: int, whole: int) -> None:
        if done > 10:
            raise OSError(errno.ENOSPC, "No space left on device", str(target.data))

    monkeypatch.setattr(snapshot, "ROWS", 2)
    with pytest.raises(BackupError, match="No space left on device"):
        restore_store(backup, school.of(target), T0, replace=False, told=told)
    if target.is_sqlite:
        assert [path.name for path in target.data.iterdir()] == ["hub.lock"]
    else:
        assert not any(snapshot.contents(target.reader(), "lincoln").rows.values())
    restore_store(backup, school.of(target), T0, replace=False, told=nothing)
    assert chain.head(target.reader(), "lincoln") == backup.manifest.head


def test_a_hub_that_runs_is_left_alone(school: School, target: Store, tmp_path: Path) -> None:
    backup = school.opened(school.take(), tmp_path / "work")
    with alone.take(target.data), pytest.raises(BackupError, match=r"another hub runs on .*systemctl stop"):
        restore_store(backup, school.of(target), T0, replace=True, told=nothing)


def test_another_sites_backup_is_refused(school: School, target: Store, tmp_path: Path) -> None:
    backup = school.opened(school.take(), tmp_path / "work")
    of_adams = replace(school.of(target), site="adams")
    with pytest.raises(BackupError, match="it is of site 'lincoln', and the settings are of 'adams'"):
        restore_store(backup, of_adams, T0, replace=False, told=nothing)


def test_the_store_alone_never_leaves_the_machine_in_the_clear(school: School) -> None:
    """Nothing is left of what the backup was made from; the file tells nothing without its key."""
    taken = school.take()
    assert not (school.store.data / WORK).exists()
    assert [path.name for path in school.to.iterdir()] == [taken.file.name]
    data = taken.file.read_bytes()
    assert b"Reyes" not in data
    assert b"SQLite" not in data
    assert taken.file.stat().st_mode & 0o077 == 0


def test_a_record_that_is_not_whole_is_backed_up_and_told(school: School) -> None:
    """The backup is as the store is: better that than none; what is wrong is said."""
    with school.store.engine.begin() as connection:
        connection.execute(update(record).where(record.c.seq == 3).values(reason="altered"))
    taken = school.take()
    assert taken.fault is not None
    assert "the record is not whole" in taken.fault
    assert "row 3 is altered" in taken.fault
    assert read_result(school.store.data).why == taken.fault


def test_what_comes_of_it_is_kept_for_the_hub(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest good one stays known while later ones fail, with the reason."""
    assert read_result(school.store.data) == Result()
    taken = school.take()
    head = taken.manifest.head
    assert head is not None
    good = Result(taken.manifest.taken_at, str(taken.file), taken.size, f"{head[0]}:{head[1]}")
    assert read_result(school.store.data) == good
    school.pin.unlink()
    with pytest.raises(BackupError, match=r"agent.toml is to go along and can't be read: No such file"):
        school.take()
    kept = read_result(school.store.data)
    assert kept.why is not None
    assert replace(kept, why=None) == good


@pytest.mark.parametrize("when", ["rows copied", "bytes written", "rows read back"])
def test_a_backup_that_fails_anywhere_leaves_nothing(school: School, when: str) -> None:
    """No half file, under whatever name; the next one is taken."""

    def told(what: str, done: int, whole: int) -> None:
        if what == when:
            raise OSError(errno.ENOSPC, "No space left on device", str(school.to))

    with pytest.raises(BackupError, match="No space left on device"):
        school.take(told)
    assert list(school.to.iterdir()) == []
    assert not (school.store.data / WORK).exists()
    school.take()


def test_what_a_killed_one_left_is_cleared(school: School) -> None:
    """Plain rows in the work folder, and an unfinished file in the target."""
    work = school.store.data / WORK
    work.mkdir()
    (work / "store.db").write_text("half")
    (school.to / ".tocsin-lincoln-20261130T023000.000Z.age.unfinished").write_text("half")
    (school.to / ".tocsin-adams-20261130T023000.000Z.age.unfinished").write_text("another's")
    taken = school.take()
    left = {path.name for path in school.to.iterdir()}
    assert left == {taken.file.name, ".tocsin-adams-20261130T023000.000Z.age.unfinished"}
    assert not work.exists()


def test_what_does_not_read_back_gets_no_name(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives back something else than it took."""
    write = taking._write

    def badly(to: Path, *rest: Any) -> None:
        write(to, *rest)
        with to.open("r+b") as file:
            file.seek(-100, os.SEEK_END)
            file.write(b"\0")

    monkeypatch.setattr(taking, "_write", badly)
    with pytest.raises(BackupError, match="can't be read back: it is cut or altered"):
        school.take()
    assert list(school.to.iterdir()) == []


def test_old_ones_go_and_the_newest_seven_stay(school: School) -> None:
    """However old those are: a clock may be wrong. Other files, and other sites', are nobody's business."""
    days = [f"tocsin-lincoln-202001{day:02}T023000.000Z.age" for day in range(1, 13)]
    for name in (*days, "tocsin-adams-20200101T023000.000Z.age", "letter.txt"):
        (school.to / name).write_text("old")
    taken = school.take()
    left = sorted(path.name for path in school.to.iterdir())
    kept = [name for name in left if name.startswith("tocsin-lincoln")]
    assert kept == [*days[-(KEPT_LEAST - 1) :], taken.file.name]
    assert len(left) == KEPT_LEAST + 2


def test_two_at_a_time_are_one_too_many(school: School) -> None:
    def told(what: str, done: int, whole: int) -> None:
        if what == "bytes written":
            with pytest.raises(BackupError, match=r"another backup of .* is being taken"):
                school.take()
            told_of.append(what)

    told_of: list[str] = []
    school.take(told)
    assert told_of


def test_the_hubs_own_disk_is_left_room(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that would fill it is given up: a press needs it."""
    monkeypatch.setattr(taking, "disk_free_mb", lambda _: 499.0)
    with pytest.raises(BackupError, match=r"only 499 MB are free in .*, and the hub needs them"):
        school.take()


def test_a_read_only_target_says_so(school: School) -> None:
    """/sys takes no file, from root neither."""
    with pytest.raises(BackupError, match=r"Permission denied|Read-only|Operation not permitted"):
        school.take(to=Path("/sys"))


def test_a_target_that_is_not_there_says_so(school: School) -> None:
    """A disk that isn't plugged in: no folder is made in its stead, on the disk of the record."""
    with pytest.raises(BackupError, match="No such file or directory"):
        school.take(to=school.to / "unplugged")
    assert not (school.to / "unplugged").exists()


def test_a_head_noted_after_the_backup_is_told(school: School, tmp_path: Path) -> None:
    """It is older than what the school has on paper: the record in it ends before."""
    taken = school.take()
    school.press(130)
    head = chain.head(school.reader(), "lincoln")
    backup = school.opened(taken, tmp_path / "work", heads=[head])
    assert not backup.is_whole
    assert backup.record is not None
    assert "its end was cut off" in backup.record.faults[0]


def test_a_newer_schema_is_refused(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "HEAD", "9999")
    monkeypatch.setattr(taking, "HEAD", "9999")
    with school.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    taken = school.take()
    with pytest.raises(BackupError, match=f"at schema 9999, newer than this program's {HEAD}"):
        school.opened(taken, tmp_path / "work")


def test_an_empty_record_is_no_fault(make_store: Callable[[], Store], tmp_path: Path) -> None:
    """A hub that was set up today: people, and no row yet."""
    store = make_store()
    metadata.create_all(store.engine)
    school = School(store, tmp_path)
    with store.engine.begin() as connection:
        for table in metadata.tables.values():
            if table.name != "people":
                connection.execute(delete(table))
    taken = school.take()
    assert taken.fault is None
    assert taken.manifest.head is None
    backup = school.opened(taken, tmp_path / "work")
    assert backup.is_whole
    with pytest.raises(BackupError, match="holds no row of a record and 1 people"):
        restore_store(backup, school.settings, T0, replace=False, told=nothing)
    assert not school.opened(taken, tmp_path / "again", heads=[(7, "f" * 64)]).is_whole


def test_an_older_schema_is_brought_up(school: School, tmp_path: Path, monkeypatch: Any) -> None:
    """A backup of the first release: its record is chained as it is, and then restored."""
    from alembic import command
    from alembic.config import Config

    from hub.store import migrate

    old = tmp_path / "old"
    old.mkdir()
    engine = open_engine(f"sqlite:///{old / 'store.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        row = {"site": "lincoln", "seq": 1, "at": T0, "what": "hub-started", "reason": "x", "detail": "{}"}
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO record ({columns}) VALUES ({values})"), row)
    engine.dispose()

    def taken_then(*_: Any) -> snapshot.Contents:
        (old / "store.db").rename(school.store.data / WORK / "store.db")
        return snapshot.Contents("0001", {"record": 1}, (1, ""))

    monkeypatch.setattr(snapshot, "take", taken_then)
    monkeypatch.setattr(taking, "_read_back", lambda *_: None)
    taken = school.take()
    backup = school.opened(taken, tmp_path / "work")
    assert backup.record is not None
    assert backup.is_whole
    assert backup.record.rows == 2
