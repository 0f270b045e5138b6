"""The agent's pins, opened again for as long as they can't be had.

A GPIO chip can vanish (a driver, a hat, a hub) and come back. Nobody is there to restart anything: what
can't be read is reported, and tried again at every look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from config.agent_settings import AgentSettings
from device.facts import Fact, Unreadable
from device.pins import Pins, PinsError
from device.ups import UpsStatus

LOOK_S: Final = 2.0
"""Between two readings of all zones, to find a move that was lost."""


class Board:
    """Owns the pins; used by the loop's thread alone, but for :meth:`ups`."""

    def __init__(
        self, settings: AgentSettings, put: Callable[[Fact], None], open_factory: Callable[[], Any]
    ) -> None:
        self._settings = settings
        self._put = put
        self._open_factory = open_factory
        self._pins: Pins | None = None
        self._levels: dict[str, float] = {}
        self._look_at = 0.0

    def start(self, now: float) -> None:
        """Claim the pins and report every zone."""
        self._look_at = now + LOOK_S
        self._open(now)

    @property
    def look_at(self) -> float:
        """When :meth:`look` is due."""
        return self._look_at

    def look(self, now: float) -> None:
        """Read every zone again; what can't be read is opened anew."""
        self._look_at = now + LOOK_S
        if self._pins is not None:
            self._pins.look()
            if not self._pins.is_dead:
                failed = self._pins.faults.keys() & self._levels.keys()
                self._pins.retry()
                for output in failed:
                    self._pins.drive(output, self._levels[output])
                return
            self._pins.close()
        self._open(now)

    def drive(self, output: str, level: float) -> None:
        """Set an output, now and whenever the pins are opened again."""
        self._levels[output] = level
        if self._pins is not None:
            self._pins.drive(output, level)

    def faults(self) -> dict[str, str]:
        """Return the outputs that can't be driven, and why."""
        if self._pins is None:
            return {}
        return dict(self._pins.faults)

    def ups(self) -> UpsStatus | None:
        """Return what the UPS's contacts say; None where they can't be read. From any thread."""
        pins = self._pins
        return pins.ups.read() if pins is not None and pins.ups is not None else None

    def close(self) -> None:
        """Let the pins go, and put every lamp out."""
        if self._pins is not None:
            self._pins.close()
            self._pins = None

    def _open(self, now: float) -> None:
        self._pins = None
        try:
            pins = Pins(self._settings, self._put, self._open_factory())
        except Exception as error:  # noqa: BLE001 - a room whose pins fail in a new way still has its agent
            why = str(error) if isinstance(error, PinsError) else f"{type(error).__name__}: {error}"
            for zone in self._settings.zones:
                self._put(Unreadable(mono=now, zone=zone.zone, why=why))
            return
        self._pins = pins
        self._pins.start()
        for output, level in self._levels.items():
            self._pins.drive(output, level)


class UpsOnBoard:
    """The UPS whose contacts are on the board's pins."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def read(self) -> UpsStatus | None:
        """Return what its contacts say; None where they can't be read."""
        return self._board.ups()

    def close(self) -> None:
        """The board lets its pins go."""
