"""The power is cut at every write of the outbox, and what was on the disk is opened again.

A recorded history is laid down up to each of its operations, as each kind of power cut leaves it. What
must be there is what had been committed, whole and in order, and at most the commit that was under way.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from device import outbox_file
from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Fact, Kept, Restored
from device.outbox_file import Change
from tests.device.outboxes import Opened
from tests.faults.power_cut import Disk, Operation
from tests.faults.recording_disk import RecordingDisk

pytestmark = pytest.mark.skipif(
    shutil.which("fusermount3") is None or not os.access("/dev/fuse", os.W_OK), reason="no FUSE here"
)
KINDS = ("all", "synced", "torn", "some")
ZONES = ("wall", "desk", "door")
CHECKPOINT = 24
"""Pages in the WAL, so that a short history goes through several checkpoints."""


class Held(NamedTuple):
    """What the outbox holds at a moment of the history."""

    events: tuple[Kept, ...] = ()
    memory: tuple[tuple[str, str], ...] = ()

    def then(self, change: Change) -> Held:
        events, memory = self.events, dict(self.memory)
        match change:
            case Keep(event, word):
                events = (*events, event)
                memory |= {} if word is None else {word.key: word.value}
            case Forget(id):
                events = tuple(each for each in events if each.id != id)
            case Remember(key, value):
                memory[key] = value
        return Held(events, tuple(sorted(memory.items())))


def a_press(n: int, dice: random.Random) -> Kept:
    body = f'{{"v":1,"id":"b-{n}","zone":"wall","what":"alarm","label":"{"x" * dice.randint(150, 1500)}"}}'
    moment = Moment("0f2c" * 9, 100 + n / 7, 1_790_000_000_000 + n, dice.choice([True, False, None]))
    return Kept(id=f"b-{n}", body=body.encode(), happened=moment)


def history(seed: int, length: int) -> list[Change]:
    """Make presses with their words, receipts, and words alone."""
    dice = random.Random(seed)
    changes: list[Change] = []
    owed: list[str] = []
    for n in range(length):
        what = dice.random()
        if what < 0.5 or not owed:
            event = a_press(n, dice)
            word = Remember(f"zone {dice.choice(ZONES)}", f"active since {event.id}")
            changes.append(Keep(event, word))
            owed.append(event.id)
        elif what < 0.85:
            changes.append(Forget(owed.pop(dice.randrange(len(owed)))))
        else:
            changes.append(Remember(f"zone {dice.choice(ZONES)}", f"normal {n}"))
    return changes


def written(opened: Opened) -> None:
    """Wait until all that was told is on the disk."""
    end = time.monotonic() + 30
    while opened.outbox.behind_s(time.monotonic()):
        assert time.monotonic() < end
        time.sleep(0.0005)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[RecordingDisk]:
    with RecordingDisk(tmp_path / "recorded") as disk:
        yield disk


@pytest.fixture
def fast() -> Iterator[Path]:
    """A folder in memory, where there is one: hundreds of outboxes are opened."""
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="tocsin-cut-", dir=shm) as folder:
        yield Path(folder)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_file, "WAL_PAGES", CHECKPOINT)


def record(disk: RecordingDisk, changes: list[Change], dice: random.Random) -> list[Operation]:
    """Have an outbox take the history, now one change at a time, now several at once."""
    opened = Opened(disk.path / "outbox.db")
    written(opened)
    at = 0
    while at < len(changes):
        batch = changes[at : at + dice.choice([1, 1, 1, 3])]
        at += len(batch)
        disk.mark(f"asked {at}")
        for change in batch:
            opened.outbox.write(change)
        written(opened)
        disk.mark(f"done {at}")
    opened.outbox.close()
    return disk.operations()


def laid(files: dict[str, bytes], folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "outbox.db"


def facts_of(path: Path) -> list[Fact]:
    """Open an outbox, wait until it is at rest, and return what it said."""
    opened = Opened(path)
    written(opened)
    opened.outbox.close()
    said = []
    while not opened.facts.empty():
        said.append(opened.facts.get())
    return said


def cut_everywhere(
    operations: list[Operation], changes: list[Change], folder: Path, dice: random.Random, *, every: bool
) -> int:
    """Cut after each operation; in every way, or in two of them in turn."""
    states = list(itertools.accumulate(changes, Held.then, initial=Held()))
    disk, asked, done, cuts = Disk(), 0, 0, 0
    kinds = itertools.cycle(KINDS[1:])
    for operation in operations:
        disk.do(operation)
        if operation.what == "mark":
            word, at = operation.path.split()
            asked, done = (int(at), done) if word == "asked" else (asked, int(at))
            continue
        for how in KINDS if every else ("all", next(kinds)):
            path = laid(disk.cut(how, dice), folder / "cut")
            said = facts_of(path)
            cuts += 1
            if how == "torn" and header_of_the_log(operation):
                check_after_a_torn_header(said, states[done : asked + 1])
                continue
            assert len(said) == 1, (how, operation.what, operation.path, said)
            (found,) = said
            assert isinstance(found, Restored)
            held = Held(found.events, tuple(sorted(found.memory.items())))
            assert held in states[done : asked + 1], (how, done, asked, held)
    return cuts


def header_of_the_log(operation: Operation) -> bool:
    return operation.what == "write" and operation.path == "outbox.db-wal" and operation.words[0] == 0


def check_after_a_torn_header(said: list[Fact], states: list[Held]) -> None:
    """The log's header is 32 bytes, which no disk tears. One that did would look like a damaged log.

    Then the file is set aside: nothing is lost, but events that were forgotten may come again.
    """
    found = [event for fact in said if isinstance(fact, Restored) for event in fact.events]
    assert any(set(state.events) <= set(found) for state in states), said


@pytest.mark.usefixtures("often")
def test_cut_at_every_write(disk: RecordingDisk, fast: Path) -> None:
    """No event is lost or made up, none is changed, and each has the word that came with it."""
    changes = history(seed=1, length=30)
    operations = record(disk, changes, random.Random(1))
    assert any(each.what == "write" and each.path == "outbox.db" for each in operations), "no checkpoint"
    cuts = cut_everywhere(operations, changes, fast, random.Random(2), every=False)
    print(f"{len(operations)} operations, {cuts} power cuts")


@pytest.mark.long
@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("seed", range(3))
def test_cut_at_every_write_of_a_longer_history_in_every_way(
    disk: RecordingDisk, fast: Path, seed: int
) -> None:
    changes = history(seed=100 + seed, length=120)
    operations = record(disk, changes, random.Random(seed))
    cuts = cut_everywhere(operations, changes, fast, random.Random(seed), every=True)
    print(f"{len(operations)} operations, {cuts} power cuts")


@pytest.mark.usefixtures("often")
def test_the_disk_model_finds_what_is_not_synced(
    disk: RecordingDisk, fast: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof above can fail: without ``synchronous=FULL`` commits are lost."""
    careful = outbox_file.connect

    def careless(path: Path) -> object:
        db = careful(path)
        db.execute("PRAGMA synchronous=OFF")
        return db

    opened = Opened(disk.path / "outbox.db", connect=careless)
    written(opened)
    changes = history(seed=1, length=10)
    for at, change in enumerate(changes, 1):
        disk.mark(f"asked {at}")
        opened.outbox.write(change)
        written(opened)
        disk.mark(f"done {at}")
    opened.outbox.close()
    with pytest.raises(AssertionError):
        cut_everywhere(disk.operations(), changes, fast, random.Random(2), every=True)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("way", ["damaged", "damaged log", "set aside"])
def test_cut_while_a_file_is_set_aside(disk: RecordingDisk, fast: Path, tmp_path: Path, way: str) -> None:
    """What could be read of the file that is set aside is there after a cut at any moment of it."""
    dice = random.Random(way)
    presses = [a_press(n, dice) for n in range(40)]
    first = Opened(tmp_path / "before" / "outbox.db")
    written(first)
    for press in presses:
        first.outbox.write(Keep(press))
        written(first)
    for each in (tmp_path / "before").iterdir():  # as a kill leaves it, with its WAL
        content = bytearray(each.read_bytes())
        if (each.suffix, way) in ((".db", "damaged"), (".db-wal", "damaged log")):
            content[4096 * 2 : 4096 * 3] = b"\xa5" * 4096
        (disk.source / each.name).write_bytes(content)
    first.outbox.close()
    before = Disk()
    before.begin(disk.source)
    disk.mark("begin")

    opened = Opened(disk.path / "outbox.db", set_aside=way == "set aside")
    written(opened)
    opened.outbox.take_back()
    new = a_press(100, dice)
    while True:  # what it can read of the file, this once undisturbed
        fact = opened.fact()
        readable = set(fact.events) if isinstance(fact, Restored) else set()
        if readable:
            break
    written(opened)
    opened.outbox.write(Keep(new))
    written(opened)
    disk.mark("kept")
    opened.outbox.close()
    assert len(readable) >= (40 if way == "set aside" else 30)

    kept, begun = False, False
    for operation in disk.operations():
        if operation.what == "mark":
            begun = begun or operation.path == "begin"
            kept = kept or operation.path == "kept"
            continue
        if not begun:
            continue
        before.do(operation)
        for how in KINDS:
            said = facts_of(laid(before.cut(how, dice), fast / "cut"))
            found = {event for fact in said if isinstance(fact, Restored) for event in fact.events}
            assert readable <= found, (how, operation.what, operation.path, said)
            assert not kept or new in found
            assert found <= {*presses, new}


@pytest.mark.usefixtures("often")
def test_cut_again_while_it_opens_after_a_cut(disk: RecordingDisk, fast: Path) -> None:
    """Recovering from a power cut is itself safe from one."""
    dice = random.Random(5)
    changes = history(seed=5, length=20)
    operations = record(disk, changes, dice)
    states = list(itertools.accumulate(changes, Held.then, initial=Held()))
    for stop in dice.sample(range(len(operations) // 3, len(operations)), 3):
        first, done, asked = Disk(), 0, 0
        for operation in operations[:stop]:
            first.do(operation)
            if operation.what == "mark":
                word, at = operation.path.split()
                asked, done = (int(at), done) if word == "asked" else (asked, int(at))
        for each in disk.source.iterdir():
            each.unlink()
        for name, content in first.cut("some", dice).items():
            (disk.source / name).write_bytes(content)
        second = Disk()
        second.begin(disk.source)
        so_far = len(disk.operations())
        facts_of(disk.path / "outbox.db")
        for operation in disk.operations()[so_far:]:
            second.do(operation)
            for how in KINDS:
                said = facts_of(laid(second.cut(how, dice), fast / "cut"))
                if how == "torn" and header_of_the_log(operation):
                    check_after_a_torn_header(said, states[done : asked + 1])
                    continue
                assert len(said) == 1, (how, operation, said)
                (found,) = said
                assert isinstance(found, Restored)
                held = Held(found.events, tuple(sorted(found.memory.items())))
                assert held in states[done : asked + 1], (how, operation.what, operation.path)


def test_what_a_press_writes(disk: RecordingDisk) -> None:
    """A card wears by what is written to it: the docstring of device/outbox_file.py has the figures."""
    opened = Opened(disk.path / "outbox.db")
    written(opened)
    presses = 200
    dice = random.Random(7)
    before = len(disk.operations())
    for n in range(presses):
        opened.outbox.write(Keep(a_press(n, dice), Remember("zone wall", f"active {n}")))
        written(opened)
        opened.outbox.write(Forget(f"b-{n}"))
        written(opened)
    done = disk.operations()[before:]
    size = sum(len(each.words[1]) for each in done if each.what == "write") / presses
    syncs = sum(each.what.startswith("sync") for each in done) / presses
    log = max(each.words[0] for each in done if each.path == "outbox.db-wal" and each.what == "write")
    opened.outbox.close()
    print(f"a press: {size / 1024:.1f} KB in {syncs:.2f} syncs; the log grows to {log / 1024:.0f} KB")
    assert size < 64 * 1024
    assert syncs < 3
    assert log < 2 << 20, "the log is bounded"
