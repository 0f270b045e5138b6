"""Asking the record whether an event is known, without ever waiting long for a sick disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from hub.presses import Seen

PATIENCE_S: Final = 0.25
"""Seconds the recorder waits for an answer; then an event is taken as new."""


class Recall:
    """A thread that reads, so that a read that hangs holds nobody."""

    def __init__(self, seen: Callable[[Sequence[str]], dict[str, Seen]]) -> None:
        self._seen = seen
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._hung: _Question | None = None
        self._log = structlog.get_logger(part="recall")
        self._thread = threading.Thread(target=self._run, name="recall", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, when it can; a read that hangs is left behind."""
        self._questions.put(None)
        self._thread.join(timeout=0.5)

    def ask(self, digests: Sequence[str]) -> dict[str, Seen] | None:
        """Return what is known of these events; None when the store could not say in time."""
        if self._hung is not None:
            if not self._hung.done.is_set():
                return None
            self._hung = None
        question = _Question(digests)
        self._questions.put(question)
        if not question.done.wait(PATIENCE_S):
            self._hung = question
            return None
        return question.answer

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            try:
                question.answer = self._seen(question.digests)
            except Exception as error:  # noqa: BLE001 - a failing disk: the events are taken as new
                self._log.warning("the record cannot be asked", why=str(error)[:300])
            question.done.set()


class _Question:
    def __init__(self, digests: Sequence[str]) -> None:
        self.digests = digests
        self.done = threading.Event()
        self.answer: dict[str, Seen] | None = None
