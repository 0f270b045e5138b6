"""The committer: order kept, a refusal told from a sick disk, nothing let out that no disk holds."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy.exc import DataError, OperationalError

from config.clock import SystemClock
from hub.committer import Committer
from hub.decision import Decision, EventRow, RecordRow
from tests.site import until


class Book:
    """A writer with the real one's face: whole batches or nothing, refusing what it is told to refuse."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.raw: list[bytes] = []
        self.rows: list[Decision] = []
        self.refuses: set[int] = set()
        self.refuses_the_rest_of: set[int] = set()
        self.sick = False
        self.raw_sick = False
        self.tries = 0
        self.gate = threading.Event()
        self.gate.set()

    def commit(self, batch: Sequence[Decision]) -> None:
        self.gate.wait(10)
        self.tries += 1
        if self.sick:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))
        for decision in batch:
            number = int(decision.decided)
            if number in self.refuses and (decision.events or number in self.refuses_the_rest_of):
                raise DataError("INSERT", {}, sqlite3.DataError("not this one"))
        self.rows += batch
        self.written += [int(decision.decided) for decision in batch if decision.events]

    def quarantine(self, decision: Decision, at: int, why: str) -> None:
        if self.raw_sick:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
        assert decision.raw is not None
        assert "not this one" in why
        self.raw.append(decision.raw[1])


class Desk:
    """A committer at work over a book, and what it reports."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.out: list[int] = []
        self.quarantined: list[int] = []
        self.failures: list[str] = []
        self.fault: Callable[[], None] = lambda: None
        self.committer = Committer(book, SystemClock(), self._committed, self.failures.append)
        self.committer.start()

    def _committed(self, batch: list[Decision]) -> None:
        self.out += [int(decision.decided) for decision in batch]
        self.quarantined += [int(decision.decided) for decision in batch if decision.quarantined]
        self.fault()

    def put(self, *numbers: int) -> None:
        """Queue decisions; all of one call fall into one batch, if the book's gate is closed."""
        for number in numbers:
            self.committer.put(_decision(number))

    def wait_out(self, *numbers: int) -> None:
        until(f"{numbers} are let out", lambda: self.out == list(numbers), 5)


def _decision(number: int) -> Decision:
    row = EventRow(
        f"d{number}",
        "room-101",
        f"={number}",
        "c",
        number,
        0,
        0,
        "alarm",
        "panic",
        "wall",
        None,
        "i",
        1,
        "h",
        b"",
    )
    return Decision(
        float(number),
        raw=("topic", b"%d" % number),
        record=[RecordRow(number, 0, "event", "r")],
        events=[row],
    )


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def desk(book: Book) -> Iterator[Desk]:
    desk = Desk(book)
    yield desk
    book.sick = book.raw_sick = False
    book.gate.set()
    desk.committer.stop(5)


def test_decisions_are_written_and_let_out_in_order(desk: Desk, book: Book) -> None:
    desk.put(*range(1, 1201))
    desk.wait_out(*range(1, 1201))
    assert book.written == desk.out
    assert book.tries < 1200, "many in one transaction"


def test_what_is_refused_alone_is_quarantined_and_the_rest_is_written_in_order(
    desk: Desk, book: Book
) -> None:
    book.refuses = {3}
    book.gate.clear()
    desk.put(0)
    desk.put(1, 2, 3, 4, 5)
    book.gate.set()
    desk.wait_out(0, 1, 2, 3, 4, 5)
    assert book.written == [0, 1, 2, 4, 5]
    assert book.raw == [b"3"]
    assert desk.quarantined == [3]
    assert not desk.failures, "a refusal is no sick disk"


def test_what_follows_from_a_refused_message_is_still_written(desk: Desk, book: Book) -> None:
    book.refuses = {1}
    desk.put(1)
    desk.wait_out(1)
    assert [(row.decided, row.events) for row in book.rows] == [(1.0, [])]
    assert [(row.seq, row.what) for row in book.rows[0].record] == [(1, "refused")], "no hole in the chain"


def test_a_message_refused_altogether_is_in_quarantine_before_it_is_acknowledged(
    desk: Desk, book: Book
) -> None:
    book.refuses = book.refuses_the_rest_of = {1}
    desk.put(1, 2)
    desk.wait_out(1, 2)
    assert book.raw == [b"1"]


def test_nothing_is_let_out_while_the_disk_fails(desk: Desk, book: Book) -> None:
    book.sick = True
    desk.put(1, 2)
    until("it was tried again", lambda: book.tries >= 3, 5)
    assert desk.out == []
    assert book.raw == [], "a sick disk quarantines nothing"
    assert set(desk.failures) == {"disk I/O error"}
    desk.put(3)
    book.sick = False
    desk.wait_out(1, 2, 3)
    assert book.written == [1, 2, 3]


def test_a_refused_message_that_quarantine_can_not_hold_is_not_let_out(desk: Desk, book: Book) -> None:
    book.refuses, book.raw_sick = {2}, True
    book.gate.clear()
    desk.put(0)
    desk.put(1, 2, 3)
    book.gate.set()
    until("it was tried again", lambda: len(desk.failures) >= 3, 5)
    assert desk.out == [0, 1], "nothing passes it"
    assert set(desk.failures) == {"database or disk is full"}
    book.raw_sick = False
    desk.wait_out(0, 1, 2, 3)
    assert book.raw == [b"2"]


def test_a_fault_in_letting_out_does_not_stop_the_writing(desk: Desk, book: Book) -> None:
    def fault() -> None:
        raise RuntimeError("a fault of ours")

    desk.fault = fault
    desk.put(1)
    desk.wait_out(1)
    desk.put(2)
    desk.wait_out(1, 2)
    assert book.written == [1, 2]


def test_a_stop_writes_what_is_queued(book: Book) -> None:
    desk = Desk(book)
    desk.put(*range(50))
    assert desk.committer.stop(5)
    assert desk.out == list(range(50))


def test_a_stop_on_a_sick_disk_writes_nothing_past_what_it_leaves_out(book: Book) -> None:
    desk = Desk(book)
    book.sick = True
    desk.put(1)
    until("it was tried", lambda: book.tries >= 1, 5)
    desk.put(2)
    desk.committer.stop(0)
    until("it gave up", lambda: not desk.committer._thread.is_alive(), 5)
    assert (desk.out, book.written) == ([], [])
