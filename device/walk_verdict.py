"""What is mostly wrong with a zone, by what was seen of it when it was asked for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from config.agent_settings import ZoneSettings
from config.contract import PANIC_KINDS
from config.wiring import Condition
from device.circuit import FAULTS
from device.wiring_words import at, fault, gpio, other_end


@dataclass(slots=True)
class Seen:
    """What was seen of a zone."""

    start: Condition = "normal"
    """Before anything was asked."""
    pressed: Condition | None = None
    """What it became when it was pressed or opened; None where nothing moved."""
    after: Condition | None = None
    """What it was at the end."""
    instead: str | None = None
    """A button that moved while this one didn't."""
    beside: str | None = None
    """A button that moved with this one."""


def verdict(zone: ZoneSettings, seen: Seen) -> tuple[bool, str]:
    """Return whether a zone is well, and what to say of it."""
    if seen.start in FAULTS:
        return False, fault(zone, seen.start)
    if seen.pressed is None:
        if seen.instead is not None:
            return False, f"another zone moved instead: {seen.instead}: are the two swapped?"
        return False, _nothing_moved(zone, seen.start)
    if seen.start == "active":
        return False, _wrong_way_round(zone)
    if seen.pressed in FAULTS:
        return False, _fault_at_the_press(zone, seen.pressed)
    if seen.beside is not None:
        return False, f"{seen.beside} moved with it: do their wires touch?"
    if seen.after != "normal":
        return False, "did not come back to rest: stuck, or not let go?"
    return True, "well"


def _nothing_moved(zone: ZoneSettings, start: Condition) -> str:
    where = gpio(zone.pin) if zone.pin is not None else f"ADC input {zone.channel}"
    end = other_end(zone)
    if zone.circuit == "eol":
        if start == "normal":
            return (
                f"never changed: only the end-of-line resistor is seen; is the contact connected to {where}?"
            )
        return f"reads as active all the time: button stuck, or contact = {_other(zone.contact)!r}?"
    if zone.circuit == "pair":
        if start == "normal":
            return f"never moved; is NO at {where}, and NC at {gpio(zone.nc_pin or 0)}?"
        return f"reads as pressed all the time: {where} and {gpio(zone.nc_pin or 0)} swapped, or stuck?"
    closed = (start == "active") is (zone.circuit == "no")
    if closed:
        stuck = (
            "pins swapped or button stuck"
            if zone.kind in PANIC_KINDS
            else "pins swapped, or the magnet always near"
        )
        return f"closed all the time: {stuck}? Or {where} touches {end}"
    if zone.circuit == "no":
        return f"never closed; {where} to {end}?"
    why = "magnet too far" if zone.kind not in PANIC_KINDS else "on NO instead of NC"
    return f"open all the time; {where} to {end}? A wire off, or {why}?"


def _wrong_way_round(zone: ZoneSettings) -> str:
    so = "works the wrong way round"
    if zone.circuit == "pair":
        return f"{so}: swap {gpio(zone.pin or 0)} and {gpio(zone.nc_pin or 0)}"
    if zone.circuit == "eol":
        return f"{so}: contact = {_other(zone.contact)!r}, with its resistor as drawn for it"
    return f"{so}: use the contact's other screw, or set circuit = {_other(zone.circuit)!r}"


def _fault_at_the_press(zone: ZoneSettings, condition: Condition) -> str:
    if zone.circuit == "pair":
        closes, opens = at(zone.pin or 0), at(zone.nc_pin or 0)
        if condition == "cut":
            return f"pressed, both contacts are open: the wire of the contact that closes ({closes}) is cut?"
        return f"pressed, both contacts are closed: the wire of NC ({opens}) touches {other_end(zone)}?"
    if condition == "short":
        return "pressed, it reads a short: the contact has no resistor in series"
    return "pressed, it reads a cut: the contact has no resistor across it, or is of the other kind"


def _other(kind: str) -> str:
    return "nc" if kind == "no" else "no"
