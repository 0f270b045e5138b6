"""A UPS on a serial line: asked, waited for, and opened again after an unplug.

DTR is set and RTS is not: some models need it (Network UPS Tools, drivers/megatec.c).
"""

from __future__ import annotations

import contextlib
import errno
import termios
import time
from pathlib import Path
from typing import Any, Final

import structlog

from config.this_user import this_user
from device.ups import UpsStatus, megatec

ANSWER_S: Final = 1.5
"""The longest wait for an answer, which takes 0.2 s at 2400 baud."""
TRIES: Final = 2
LOOK_S: Final = 0.1
"""How long a silent line is waited for before the time is looked at."""
MOST: Final = 4 * megatec.LONGEST
"""Bytes that are read for one question: what babbles on is no UPS of ours."""


class UpsError(OSError):
    """A UPS isn't heard; the message says why and what to do. Worth another try."""


class UpsLine:
    """The serial line of one UPS; what is wrong is logged once."""

    def __init__(self, port: Path, *, answer_s: float = ANSWER_S) -> None:
        """Open nothing yet: a UPS that isn't there now may be plugged in later."""
        self._port = port
        self._answer_s = answer_s
        self._line: Any = None
        self._wrong: str | None = None
        self._log = structlog.get_logger(ups=str(port))

    def read(self) -> UpsStatus | None:
        """Ask; None, and nothing raised, where that fails."""
        try:
            status = self.ask()
        except UpsError as error:
            self._log_once(str(error))
            return None
        self._log_once(None)
        return status

    def ask(self) -> UpsStatus:
        """Ask, and once more if need be, for two times ``answer_s`` or so. Raises :class:`UpsError`."""
        for _ in range(TRIES):
            try:
                status = self._ask()
            # An unplug is SerialException or OSError at most calls, termios.error at some.
            except (OSError, termios.error, ValueError) as error:
                self.close()
                raise UpsError(_why(self._port, error)) from error
            if status is not None:
                return status
        raise UpsError(
            f"no answer on {self._port}: is the UPS on, is this its cable, does it speak Megatec's protocol?"
        )

    def close(self) -> None:
        """Let the line go."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(Exception):
                line.close()

    def _ask(self) -> UpsStatus | None:
        if self._line is None:
            import serial  # 2.5 MB, for the rooms that have a UPS on a line

            line = serial.Serial(
                None, megatec.BAUD, timeout=LOOK_S, write_timeout=self._answer_s, exclusive=True
            )
            line.port = str(self._port)
            line.rts = False
            line.open()
            self._line = line
        line = self._line
        line.reset_input_buffer()
        line.write(megatec.QUESTION)
        # Some repeat the question before they answer it, so a line that is no answer isn't the end.
        end = time.monotonic() + self._answer_s
        heard, read = b"", 0
        while read < MOST and time.monotonic() < end:
            part = line.read(max(1, line.in_waiting))
            read += len(part)
            *lines, heard = (heard + part).split(megatec.END)
            for each in lines:
                status = megatec.read(each)
                if status is not None:
                    return status
        return None

    def _log_once(self, wrong: str | None) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            if wrong is None:
                self._log.info("the UPS answers")
            else:
                self._log.warning("the UPS doesn't answer", why=wrong)


def _why(port: Path, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"{port} isn't there: is its cable plugged in? Those that are: ls /dev/ttyUSB* /dev/ttyACM*"
    if number in (errno.EACCES, errno.EPERM):
        user = this_user()
        return (
            f"user {user} may not use {port}; put it into the group dialout: sudo usermod -aG dialout {user}"
        )
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"{port} is busy"
    return f"{port}: {type(error).__name__}: {error}"
