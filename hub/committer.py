"""The committer: writes what the recorder decided, in order, and then lets it out.

Receipts and PUBACKs leave only after their commit. A batch that the database refuses is committed
one by one, and what it refuses alone is kept raw in quarantine; while the disk fails, the same
batch is tried again for ever, and nothing of it is acknowledged.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

import structlog

from config.clock import Clock
from hub.decision import Decision, RecordRow
from hub.store.failure import is_of_the_disk, words

BATCH: Final = 500
"""Decisions in one transaction at most."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
"""Seconds between two tries of a batch while the disk fails."""


def _refusal(row: RecordRow) -> RecordRow:
    """Return what stands in the record under a refused row's number."""
    return RecordRow(
        row.seq, row.at, "refused", "the database refused this row; its message is in quarantine"
    )


class Writer(Protocol):
    """What the committer writes with: :class:`hub.store.journal.Journal`."""

    def commit(self, batch: Sequence[Decision]) -> None:
        """Write a batch whole."""

    def quarantine(self, decision: Decision, at: int, why: str) -> None:
        """Keep a refused message raw."""


class Committer:
    """The thread that writes."""

    def __init__(
        self,
        journal: Writer,
        clock: Clock,
        committed: Callable[[list[Decision]], None],
        failed: Callable[[str], None],
    ) -> None:
        """``committed`` is called on this thread after each commit; ``failed`` at each try that fails."""
        self._journal = journal
        self._clock = clock
        self._committed = committed
        self._failed = failed
        self._queue: queue.SimpleQueue[Decision | None] = queue.SimpleQueue()
        self._log = structlog.get_logger(part="committer")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, decision: Decision) -> None:
        """Queue a decision to be written; never blocks."""
        self._queue.put(decision)

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued and end; False when that took longer than ``timeout_s``."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # What the disk did not take at a stop ends it: nothing later may be written in its place.
        while (batch := self._next_batch()) is not None and self._write(batch):
            pass

    def _next_batch(self) -> list[Decision] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch.append(more)
        return batch

    def _write(self, batch: list[Decision]) -> bool:
        """Write a batch, however long that takes; False where a stop came before the disk took it."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                self._journal.commit(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch is still owed to the disk
                if is_of_the_disk(error):
                    self._failed(words(error))
                elif len(batch) > 1:
                    return all(self._write([decision]) for decision in batch)
                elif self._refused(batch[0], error):
                    return True
                if self._stopping.is_set() and pause >= LONGEST_PAUSE_S:
                    return False  # nothing of it is acknowledged, so that it comes again
                if not self._stopping.is_set():
                    self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self._let_out(batch)
                return True

    def _let_out(self, batch: list[Decision]) -> None:
        try:
            self._committed(batch)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop the writing
            self._log.exception("cannot let out what is committed")

    def _refused(self, decision: Decision, error: Exception) -> bool:
        """Keep raw what the database refuses alone; tells whether the disk took it."""
        # First what follows from it (an incident, what is owed), without its own words: once the
        # message is acknowledged, nobody sends it again.
        for record in ([_refusal(row) for row in decision.record], []):
            rest = replace(decision, record=record, events=[], earlier={}, removals=[])
            try:
                self._journal.commit([rest])
                break
            except Exception as again:  # noqa: BLE001 - told apart below
                self._failed(words(again))
                if is_of_the_disk(again):
                    return False
                # Refused, too: without any row, and then it lives on in memory until its next change.
        try:
            self._journal.quarantine(decision, self._clock.now().wall, words(error))
        except Exception as again:  # noqa: BLE001 - the disk fails as well: nothing is acknowledged
            self._failed(words(again))
            return False
        topic = decision.raw[0] if decision.raw else None
        self._log.error("quarantined", topic=topic, why=words(error))
        decision.quarantined = True
        self._let_out([decision])
        return True
