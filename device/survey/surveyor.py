"""The surveyor: it looks at the machine on threads of its own, so that the loop only takes what is known.

A thread for each, because each may hang by itself: a stopped disk must not hide an under-voltage, nor a
silent UPS the free disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from config.certificate import first_end
from config.clock import Clock, Now, SystemClock, stamp
from config.disk_free import disk_free_mb
from config.file_rights import Guarded, too_open
from device.facts import Machine
from device.survey.gauge import Gauge
from device.survey.machine import ROOT, look, program_release
from device.ups import Ups, UpsStatus

BOARD_EVERY_S: Final = 2.0
"""As often as the kernel asks the firmware: a dip of the supply shows for no longer than that."""
DISK_EVERY_S: Final = 15.0
UPS_EVERY_S: Final = 5.0
END_S: Final = 1.0
"""The longest wait, at the end, for each thread; one that hangs is left to the process's end."""


class Survey(Protocol):
    """Where an agent's loop takes what is known of its machine."""

    def start(self) -> None:
        """Begin to look."""
        ...

    def latest(self, now: Now) -> Machine:
        """Return what is known, at once: what isn't known yet, or no longer, is None."""
        ...

    def close(self) -> None:
        """End, in at most a few seconds."""
        ...


class Surveyor:
    """The survey of the machine that the agent runs on."""

    def __init__(
        self,
        data: Path,
        ups: Ups | None = None,
        *,
        root: Path = ROOT,
        clock: Clock | None = None,
        certificates: tuple[Path, ...] = (),
        guarded: Sequence[Guarded] = (),
    ) -> None:
        """``data`` is the folder whose disk matters; the UPS is asked, and closed, by its own thread.

        ``certificates`` are the agent's own, whose ends are told; of ``guarded``, what is open.
        """
        clock = clock or SystemClock()
        self._root = root
        self._release = program_release()
        self._under_voltage_seen: bool | None = None
        self._throttled_seen: bool | None = None
        self.board: Gauge[Machine] = Gauge("board", self._look, clock, every_s=BOARD_EVERY_S)
        self.disk: Gauge[float] = Gauge("disk", lambda: disk_free_mb(data), clock, every_s=DISK_EVERY_S)
        self.ups: Gauge[UpsStatus] | None = None
        if ups is not None:
            self.ups = Gauge("ups", ups.read, clock, every_s=UPS_EVERY_S, end=ups.close)
        self.certificates: Gauge[datetime] | None = None
        if certificates:
            # A thread of its own: a disk that hangs here must not hide what is free on it.
            self.certificates = Gauge(
                "certificates", lambda: first_end(certificates), clock, every_s=DISK_EVERY_S
            )
        self.files: Gauge[tuple[str, ...]] | None = None
        if guarded:
            self.files = Gauge(
                "files", lambda: tuple(map(str, too_open(guarded))), clock, every_s=DISK_EVERY_S
            )

    def start(self) -> None:
        """Begin to look."""
        for gauge in self._gauges():
            gauge.start()

    def latest(self, now: Now) -> Machine:
        """Return what is known, at once (2 µs): what isn't known yet, or no longer, is None."""
        machine = self.board.latest(now.mono) or Machine()
        ends = self.certificates.latest(now.mono) if self.certificates is not None else None
        said = (self.ups.latest(now.mono) if self.ups is not None else None) or UpsStatus()
        return machine._replace(
            disk_free_mb=self.disk.latest(now.mono),
            on_battery=said.on_battery,
            battery_low=said.battery_low,
            cert_ends=None if ends is None else stamp(round(ends.timestamp() * 1000)),
            release=self._release,
            too_open=self.files.latest(now.mono) if self.files is not None else None,
        )

    def close(self) -> None:
        """End, in at most a few seconds."""
        for gauge in self._gauges():
            gauge.ask_to_end()
        for gauge in self._gauges():
            gauge.join(END_S)

    def _gauges(self) -> list[Gauge[Any]]:
        each = (self.board, self.disk, self.ups, self.certificates, self.files)
        return [gauge for gauge in each if gauge is not None]

    def _look(self) -> Machine:
        """Look, and remember what was seen once: the kernel's own memory of it lasts for 2 s."""
        found = look(self._root)
        self._under_voltage_seen = _once(self._under_voltage_seen, found.under_voltage_seen)
        self._throttled_seen = _once(self._throttled_seen, found.throttled, found.throttled_seen)
        return found._replace(
            under_voltage_seen=self._under_voltage_seen, throttled_seen=self._throttled_seen
        )


def _once(*seen: bool | None) -> bool | None:
    """Tell whether any was so; None where nothing is known."""
    known = [each for each in seen if each is not None]
    return any(known) if known else None
