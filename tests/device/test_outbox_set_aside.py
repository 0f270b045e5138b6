"""What is set aside in a crash loop is left alone, and taken back; so is the room's call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import ANY

from device import aside
from device.actions import Forget, Keep, Remember
from device.facts import OutboxSetAside, OutboxTakenBack, Restored
from tests.device.outboxes import Open, at_rest, folder_of, kept, left_by_a_kill, restored


def test_a_file_set_aside_is_left_alone_and_taken_back(open_outbox: Open, tmp_path: Path) -> None:
    """Nothing of it is read by SQLite until the agent has run well; then all of it is owed again."""
    path = left_by_a_kill(
        tmp_path, Keep(kept("a"), Remember("zone desk", "active")), Keep(kept("b")), Forget("a")
    )
    opened = open_outbox(set_aside=True)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={}, is_whole=False)
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert (Path(aside.path).name, aside.saved) == ("outbox.db.aside-1", None)
    assert aside.at_most in (1, 2)
    opened.outbox.write(Keep(kept("new"), Remember("zone desk", "normal")))
    at_rest(opened)
    opened.outbox.take_back()
    found = restored(opened)
    assert (found.events, found.memory, found.is_whole) == ((kept("b"),), {}, False)
    assert opened.fact() == OutboxTakenBack(mono=ANY, path=aside.path, saved=1)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={})
    at_rest(opened)
    assert folder_of(path) == ["outbox.db", "outbox.db-wal"]
    opened.outbox.close()
    again = restored(open_outbox())
    assert set(again.events) == {kept("b"), kept("new")}
    assert again.memory == {"zone desk": "normal"}


CALL = Remember("press *", "a call that was receipted")
STROBE = Remember("strobe", "as it was")


def test_a_file_taken_back_brings_the_room_s_call(open_outbox: Open, tmp_path: Path) -> None:
    """Its events may all be receipted: the room has called all the same. A newer word stands."""
    lamp = Remember("press desk", "dark")
    walked = Remember("walk tests", '{"boot": "b0", "ids": ["w"]}')
    left_by_a_kill(tmp_path, CALL, STROBE, lamp, walked, Remember("zone desk", "active"))
    opened = open_outbox(set_aside=True)
    assert not restored(opened).is_whole
    assert isinstance(opened.fact(), OutboxSetAside)
    opened.outbox.write(Remember("strobe", "newer"))
    opened.outbox.take_back()
    words = {"press *": CALL.value, "press desk": lamp.value, "strobe": "newer", "walk tests": walked.value}
    assert restored(opened) == Restored(mono=ANY, events=(), memory=words, is_whole=False)
    assert isinstance(opened.fact(), OutboxTakenBack)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={})
    opened.outbox.close()
    assert restored(open_outbox()) == Restored(mono=ANY, events=(), memory=words)


def test_a_damaged_file_brings_what_can_be_read_of_the_room_s_call(open_outbox: Open, tmp_path: Path) -> None:
    """And no other word: a press must alarm again, and no lamp say that one was received which is lost."""
    path = tmp_path / "agent" / "outbox.db"
    first = open_outbox()
    walked = Remember("walk tests", '{"boot": "b0", "ids": ["w"]}')
    for change in (CALL, STROBE, walked, Remember("press", "pressed"), Remember("zone desk", "active")):
        first.outbox.write(change)
    for n in range(400):
        first.outbox.write(Keep(kept(f"e{n}")))
    first.outbox.close()
    content = path.read_bytes()
    path.write_bytes(content[:-8192] + b"\xa5" * 8192)
    found = restored(open_outbox())
    assert found.memory == {"press *": CALL.value, "strobe": STROBE.value, "walk tests": walked.value}
    assert found.is_whole


def test_a_loop_that_goes_on_reads_what_it_wrote_but_not_what_it_set_aside(
    open_outbox: Open, tmp_path: Path
) -> None:
    """A press of the start before is told at once; the trouble is told again."""
    left_by_a_kill(tmp_path, Keep(kept("a")))
    opened = open_outbox(set_aside=True)
    opened.outbox.write(Keep(kept("pressed in the loop")))
    opened.outbox.close()
    opened = open_outbox(wary=True)
    assert restored(opened).events == (kept("pressed in the loop"),)
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert aside.saved is None
    opened.outbox.close()
    opened = open_outbox()  # a start that isn't in a loop reads it by itself
    assert restored(opened).events == (kept("pressed in the loop"),)
    assert restored(opened).events == (kept("a"),)


def test_a_file_whose_reading_ends_the_program_is_not_read_for_ever(
    open_outbox: Open, tmp_path: Path
) -> None:
    """It is kept for a person after three tries: one may have been ended by a power cut."""
    path = left_by_a_kill(tmp_path, Keep(kept("a")))
    open_outbox(set_aside=True).outbox.close()
    program = f"""
import os, time
from pathlib import Path
from device import salvage
from device.outbox import Outbox
salvage.look = lambda path: os._exit(9)
Outbox(Path({str(path)!r}), lambda fact: None).start()
time.sleep(20)
"""
    for n in range(1, 4):
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
        assert aside.tries(path.with_name("outbox.db.aside-1")) == n
    opened = open_outbox()
    restored(opened)
    corrupt = opened.fact()
    assert isinstance(corrupt, OutboxSetAside)
    assert (Path(corrupt.path).name, corrupt.saved) == ("outbox.db.corrupt-1", 0)
    at_rest(opened)
    assert not [name for name in folder_of(path) if "aside" in name]
