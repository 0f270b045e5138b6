"""One reading that may hang, taken again and again on a thread of its own; its last answer is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import structlog

from config.clock import Clock

T = TypeVar("T")

FRESH_S: Final = 60.0
"""An answer older than this is no answer."""


class Gauge(Generic[T]):
    """A thread that reads; :meth:`latest` never waits for it."""

    def __init__(
        self,
        name: str,
        read: Callable[[], T | None],
        clock: Clock,
        *,
        every_s: float,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """``end`` is called by the thread, once it reads no more."""
        self._read = read
        self._clock = clock
        self._every_s = every_s
        self._end_reading = end
        self._last: tuple[float, T | None] | None = None
        self._stopping = threading.Event()
        # A daemon: a hung disk must not hold up the process's end.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._failed: str | None = None
        self._log = structlog.get_logger(gauge=name)

    def start(self) -> None:
        """Read for the first time, and from now on."""
        self._thread.start()

    def latest(self, mono: float) -> T | None:
        """Return the last answer; None where there is none yet, or none since ``FRESH_S``.

        An answer is as old as its question: what was asked before a disk hung isn't news when it returns.
        """
        last = self._last
        return last[1] if last is not None and mono - last[0] <= FRESH_S else None

    def refresh(self) -> None:
        """Read once, on the caller's thread. A fault of the reading is no answer, and is logged once."""
        asked = self._clock.now().mono
        try:
            found = self._read()
            failed = None
        except Exception as error:  # noqa: BLE001 - a missing sensor is null, never a crash
            found = None
            failed = f"{type(error).__name__}: {error}"
            if failed != self._failed:
                self._log.warning("can't be read", why=failed)
        self._failed = failed
        self._last = (asked, found)

    def ask_to_end(self) -> None:
        """Let the thread end after what it reads now."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread's end, but no longer than this."""
        if self._thread.ident is None:
            self._end_reading()
        else:
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.refresh()
            self._stopping.wait(self._every_s)
        self._end_reading()
