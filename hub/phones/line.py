"""A simulated modem on a pseudo-terminal, under a path as udev makes one."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hub.modem.simulated import SimulatedModem

IDLE_S: Final = 0.05
"""Between two looks at a line that nobody has open."""
CHUNK: Final = 4096


class ModemLine:
    """A modem that is plugged in, until it is unplugged; a context that lets it go."""

    def __init__(self, path: Path, modem: SimulatedModem) -> None:
        """Make ``path`` a link to the modem's line."""
        self.path = path
        self.modem = modem
        self.reads = True
        """False: it takes nothing more, as a modem whose other end hangs."""
        self._lock = threading.RLock()
        self._master = -1
        self._stopping = False
        self._awake, self._rouse = os.pipe()
        os.set_blocking(self._rouse, False)
        self.plug()
        self._thread = threading.Thread(target=self._run, name="simulated modem", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._wake()
        self._thread.join(5.0)
        self.unplug()
        for end in (self._awake, self._rouse):
            os.close(end)

    def plug(self) -> None:
        """Plug it in: the path is there."""
        with self._lock:
            self._master, slave = os.openpty()
            tty.setraw(slave)
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(os.ttyname(slave))
            os.close(slave)
        self._wake()

    def unplug(self) -> None:
        """Unplug it: the path is gone, and whoever has it open is told so."""
        with self._lock:
            self.path.unlink(missing_ok=True)
            if self._master >= 0:
                os.close(self._master)
                self._master = -1

    def do(self, what: Callable[[SimulatedModem], bytes]) -> None:
        """Have something happen to the modem; it says what comes of it unasked."""
        with self._lock:
            self.say(what(self.modem))

    def say(self, octets: bytes) -> None:
        """Have it say something."""
        with self._lock:
            if octets and self._master >= 0:
                os.write(self._master, octets)

    def answer(self, written: bytes) -> bytes:
        """Return what it says to what was written to it."""
        return self.modem.write(written)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._rouse, b"\0")

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                master = self._master
            try:
                ready, _, _ = select.select(
                    [self._awake, *([master] if master >= 0 and self.reads else [])], [], [], IDLE_S * 2
                )
            except (OSError, ValueError):
                continue  # it was unplugged meanwhile
            if self._awake in ready:
                os.read(self._awake, CHUNK)
            if master in ready:
                self._hear(master)

    def _hear(self, master: int) -> None:
        try:
            written = os.read(master, CHUNK)
        except OSError:  # nobody has its line open
            select.select([self._awake], [], [], IDLE_S)
            return
        with self._lock:
            self.say(self.answer(written))
