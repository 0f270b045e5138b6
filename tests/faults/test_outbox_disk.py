"""The outbox on disks that are full, read-only, failing or hung: nothing is lost, and all of it is told."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device import outbox as outbox_module
from device.actions import Forget, Keep, Remember
from device.facts import OutboxFault, OutboxSetAside, OutboxTakenBack, Restored
from tests.device.outboxes import Opened, at_rest, kept, left_by_a_kill, restored
from tests.faults.sick_disk import SickDisk
from tests.faults.test_disk import as_root, fill_up, fuse, root, small_disk

__all__ = ["small_disk"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SickDisk]:
    with SickDisk(tmp_path / "sick") as disk:
        yield disk


def active(name: str) -> Keep:
    return Keep(kept(name), Remember(f"zone {name}", "active"))


def fault(opened: Opened) -> str | None:
    found = opened.fact()
    assert isinstance(found, OutboxFault), found
    return found.why


def well_again(opened: Opened) -> None:
    while fault(opened) is not None:
        pass


def names(found: Restored) -> list[str]:
    return [event.id for event in found.events]


def goes_through(folder: Path, tmp_path: Path, spoil: Callable[[], None], mend: Callable[[], None]) -> None:
    """Start well, fall sick, be restarted while sick, and get well."""
    folder.mkdir(exist_ok=True)
    opened = Opened(folder / "outbox.db")
    restored(opened)
    opened.outbox.write(Keep(kept("before")))
    at_rest(opened)
    spoil()
    opened.outbox.write(Keep(kept("meanwhile")))
    opened.outbox.write(Forget("before"))
    assert fault(opened)
    assert opened.outbox.behind_s(time.monotonic() + 10) > 9
    mend()
    well_again(opened)
    at_rest(opened)
    spoil()
    opened.outbox.close()
    spoil()  # the end of the first made room on a full disk

    again = Opened(folder / "outbox.db")
    assert names(restored(again)) == ["meanwhile"], "told although the disk is sick"
    assert fault(again), "a disk that takes nothing is told before anything is pressed"
    again.outbox.write(Keep(kept("in memory")))
    mend()
    well_again(again)
    at_rest(again)
    again.outbox.close()
    last = Opened(folder / "outbox.db")
    assert names(restored(last)) == ["meanwhile", "in memory"]
    at_rest(last)
    last.outbox.close()
    assert last.facts.empty()


@root
@as_root
def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    fill = small_disk / "fill"
    goes_through(small_disk / "agent", tmp_path, lambda: fill_up(fill), fill.unlink)


@root
@as_root
def test_a_read_only_disk(tmp_path: Path, small_disk: Path) -> None:
    """As when ext4 finds an error and is remounted."""

    def remount(how: str) -> None:
        # "busy" as long as a file is open for writing, which an aborted ext4 doesn't mind
        subprocess.run(["mount", "-o", f"remount,{how}", str(small_disk)], check=True)

    left_by_a_kill(tmp_path, active("a"), active("b"), folder=small_disk / "agent")
    remount("ro")
    opened = Opened(small_disk / "agent" / "outbox.db")
    found = restored(opened)
    assert names(found) == ["a", "b"]
    assert found.memory == {"zone a": "active", "zone b": "active"}
    assert fault(opened)
    opened.outbox.write(Keep(kept("c"), Remember("zone a", "normal")))
    opened.outbox.write(Forget("a"))
    remount("rw")
    well_again(opened)
    at_rest(opened)
    opened.outbox.close()
    again = Opened(small_disk / "agent" / "outbox.db")
    found = restored(again)
    again.outbox.close()
    assert names(found) == ["b", "c"]
    assert found.memory == {"zone a": "normal", "zone b": "active"}


@root
@as_root
def test_a_damaged_file_on_a_read_only_disk_is_told_and_moved_later(tmp_path: Path, small_disk: Path) -> None:
    path = small_disk / "agent" / "outbox.db"
    first = Opened(path)
    for name in ("a", "b"):
        first.outbox.write(Keep(kept(name)))
    first.outbox.close()
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    opened = Opened(path)
    assert set(names(restored(opened))) == {"a", "b"}
    assert fault(opened)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    found = opened.fact()
    while isinstance(found, OutboxFault):
        found = opened.fact()
    assert isinstance(found, OutboxSetAside)
    at_rest(opened)
    opened.outbox.close()
    again = Opened(path)
    assert set(names(restored(again))) == {"a", "b"}
    again.outbox.close()


@fuse
@pytest.mark.parametrize("error", ["EROFS", "EIO", "ENOSPC"])
def test_a_disk_on_which_every_write_fails(tmp_path: Path, disk: SickDisk, error: str) -> None:
    goes_through(disk.path / "agent", tmp_path, lambda: disk.fail(error), lambda: disk.fail("well"))


@fuse
def test_a_disk_that_cannot_be_read_for_long(tmp_path: Path, disk: SickDisk) -> None:
    """The agent runs on from memory; when the disk is well, what it held is told, and nothing newer lost."""
    left_by_a_kill(tmp_path, active("a"), active("b"), folder=disk.path / "agent")
    disk.fail("unreadable")
    opened = Opened(disk.path / "agent" / "outbox.db")
    assert fault(opened)
    opened.outbox.write(Keep(kept("c"), Remember("zone a", "normal")))
    while opened.facts.qsize() < 2:  # well past the tries after which another place is tried
        opened.outbox.write(Remember("zone c", "normal"))
        time.sleep(0.05)
        if opened.outbox.behind_s(time.monotonic()) > 1:
            break
    disk.fail("well")
    found = opened.fact()
    while not isinstance(found, Restored):
        found = opened.fact()
    assert set(names(found)) == {"a", "b"}
    # Of its zones the file's own words: what they told before is still owed its end.
    assert found.memory == {"zone a": "active", "zone b": "active"}
    at_rest(opened)
    opened.outbox.close()
    again = Opened(disk.path / "agent" / "outbox.db")
    held = restored(again)
    assert set(names(held)) == {"a", "b", "c"}
    assert held.memory == {"zone a": "normal", "zone b": "active", "zone c": "normal"}
    again.outbox.close()


@fuse
def test_a_hung_disk_is_told_by_its_lag_also_at_the_start(tmp_path: Path, disk: SickDisk) -> None:
    """Nothing is waited for; what it held comes when it answers."""
    left_by_a_kill(tmp_path, active("a"), folder=disk.path / "agent")
    disk.hang()
    try:
        opened = Opened(disk.path / "agent" / "outbox.db")
        began = time.monotonic()
        opened.outbox.write(Keep(kept("b")))
        assert time.monotonic() - began < 0.5
        assert opened.outbox.behind_s(time.monotonic() + 60) > 59
        assert opened.facts.empty()
    finally:
        disk.go_on()
    assert names(restored(opened)) == ["a"]
    at_rest(opened)
    opened.outbox.close()


@fuse
def test_a_bad_place_on_the_disk(tmp_path: Path, disk: SickDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies around it is told, a new file is begun elsewhere, and what it held comes if it heals."""
    monkeypatch.setattr(outbox_module, "READ_AGAIN_S", 0.1)
    folder = disk.path / "agent"
    first = Opened(folder / "outbox.db")
    restored(first)
    for n in range(400):
        first.outbox.write(Keep(kept(f"e{n}")))
    first.outbox.close()
    inode = (disk.source / "agent" / "outbox.db").stat().st_ino
    disk.fail(f"bad {inode} {4096 * 7}")
    opened = Opened(folder / "outbox.db")
    some = restored(opened)
    assert 200 < len(some.events) < 400
    found = opened.fact()
    assert isinstance(found, OutboxSetAside)
    assert (found.saved, Path(found.path).name) == (None, "outbox.db.aside-1")
    opened.outbox.write(Keep(kept("new")))
    at_rest(opened)
    disk.fail("well")
    rest = opened.fact()
    assert isinstance(rest, Restored)
    assert len(some.events) + len(rest.events) == 400
    back = opened.fact()
    assert isinstance(back, OutboxTakenBack)
    assert back.saved == 400
    at_rest(opened)
    opened.outbox.close()
    assert sorted(each.name for each in folder.iterdir()) == ["outbox.db"]
    again = Opened(folder / "outbox.db")
    assert len(restored(again).events) == 401
    again.outbox.close()
