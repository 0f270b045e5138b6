"""The outbox on a real disk: what survives an agent's end, in whichever file it finds."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Kept, OutboxFault
from tests.device.outboxes import Open, Opened, at_rest, folder_of, kept, left_by_a_kill, restored


def test_kept_until_forgotten(open_outbox: Open) -> None:
    """Events come back whole and in order after a restart; those with a receipt don't."""
    first = open_outbox()
    assert restored(first).events == ()
    for name in ("a", "b", "c"):
        first.outbox.write(Keep(kept(name)))
    first.outbox.write(Forget("b"))
    first.outbox.write(Remember("zone desk", "active"))
    first.outbox.write(Remember("zone desk", "normal"))
    first.outbox.close()
    again = restored(open_outbox())
    assert again.events == (kept("a"), kept("c"))
    assert again.memory == {"zone desk": "normal"}


def test_on_the_disk_when_power_fails(tmp_path: Path) -> None:
    """What the outbox had written when the process was killed is there afterwards."""
    path = tmp_path / "outbox.db"
    program = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from device.actions import Keep
        from device.outbox import Outbox
        from tests.device.outboxes import kept
        outbox = Outbox(Path({str(path)!r}), lambda fact: None)
        outbox.start()
        for n in range(100000):
            outbox.write(Keep(kept(f"e{{n}}")))
            while outbox.behind_s(time.monotonic()):
                time.sleep(0)
            print(n, flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        said = process.stdout.read().split()
    written = int(said[-1]) + 1 if said else 50
    after = Opened(path)
    events = [each.id for each in restored(after).events]
    after.outbox.close()
    assert len(events) >= written
    assert events == [f"e{n}" for n in range(len(events))]


def test_an_event_and_its_word_are_one_commit(open_outbox: Open) -> None:
    """An event that can't be written takes its word with it: the disk must not say that it was told."""
    opened = open_outbox()
    restored(opened)
    bad = Kept(id="lone \udc80 surrogate", body=b"{}", happened=Moment("k", 1.5, 2000, None))
    opened.outbox.write(Remember("zone desk", "normal"))
    at_rest(opened)
    opened.outbox.write(Keep(bad, Remember("zone desk", "active")))
    opened.outbox.write(Keep(kept("a"), Remember("zone wall", "active")))
    assert isinstance(opened.fact(), OutboxFault)
    opened.outbox.close()
    again = restored(open_outbox())
    assert again.events == (kept("a"),)
    assert again.memory == {"zone desk": "normal", "zone wall": "active"}


def test_a_file_that_is_deleted_is_begun_anew(open_outbox: Open, tmp_path: Path) -> None:
    """SQLite would write on into a file that has no name any more, and say success."""
    opened = open_outbox()
    restored(opened)
    opened.outbox.write(Keep(kept("a")))
    at_rest(opened)
    for each in (tmp_path / "agent").iterdir():
        each.unlink()
    opened.outbox.write(Keep(kept("b")))
    at_rest(opened)
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))


def test_another_file_put_in_its_place_is_read(open_outbox: Open, tmp_path: Path) -> None:
    """As when the partition with the state is mounted only after the agent's start."""
    path = left_by_a_kill(tmp_path, Keep(kept("old"), Remember("zone desk", "active")))
    late = path.parent.rename(tmp_path / "late")
    opened = open_outbox()
    assert restored(opened).events == ()
    opened.outbox.write(Keep(kept("a"), Remember("zone desk", "normal")))
    at_rest(opened)
    path.parent.rename(tmp_path / "root's own")
    late.rename(path.parent)
    opened.outbox.write(Keep(kept("b")))
    found = restored(opened)
    assert found.events == (kept("old"),)
    assert found.memory == {"zone desk": "active"}  # the agent sees what that is still owed
    at_rest(opened)
    opened.outbox.close()
    again = restored(open_outbox())
    assert set(again.events) == {kept("old"), kept("a"), kept("b")}
    assert again.memory == {"zone desk": "normal"}


def test_two_agents_do_not_share_an_outbox(open_outbox: Open) -> None:
    """The second says so, and works from memory; it takes over when the first ends."""
    first = open_outbox()
    restored(first)
    first.outbox.write(Keep(kept("a")))
    second = open_outbox()
    fault = second.fact()
    assert isinstance(fault, OutboxFault)
    assert "another agent works on it" in str(fault.why)
    first.outbox.close()
    assert restored(second).events == (kept("a"),)


def test_a_file_with_more_columns_is_read(open_outbox: Open, tmp_path: Path) -> None:
    """A newer version's, after its upgrade was undone."""
    first = open_outbox()
    first.outbox.write(Keep(kept("a")))
    first.outbox.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "agent" / "outbox.db")) as db:
        db.execute("ALTER TABLE event ADD COLUMN more TEXT")
        db.commit()
    opened = open_outbox()
    assert restored(opened).events == (kept("a"),)
    opened.outbox.write(Keep(kept("b")))
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))


def test_an_older_version_s_file_is_read_with_its_shm(open_outbox: Open, tmp_path: Path) -> None:
    """It was written with a mapped index; what a kill left of that is no matter."""
    path = tmp_path / "agent" / "outbox.db"
    path.parent.mkdir()
    program = f"""
import os, sqlite3
from device.outbox_file import SCHEMA
db = sqlite3.connect({str(path)!r}, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.executescript(SCHEMA)
row = ("a", b'{{"id":"a"}}', "k", 1.5, 2000)
db.execute("INSERT INTO event (id, body, kernel, mono, wall) VALUES (?, ?, ?, ?, ?)", row)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert "outbox.db-shm" in folder_of(path)
    opened = open_outbox()
    assert restored(opened).events == (kept("a"),)
    at_rest(opened)
    opened.outbox.write(Keep(kept("b")))
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))
