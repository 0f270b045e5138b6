"""A sick disk under the hub: the next press is told all the same, and its receipt waits for the disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.sick_disk import SickDisk
from tests.site import Site, until

pytestmark = pytest.mark.broker

TOLD_S = 1.5
"""Seconds in which a press must be at the webhook, sick disk or not."""
root = pytest.mark.root
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts: needs root")
fuse = pytest.mark.skipif(
    shutil.which("fusermount3") is None or not os.access("/dev/fuse", os.W_OK), reason="no FUSE here"
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SickDisk]:
    with SickDisk(tmp_path / "sick") as disk:
        yield disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    path = tmp_path / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tocsin-test", str(path)], check=True)
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def survives(
    site: Site, spoil: Callable[[], None], mend: Callable[[], None], *, word: str, long_s: float = 0
) -> None:
    """Go through a sickness of the disk: what is told, what is said, and what waits until it is mended."""
    before = site.event("room-101")
    site.send(before)
    site.wait_receipt(before["id"])
    heard = len(site.ear.messages)
    spoil()
    presses = [site.event("room-102"), site.event("room-103")]
    for press in presses:
        sent = time.monotonic()
        site.send(press)
        assert site.sink.told(press["id"], TOLD_S + 5).at - sent < TOLD_S
    unready = site.wait_ready(ready=False, after=heard, deadline_s=15)
    assert word in unready.json["why"]
    status, answer = site.healthz()
    assert (status, answer["ready"]) == (503, False)
    end = time.monotonic() + long_s
    while long_s and time.monotonic() < end:  # a press now and then, each told while the disk is still sick
        presses.append(site.event("room-104"))
        sent = time.monotonic()
        site.send(presses[-1])
        assert site.sink.told(presses[-1]["id"], 8).at - sent < 2.0 + TOLD_S, "an update within 2 s more"
        until("the hub says again that it isn't ready", lambda: site.healthz()[0] == 503)
    assert not {press["id"] for press in presses} & set(site.receipts()), (
        "receipted with no disk that holds it"
    )
    heard = len(site.ear.messages)
    mend()
    for press in presses:
        site.wait_receipt(press["id"], 15)
    site.wait_ready(15, after=heard)
    after = site.event("room-105")
    site.send(after)
    site.sink.told(after["id"], TOLD_S)
    site.wait_receipt(after["id"])
    check_record(site, [before, *presses, after])


def fill_up(file: Path) -> None:
    """Leave no byte of the disk that ``file`` is to lie on."""
    with file.open("wb", buffering=0) as out:
        for size in (4096, 1):
            with contextlib.suppress(OSError):
                while out.write(b"x" * size):
                    pass


def check_record(site: Site, presses: list[dict[str, object]]) -> None:
    """Everything is in the record once, was told once, and the sickness was a trouble that is over."""
    kept = sorted(key[1:] for (key,) in site.rows("select key from events"))
    assert kept == sorted(str(press["id"]) for press in presses)
    notices = [(p.incident["id"], p.type, p.incident["revision"]) for p in site.sink.posts]
    assert len(notices) == len(set(notices)) == len({p.id for p in site.sink.posts}), "a notice came twice"
    of_event = "(select incident from events where key = ?)"
    delivered = f"select 1 from deliveries where state = 'delivered' and incident = {of_event}"
    for press in presses:
        key = f"={press['id']}"
        until("its delivery is recorded", lambda key=key: site.rows(delivered, key))
    assert not site.rows("select 1 from quarantine")
    troubles = site.rows("select what from record where reason = 'store' order by seq")
    assert troubles[:1] == [("trouble",)]
    until("the trouble is over", lambda: "store" not in site.troubles())


@root
@as_root
def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """Its log lies on the same disk, as the demo's does."""
    fill = small_disk / "fill"

    def spoil() -> None:
        fill_up(fill)

    with Site(
        tmp_path, rooms=5, group_by="device", hub_data=small_disk / "hub", hub_log=small_disk / "log"
    ) as site:
        survives(site, spoil, fill.unlink, word="full")


@root
@as_root
def test_a_hub_that_is_killed_on_a_full_disk_starts_and_tells(tmp_path: Path, small_disk: Path) -> None:
    fill = small_disk / "fill"
    with Site(tmp_path, rooms=5, group_by="device", hub_data=small_disk / "hub") as site:
        before = site.event("room-101")
        site.send(before)
        site.wait_receipt(before["id"])
        fill_up(fill)
        site.hub.kill()
        press = site.event("room-102")
        site.send(press)
        site.hub.start()
        site.sink.told(press["id"], 10)
        assert press["id"] not in site.receipts()
        fill.unlink()
        site.wait_receipt(press["id"])
        assert {post.id for post in site.sink.posts if press["id"] in post.event_ids} == {
            site.sink.told(press["id"]).id
        }


@fuse
@pytest.mark.parametrize(("error", "word"), [("EROFS", ""), ("EIO", ""), ("ENOSPC", "full")])
def test_a_disk_on_which_every_write_fails(tmp_path: Path, disk: SickDisk, error: str, word: str) -> None:
    with Site(tmp_path, rooms=5, group_by="device", hub_data=disk.path / "hub") as site:
        survives(site, lambda: disk.fail(error), lambda: disk.fail("well"), word=word or "cannot be written")


@fuse
def test_a_hung_disk(tmp_path: Path, disk: SickDisk) -> None:
    with Site(tmp_path, rooms=5, group_by="device", hub_data=disk.path / "hub") as site:
        survives(site, disk.hang, disk.go_on, word="has not been written")


@fuse
@pytest.mark.long
def test_a_disk_hung_for_a_minute(tmp_path: Path, disk: SickDisk) -> None:
    with Site(tmp_path, rooms=5, group_by="device", hub_data=disk.path / "hub") as site:
        survives(site, disk.hang, disk.go_on, word="has not been written", long_s=60)


def test_another_process_holds_the_write_lock(tmp_path: Path) -> None:
    with_lock(tmp_path, 0)


@pytest.mark.long
def test_another_process_holds_the_write_lock_for_a_minute(tmp_path: Path) -> None:
    with_lock(tmp_path, 60)


def with_lock(tmp_path: Path, long_s: float) -> None:
    with Site(tmp_path, rooms=5, group_by="device") as site:
        holder = sqlite3.connect(site.hub_data / "tocsin.db", isolation_level=None)

        def spoil() -> None:
            holder.execute("PRAGMA busy_timeout = 5000")
            holder.execute("BEGIN IMMEDIATE")

        with contextlib.closing(holder):
            survives(site, spoil, lambda: holder.execute("ROLLBACK"), word="locked", long_s=long_s)


@root
@as_root
def test_a_disk_that_turned_read_only_and_a_restart(tmp_path: Path) -> None:
    """ext4 gives up as after an error: nothing writes until it is mounted anew, and the hub started anew.

    The press comes again from the broker, and is told again under the same ids.
    """
    image, mount = tmp_path / "image", tmp_path / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    try:
        with Site(tmp_path, rooms=5, group_by="device", hub_data=mount / "hub") as site:
            heard = len(site.ear.messages)
            subprocess.run(["mount", "-o", "remount,abort", str(mount)], check=False, capture_output=True)
            press = site.event("room-102")
            sent = time.monotonic()
            site.send(press)
            first = site.sink.told(press["id"])
            assert first.at - sent < TOLD_S
            site.wait_ready(ready=False, after=heard, deadline_s=15)
            assert press["id"] not in site.receipts()
            site.hub.end()
            subprocess.run(["umount", str(mount)], check=True)
            subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True)
            subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
            site.start_hub()
            site.wait_receipt(press["id"])
            again = site.sink.wait_for(
                lambda post: press["id"] in post.event_ids, after=site.sink.posts.index(first) + 1
            )
            assert (again.id, again.type, again.incident["id"]) == (
                first.id,
                first.type,
                first.incident["id"],
            )
            site.hub.end()
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)
