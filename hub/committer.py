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
from hub.decision import Decision
from hub.store.failure import is_of_the_disk, words

BATCH: Final = 500
"""Decisions in one transaction at most."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
"""Seconds between two tries of a batch while the disk fails."""


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
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            self._write(batch)

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

    def _write(self, batch: list[Decision]) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                self._journal.commit(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch is still owed to the disk
                self._failed(words(error))
                if not is_of_the_disk(error):
                    if len(batch) > 1:
                        for decision in batch:
                            self._write([decision])
                        return
                    if self._refused(batch[0], error):
                        return
                if self._stopping.is_set() and pause >= LONGEST_PAUSE_S:
                    return  # at a stop nothing is acknowledged, so that it comes again
                self._stopping.wait(pause) if not self._stopping.is_set() else None
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self._committed(batch)
                return

    def _refused(self, decision: Decision, error: Exception) -> bool:
        """Keep raw what the database refuses alone; tells whether the disk took it."""
        try:
            self._journal.quarantine(decision, self._clock.now().wall, words(error))
        except Exception as again:  # noqa: BLE001 - the disk fails as well: nothing is acknowledged
            self._failed(words(again))
            return False
        # The message is safe; keep what follows from it (an incident, what is owed) without its own words.
        rest = replace(decision, record=[], events=[], earlier={})
        try:
            self._journal.commit([rest])
        except Exception as again:  # noqa: BLE001 - it lives on in memory, and is written at its next change
            self._failed(words(again))
        topic = decision.raw[0] if decision.raw else None
        self._log.error("quarantined", topic=topic, why=words(error))
        decision.quarantined = True
        self._committed([decision])
        return True
