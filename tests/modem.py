"""A cellular modem on a pseudo-terminal, which misbehaves as a test says.

What it says is :mod:`hub.modem.simulated`'s; this is the line, and the hand that plugs it in and out.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from hub.modem.simulated import SimulatedModem

Script = Callable[[bytes, bytes], bytes]
"""Is given what was written to the modem and what it would say, and returns what it says."""


class PtyModem:
    """A modem under a path, as udev makes one: plugged in, until it is unplugged."""

    def __init__(self, path: Path, pin: str | None = None) -> None:
        self.path = path
        self.modem = SimulatedModem(pin)
        self.script: Script = lambda _, says: says
        self.reads = True
        """False: it takes nothing more, as a modem whose other end hangs."""
        self._lock = threading.Lock()
        self._master = -1
        self._stopping = False
        self._wake = os.pipe()
        self.plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> PtyModem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        os.write(self._wake[1], b"\0")
        self._thread.join(5.0)
        self.unplug()
        for end in self._wake:
            os.close(end)

    def plug(self) -> None:
        """Plug it in: the path is there, and the modem has just started."""
        with self._lock:
            self._master, slave = os.openpty()
            tty.setraw(slave)
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(os.ttyname(slave))
            os.close(slave)
        with contextlib.suppress(OSError):
            os.write(self._wake[1], b"\0")

    def unplug(self) -> None:
        """Unplug it: the path is gone, and whoever has it open is told so."""
        with self._lock:
            self.path.unlink(missing_ok=True)
            if self._master >= 0:
                os.close(self._master)
                self._master = -1

    def restart(self, pin: str | None = None) -> None:
        """Have it forget all that it was told, as after a loss of power; its line stays."""
        old, self.modem = self.modem, SimulatedModem(pin)
        self.modem.seen = old.seen

    def say(self, octets: bytes) -> None:
        """Have it say something unasked."""
        with self._lock:
            if self._master >= 0:
                os.write(self._master, octets)

    def receive(self, sender: str, text: str) -> None:
        """Have a text come from a phone."""
        self.say(self.modem.receive(sender, text))

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                master = self._master
            watched = [self._wake[0]] + ([master] if master >= 0 and self.reads else [])
            try:
                ready, _, _ = select.select(watched, [], [], 0.1)
            except (OSError, ValueError):
                continue  # it was unplugged meanwhile
            if self._wake[0] in ready:
                os.read(self._wake[0], 100)
            if master in ready:
                self._hear(master)

    def _hear(self, master: int) -> None:
        try:
            octets = os.read(master, 4096)
        except OSError:  # nobody has its line open
            self._stop_or_wait()
            return
        says = self.script(octets, self.modem.write(octets))
        if says:
            self.say(says)

    def _stop_or_wait(self) -> None:
        select.select([self._wake[0]], [], [], 0.05)
