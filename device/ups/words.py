"""What ``check`` says of a UPS: what it tells now, and why it isn't heard."""

from __future__ import annotations

from device.ups import UpsStatus


def now(status: UpsStatus) -> str:
    """Return what it says, in words."""
    power = "on battery" if status.on_battery else "on mains"
    if status.battery_low is None:
        return power
    return f"{power}, its battery {'LOW' if status.battery_low else 'well'}"


def not_well(status: UpsStatus, *, contacts: bool) -> str | None:
    """Return why a UPS that says so isn't ready; None where it is."""
    if not status.on_battery and not status.battery_low:
        return None
    cure = ", or are its contacts wired, or `active` set, the wrong way round" if contacts else ""
    return f"ups: it says: {now(status)}: is the mains off{cure}?"
