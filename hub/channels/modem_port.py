"""A modem's serial line: one thread that opens it, reads and writes, and asks :mod:`hub.modem` what to say.

The state machine decides everything; what it wants said is written here, and what happened is handed to
``happened`` on this thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import serial

from config import logs
from config.clock import Clock
from hub.modem.modem import Effect, Modem, Reopen, Write
from hub.sms.parts import Part

WRITE_S: Final = 2.0
"""A modem that takes no octets for so long hangs; without a time-out a write would wait for ever."""
LONGEST_WAIT_S: Final = 1.0
"""The thread looks about at least so often."""
CHUNK: Final = 4096

_log = logs.get()


class Line(NamedTuple):
    """Which serial line, and how fast."""

    device: str
    baud: int


class ModemPort:
    """One modem at work. Every method may be called from any thread, and none waits for the modem."""

    def __init__(self, name: str, line: Line, pin: str | None, clock: Clock) -> None:
        self.name = name
        self._line = line
        self._clock = clock
        self._modem = Modem(pin)
        self._lock = threading.Lock()
        """Held while the state machine decides: never while something is read or written."""
        self._todo: list[Effect] = []
        self._happened: Callable[[Effect], None] = lambda _: None
        self._serial: serial.Serial | None = None
        self._pipe: tuple[int, int] | None = None
        """By whose second end anybody wakes the thread."""
        self._stopping = False
        self._why = self._modem.why_not
        self._thread = threading.Thread(target=self._run, name=f"modem {name}", daemon=True)

    def start(self, happened: Callable[[Effect], None]) -> None:
        """Open the line, and keep it open; ``happened`` must not wait."""
        self._happened = happened
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[1], False)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Close the line and end the thread."""
        self._stopping = True
        if self._thread.is_alive():
            self._wake()
            self._thread.join(timeout_s)

    def text(self, job: str, to: str, parts: Sequence[Part]) -> None:
        """Send a text: see :meth:`hub.modem.modem.Modem.text`."""
        self._tell(lambda mono: self._modem.text(job, to, parts, mono))

    def call(self, job: str, to: str) -> None:
        """Call somebody."""
        self._tell(lambda mono: self._modem.call(job, to, mono))

    def withdraw(self, job: str) -> None:
        """Send or call no more."""
        self._tell(lambda mono: self._modem.withdraw(job, mono))

    def taken(self, places: Sequence[int]) -> None:
        """Have texts deleted that are written down."""
        self._tell(lambda mono: self._modem.taken(places, mono))

    def health(self) -> tuple[bool, str]:
        """Return whether a text would be sent now, and how the modem is in words."""
        with self._lock:
            return self._modem.health(self._clock.now().mono)

    def _tell(self, what: Callable[[float], list[Effect]]) -> None:
        with self._lock:
            self._todo += what(self._clock.now().mono)
        self._wake()

    def _wake(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):  # full: it is awake
            if self._pipe is not None:
                os.write(self._pipe[1], b"\0")

    def _run(self) -> None:
        assert self._pipe is not None  # noqa: S101 - made before the thread begins
        awake = self._pipe[0]
        while not self._stopping:
            try:
                self._turn(awake)
            except Exception:  # noqa: BLE001 - a fault of ours must not end the line for good
                _log.exception("a modem's line failed", channel=self.name)
                self._lose("a fault in the hub")
                select.select([awake], [], [], LONGEST_WAIT_S)
        self._do(lambda _: [])  # what was wanted last, such as the end of a call
        with self._lock:
            farewell = self._modem.farewell()
        self._write(farewell)
        self._close()
        with self._lock:
            for end in self._pipe:
                os.close(end)
            self._pipe = None

    def _turn(self, awake: int) -> None:
        """Do what is due, then wait for the modem, for somebody's wish, or for time to pass."""
        now = self._clock.now().mono
        with self._lock:
            opens = self._modem.wants_open and self._modem.deadline <= now
        if opens:
            self._open()
        self._do(lambda mono: self._modem.tick(mono))
        with self._lock:
            wait_s = max(0.0, min(self._modem.deadline - self._clock.now().mono, LONGEST_WAIT_S))
        line = [] if self._serial is None else [self._serial.fileno()]
        ready, _, _ = select.select([awake, *line], [], [], wait_s)
        if awake in ready:
            os.read(awake, CHUNK)
        if line and line[0] in ready:
            self._read()

    def _open(self) -> None:
        self._close()
        try:
            self._serial = serial.Serial(
                self._line.device, self._line.baud, timeout=0, write_timeout=WRITE_S, exclusive=True
            )
        except (OSError, ValueError) as error:  # SerialException is an OSError
            self._lose(_words(error))
        else:
            self._do(lambda mono: self._modem.opened(mono))

    def _read(self) -> None:
        assert self._serial is not None  # noqa: S101 - it is selected on
        try:
            octets = self._serial.read(CHUNK)
        except OSError as error:
            self._lose(_words(error))
        else:
            self._do(lambda mono: self._modem.heard(octets, mono))

    def _lose(self, why: str) -> None:
        self._close()
        self._do(lambda mono: self._modem.closed(why, mono))

    def _do(self, decide: Callable[[float], list[Effect]]) -> None:
        """Let the state machine decide, and do what it and others wanted, in order."""
        with self._lock:
            effects, self._todo = [*self._todo, *decide(self._clock.now().mono)], []
        for effect in effects:
            if isinstance(effect, Write):
                self._write(effect.octets)
            elif isinstance(effect, Reopen):
                self._close()
            else:
                self._happened(effect)
        self._say_how_it_is()

    def _write(self, octets: bytes) -> None:
        if self._serial is None:
            return
        try:
            self._serial.write(octets)
        except OSError as error:
            self._lose(_words(error))

    def _close(self) -> None:
        if self._serial is not None:
            with contextlib.suppress(OSError):
                self._serial.close()
            self._serial = None

    def _say_how_it_is(self) -> None:
        with self._lock:
            why = self._modem.why_not
            words = why or self._modem.state.words
        if why != self._why:
            self._why = why
            (_log.warning if why else _log.info)("modem", channel=self.name, state=words)


def _words(error: Exception) -> str:
    """Return why a line can't be used, without the path that the settings name."""
    if isinstance(error, serial.SerialTimeoutException):
        return "the modem takes nothing"
    number = getattr(error, "errno", None)
    if number and number not in (errno.EAGAIN, errno.EBUSY):
        return f"no modem: {os.strerror(number)}"
    return "the modem was unplugged, or its line is another program's"
