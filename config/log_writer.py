"""Where log lines go: to a stream that may be full, broken or hung, without anybody noticing but its reader.

Standard error may be a file on the very disk that is full, or a pipe whose reader has stopped; a
press must neither fail nor wait for either.
"""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from typing import IO, TYPE_CHECKING, Final

from config import hidden

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MOST_WAITING: Final = 100_000
"""Lines that wait for the stream at most (some 30 MB); what comes then is counted and left out."""


class LogWriter(io.BufferedIOBase):
    """A binary stream for loggers: takes every line at once, and writes it on a thread of its own.

    There each is looked through for secrets (:mod:`config.hidden`): it costs whoever logs nothing.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: queue.SimpleQueue[bytes | threading.Event] = queue.SimpleQueue()
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        """Tell that it takes lines, as any stream that is written to."""
        return True

    def write(self, line: ReadableBuffer) -> int:
        """Take a line; never waits, never raises."""
        line = bytes(line)
        if self._lines.qsize() < MOST_WAITING:
            self._lines.put(line)
        else:
            self._left_out += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: loggers flush at each line."""

    def drain(self, timeout_s: float = 1.0) -> bool:
        """Wait until what was taken so far is written; False when the stream would not have it in time."""
        written = threading.Event()
        self._lines.put(written)
        return written.wait(timeout_s)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            # A full disk, or nobody left who reads: the line is gone, and whoever logged it is not.
            with contextlib.suppress(OSError, ValueError):
                if self._left_out:
                    count, self._left_out = self._left_out, 0
                    self._stream.write(b"%d log lines left out\n" % count)
                self._stream.write(hidden.without(line))
                self._stream.flush()
