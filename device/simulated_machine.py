"""The machine of a simulated room: its supply and its UPS do what a person sets."""

from __future__ import annotations

from config.clock import Now
from device.facts import Machine
from device.survey import Survey


class SimulatedMachine:
    """A survey whose supply and UPS are set by hand. Nothing else about it is invented.

    ``under_voltage`` is a brown-out. ``on_battery`` and ``battery_low`` are None while the room has no
    UPS. They may be set from any thread, and are believed at the next health.
    """

    def __init__(self, real: Survey | None = None) -> None:
        """``real`` tells all the rest: the computer that the room is simulated on; without it, nothing."""
        self._real = real
        self._under_voltage = False
        self._under_voltage_seen = False
        self.on_battery: bool | None = None
        self.battery_low: bool | None = None

    @property
    def under_voltage(self) -> bool:
        """Whether the supply is too low now. That it was is remembered."""
        return self._under_voltage

    @under_voltage.setter
    def under_voltage(self, low: bool) -> None:
        self._under_voltage = low
        self._under_voltage_seen = self._under_voltage_seen or low

    def start(self) -> None:
        """Begin to look, where there is something real to look at."""
        if self._real is not None:
            self._real.start()

    def latest(self, now: Now) -> Machine:
        """Return what is set, and what is known of the real machine."""
        machine = self._real.latest(now) if self._real is not None else Machine()
        return machine._replace(
            under_voltage=self._under_voltage,
            under_voltage_seen=self._under_voltage_seen,
            on_battery=self.on_battery,
            battery_low=self.battery_low,
        )

    def close(self) -> None:
        """End what was begun."""
        if self._real is not None:
            self._real.close()
