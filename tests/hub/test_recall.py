"""Asking the record: an answer in time, or none, and never a wait for a disk that hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from hub.presses import Seen
from hub.recall import Recall
from tests.site import until


class Disk:
    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False
        self.asked: list[list[str]] = []

    def seen(self, digests: Sequence[str]) -> dict[str, Seen]:
        self.asked.append(list(digests))
        self.gate.wait(10)
        if self.fails:
            raise OSError("disk I/O error")
        return {"known": Seen("c", 1, None)}


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.gate.set()


@pytest.fixture
def recall(disk: Disk) -> Iterator[Recall]:
    made = Recall(disk.seen)
    made.start()
    yield made
    disk.gate.set()
    made.stop()


def test_what_is_known_is_said(recall: Recall, disk: Disk) -> None:
    """By the store's own words."""
    assert recall.ask(["known", "new"]) == {"known": Seen("c", 1, None)}
    assert disk.asked == [["known", "new"]]


def test_a_read_that_hangs_is_no_answer_and_holds_up_nobody_after_it(recall: Recall, disk: Disk) -> None:
    """The first waits 250 ms, the next not at all; once it is back, answers are."""
    disk.gate.clear()
    assert recall.ask(["known"]) is None
    assert recall.ask(["known"]) is None
    assert len(disk.asked) == 1
    disk.gate.set()
    until("an answer", lambda: recall.ask(["known"]) is not None)


def test_a_read_that_fails_is_no_answer(recall: Recall, disk: Disk) -> None:
    """Nor does it end the asking."""
    disk.fails = True
    assert recall.ask(["known"]) is None
    disk.fails = False
    assert recall.ask(["known"]) is not None
