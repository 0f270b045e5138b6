"""What is read of a damaged outbox: all that the damage left."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from device import outbox_file, salvage
from device.actions import Forget, Keep, Remember
from device.facts import OutboxFault, Restored
from tests.device.outboxes import Opened, at_rest, kept

PAGE = 4096
PRESSES = 300


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox as a kill leaves it: in its file and in its WAL, with some presses forgotten."""
    folder = tmp_path_factory.mktemp("outbox")
    path = folder / "live" / "outbox.db"
    path.parent.mkdir()
    db = outbox_file.connect(path)
    db.executescript(outbox_file.SCHEMA)
    for n in range(PRESSES):
        outbox_file.write(db, [Keep(kept(f"e{n}")), Remember("zone desk", f"active {n}")])
        if n % 10 == 3:
            outbox_file.write(db, [Forget(f"e{n}")])
    shutil.copytree(path.parent, folder / "killed")
    db.close()
    shutil.copytree(path.parent, folder / "closed")
    return folder


LAST = f"e{PRESSES - 1}"
"""Damage to the log's last commit can't be told from a power cut in it: then it is as if never made."""
OWED = {f"e{n}" for n in range(PRESSES) if n % 10 != 3}


def copied(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder / "outbox")
    return folder / "outbox" / "outbox.db"


def test_a_sound_file_is_read_as_sqlite_reads_it(killed: Path, tmp_path: Path) -> None:
    """Its WAL's commits laid over it by our own hand; nothing is written."""
    path = copied(killed / "killed", tmp_path)
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert "outbox.db-wal" in before
    found = salvage.look(path)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before
    assert (found.whole, found.holes) == (True, False)
    assert {event.id for event in found.held.events} == OWED
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert found.held == outbox_file.read(db)


def test_a_log_that_is_cut_anywhere_is_read_as_sqlite_reads_it(killed: Path, tmp_path: Path) -> None:
    """Whatever part of it the power left: the last commit that is whole counts."""
    dice = random.Random(3)
    wal = (killed / "killed" / "outbox.db-wal").read_bytes()
    for n in range(40):
        path = copied(killed / "killed", tmp_path / str(n))
        path.with_name("outbox.db-wal").write_bytes(wal[: dice.randrange(len(wal))])
        found = salvage.look(path)
        with contextlib.closing(sqlite3.connect(path)) as db:
            there = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'event'").fetchone()[0]
            sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            expected = outbox_file.read(db) if there and sound else None
        if expected is not None:
            assert found.held == expected


def places(killed: Path) -> list[tuple[str, int]]:
    return [
        (name, at)
        for name in ("outbox.db", "outbox.db-wal")
        for at in range(0, (killed / "killed" / name).stat().st_size, PAGE)
    ]


def damage(content: bytes, at: int, how: str, dice: random.Random) -> bytes:
    end = min(at + PAGE, len(content))
    middle = {"zeroed": bytes(end - at), "noise": dice.randbytes(end - at)}.get(how)
    if middle is None:  # one byte in the page is another
        page = bytearray(content[at:end])
        page[dice.randrange(len(page))] ^= 1 << dice.randrange(8)
        middle = bytes(page)
    return content[:at] + middle + content[end:]


@pytest.mark.parametrize("how", ["flipped", "zeroed", "noise"])
def test_each_page_damaged(killed: Path, tmp_path: Path, how: str) -> None:
    """An outbox opens, whatever page it was; what the damage didn't hit is told and owed on."""
    dice = random.Random(how)
    spots = places(killed)
    whole = {name: (killed / "killed" / name).read_bytes() for name in ("outbox.db", "outbox.db-wal")}
    for name, at in dice.sample(spots, min(25, len(spots))):
        folder = tmp_path / f"{name}-{at}"
        folder.mkdir()
        hurt = {**whole, name: damage(whole[name], at, how, dice)}
        for each, content in hurt.items():
            (folder / each).write_bytes(content)
        still = {event.id for data in hurt.values() for _, event in salvage.carve(data)} & OWED
        still.discard(LAST)
        told = opened_and_told(folder / "outbox.db")
        assert len(OWED - told) <= 110, "more is lost than lay in one page"
        assert still <= told, (name, at, OWED - told)
        assert told <= {f"e{n}" for n in range(PRESSES)} or how == "flipped"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_truncated(killed: Path, tmp_path: Path, keep: float) -> None:
    """As a file system's check may leave it."""
    path = copied(killed / "closed", tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    still = {event.id for _, event in salvage.carve(path.read_bytes())} & OWED
    assert still <= opened_and_told(path)


@pytest.mark.parametrize("what", ["the file is empty", "the file is gone", "the log's header is noise"])
def test_presses_that_only_the_log_holds(tmp_path: Path, what: str) -> None:
    """SQLite would delete such a log without a word."""
    first = Opened(tmp_path / "first" / "outbox.db")
    for n in range(5):
        first.outbox.write(Keep(kept(f"e{n}")))
        at_rest(first)
    path = copied(tmp_path / "first", tmp_path)
    first.outbox.close()
    wal = path.with_name("outbox.db-wal")
    if what == "the file is gone":
        path.unlink()
    elif what == "the file is empty":
        path.write_bytes(b"")
    else:
        wal.write_bytes(b"\xa5" * 32 + wal.read_bytes()[32:])
    assert opened_and_told(path) == {f"e{n}" for n in range(5)}
    assert opened_and_told(path) == {f"e{n}" for n in range(5)}


def opened_and_told(path: Path) -> set[str]:
    """Open an outbox on the file; returns which events it told once it was well."""
    opened = Opened(path)
    at_rest(opened)
    opened.outbox.write(Keep(kept("new")))
    at_rest(opened)
    opened.outbox.close()
    told: set[str] = set()
    while not opened.facts.empty():
        fact = opened.facts.get()
        assert not isinstance(fact, OutboxFault), fact
        if isinstance(fact, Restored):
            told |= {event.id for event in fact.events}
    again = Opened(path)
    found = again.fact()
    again.outbox.close()
    assert isinstance(found, Restored)
    assert {event.id for event in found.events} == {*told, "new"}
    return told - {"new"}
