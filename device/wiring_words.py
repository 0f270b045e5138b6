"""What a technician is told of a zone's wiring: where it is connected, what it reads, its bands. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from config.agent_settings import AgentSettings, UpsPins, UpsSerial, ZoneSettings
from config.contract import PANIC_KINDS
from config.wiring import ADC_STEPS, HEADER, SUPPLY_V, Condition, unsupervised
from device.circuit import FAULTS, Reading, Wiring, bands_of

NOTHING = 0.98
"""A share of full scale above which no resistance can be told from nothing connected."""


def name_of(zone: ZoneSettings) -> str:
    """Return the zone's name for people, in quotes."""
    return f"'{zone.label or zone.zone}'"


def gpio(pin: int) -> str:
    """Return a GPIO with its position on the header."""
    return f"GPIO {pin} (position {HEADER[pin]})"


def at(pin: int) -> str:
    """Return the same within a sentence."""
    return f"GPIO {pin}, position {HEADER[pin]}"


def place(zone: ZoneSettings) -> str:
    """Return where a zone's wire is connected."""
    if zone.circuit == "eol":
        channel = zone.channel or 0
        return f"ADC input {channel} (MCP3008 pin {channel + 1})"
    return gpio(zone.pin or 0)


def ohms(value: float) -> str:
    """Return a resistance in words."""
    if math.isinf(value):
        return "nothing connected"
    return f"{value / 1000:.2f} kilohm" if value >= 1000 else f"{value:.0f} ohm"


def electrical(zone: ZoneSettings, reading: Reading) -> str:
    """Return what is read, before any meaning is given to it."""
    if isinstance(reading, tuple):
        closes, opens = ("closed" if closed else "open" for closed in reading)
        return f"NO {closes}, NC {opens}"
    if zone.circuit != "eol":
        return "contact closed" if reading else "contact open"
    share = float(reading)
    resistance = math.inf if share >= NOTHING else zone.pull_ohms * share / (1 - share)
    return f"{ohms(resistance)}, {share * SUPPLY_V:.2f} V, {share * ADC_STEPS:.0f} of {ADC_STEPS}"


def reads(zone: ZoneSettings, reading: Reading) -> str:
    """Return what a zone reads and means, with what its wiring can't show."""
    condition = Wiring(zone).condition(reading)
    said = f"{electrical(zone, reading)}, {condition} now"
    unseen = unsupervised(zone.kind, zone.circuit)
    return f"{said}, {unseen}" if unseen else said


def not_well(zone: ZoneSettings, reading: Reading) -> str | None:
    """Return why a zone that reads so is not ready; None where it is, as far as its wiring can show."""
    condition = Wiring(zone).condition(reading)
    if condition in FAULTS:
        return f"{zone.zone}: {fault(zone, condition)}"
    if condition == "active" and zone.kind in PANIC_KINDS:
        return f"{zone.zone}: reads as pressed: pressed now, stuck, or wired the wrong way round?"
    return None


def other_end(zone: ZoneSettings) -> str:
    """Return where a contact leads when it closes."""
    return "ground" if zone.pull == "up" else "3.3 V"


def fault(zone: ZoneSettings, condition: Condition) -> str:
    """Return what a faulty reading mostly is."""
    if zone.circuit == "pair":
        closes, opens = at(zone.pin or 0), at(zone.nc_pin or 0)
        if condition == "cut":
            return f"both contacts open: the wire of the contact that opens ({opens}) or of C is cut?"
        return f"both contacts closed: the wire of NO ({closes}) touches {other_end(zone)}, or that of NC?"
    where = f"ADC input {zone.channel}"
    if condition == "cut":
        return f"{where} sees nothing connected: a wire is off or cut, or there is no end-of-line resistor?"
    return f"{where} sees no resistance: its wires touch; or the MCP3008 has no supply?"


def zone_lines(
    settings: AgentSettings, readings: Mapping[str, Reading], unreadable: Mapping[str, str]
) -> Iterator[str]:
    """Yield the table of zones: each with its place, its kind and what it reads; under it its bands."""
    width = _width(settings)
    broad = max(len(place(zone)) for zone in settings.zones)
    blank = " " * width
    for zone in settings.zones:
        if zone.zone in readings:
            said = reads(zone, readings[zone.zone])
        else:
            said = f"not read: {unreadable.get(zone.zone, 'why is not known')}"
        kind = f"{zone.kind}, {zone.circuit}"
        yield f"  {zone.zone:<{width}}  {place(zone):<{broad}}  {kind}: {said} ({zone.label or zone.zone})"
        if zone.nc_pin is not None:
            yield f"  {blank}  {gpio(zone.nc_pin):<{broad}}  its contact that opens (NC)"
        for band in bands_of(zone):
            yield (
                f"  {blank}    {band.condition:<6}  {ohms(band.ohms):>17}  {band.volts:.2f} V  "
                f"believed from {band.low * ADC_STEPS:.0f} to {band.high * ADC_STEPS:.0f}"
            )


def output_lines(settings: AgentSettings, faults: Mapping[str, str]) -> Iterator[str]:
    """Yield the table of what is driven, and of the UPS."""
    width = _width(settings)
    for output, pin, words in output_rows(settings):
        failed = f": can't be driven: {faults[output]}" if output in faults else ""
        yield f"  {output:<{width}}  {gpio(pin)}  {words}{failed}"
    ups = settings.ups
    if isinstance(ups, UpsSerial):
        yield f"  {'ups':<{width}}  {ups.port}  asked by Megatec's protocol"
    if isinstance(ups, UpsPins):
        yield f"  {'ups':<{width}}  {gpio(ups.on_battery_pin)}  {ups.active} while on battery"
        if ups.low_pin is not None:
            yield f"  {'ups':<{width}}  {gpio(ups.low_pin)}  {ups.active} while its battery is low"


def output_rows(settings: AgentSettings) -> list[tuple[str, int, str]]:
    """Return every output: its name (see :class:`device.pins.Pins`), its pin, and what it is for."""
    rows: list[tuple[str, int, str]] = []
    if settings.lamp is not None:
        rows.append(("lamp", settings.lamp.pin, f"the room's lamp, brightness {settings.brightness:g}"))
    for zone in settings.zones:
        if zone.lamp_pin is not None:
            rows.append((f"lamp {zone.zone}", zone.lamp_pin, f"the lamp in {name_of(zone)}"))
        if zone.haptic_pin is not None:
            rows.append((f"haptic {zone.zone}", zone.haptic_pin, f"the motor in {name_of(zone)}"))
    if settings.sounder is not None:
        kinds = ", ".join(settings.sounder.kinds) or "nothing"
        rows.append(("sounder", settings.sounder.pin, f"tells {kinds} aloud"))
    if settings.strobe is not None:
        rows.append(("strobe", settings.strobe.pin, f"on in {', '.join(settings.strobe.postures)}"))
    return rows


def _width(settings: AgentSettings) -> int:
    names = [zone.zone for zone in settings.zones] + [row[0] for row in output_rows(settings)]
    return max(len(name) for name in names)
