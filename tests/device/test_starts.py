"""Which starts are counted as bad, and when that is a loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.starts import FILE, Start, Starts, folder


def begin(path: Path) -> Start:
    return Starts(path).begin()


def test_the_first_start_is_like_any_other(tmp_path: Path) -> None:
    assert begin(tmp_path) == Start(restarts=0, bad=0)


def test_three_bad_starts_make_the_next_a_loop(tmp_path: Path) -> None:
    """A crash, a watchdog's SIGKILL and a machine without memory all leave no word behind."""
    looping = [begin(tmp_path).looping for _ in range(6)]
    assert looping == [False, False, False, True, True, True]


def test_a_loop_sets_the_outbox_aside_less_and_less_often(tmp_path: Path) -> None:
    """What was pressed in between must be read at once by the start after it."""
    starts = [begin(tmp_path) for _ in range(50)]
    assert [each.bad for each in starts if each.set_aside] == [3, 6, 12, 24, 48]
    assert all(each.looping for each in starts[3:])
    assert starts[3].trouble == "started 3 times without running for 60 s"
    assert starts[2].trouble is None


def test_a_minute_of_good_running_ends_the_loop(tmp_path: Path) -> None:
    """A crash after it is the first again."""
    for _ in range(4):
        begin(tmp_path)
    good = Starts(tmp_path)
    assert good.begin().looping
    good.well()
    good.well()
    assert begin(tmp_path) == Start(restarts=5, bad=0)
    assert begin(tmp_path) == Start(restarts=6, bad=1)


def test_an_end_that_was_asked_for_is_no_bad_start(tmp_path: Path) -> None:
    """An upgrade ends a start within its first minute; a loop that it interrupts is still one."""
    for _ in range(5):
        asked = Starts(tmp_path)
        assert asked.begin() == Start(restarts=0, bad=0)
        asked.ended()
    for _ in range(3):
        begin(tmp_path)
    asked = Starts(tmp_path)
    assert asked.begin().looping
    asked.ended()
    assert begin(tmp_path).looping


def test_well_after_the_end_is_no_news(tmp_path: Path) -> None:
    starts = Starts(tmp_path)
    starts.begin()
    starts.ended()
    starts.well()
    assert begin(tmp_path) == Start(restarts=0, bad=0)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"7", b'{"bad":1}', b'{"restarts":"x","bad":1,"how":"well"}', b"\0" * 100],
)
def test_a_count_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert begin(tmp_path) == Start(restarts=0, bad=0)
    assert begin(tmp_path) == Start(restarts=1, bad=1)


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    starts = Starts(tmp_path / "file")
    assert starts.begin() == Start(restarts=0, bad=0)
    starts.well()
    starts.ended()


def test_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In systemd's runtime folder (the first, if there are several), else with the outbox."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert folder(tmp_path) == tmp_path
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/tocsin-agent:/run/other")
    assert folder(tmp_path) == Path("/run/tocsin-agent")
