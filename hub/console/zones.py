"""A device's zones as a page shows them: what each reads, its faults, what its wires can't show. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from config.contract import PANIC_KINDS, shown
from config.wiring import unsupervised
from hub.causes import FAULTS, fault_words
from hub.view import DeviceView, Trouble, ZoneView


class ZoneLine(Struct, frozen=True):
    """One or more zones of a device of which the same is to be said."""

    labels: str
    said: tuple[str, ...]
    """What is to be said of them; empty where there is nothing but that they are well."""
    wrong: bool


def zone_faults(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    """Return the troubles that are a zone's own, by device."""
    found: dict[str, list[Trouble]] = {}
    for trouble in list(troubles):  # in one step: the recorder may write meanwhile
        if trouble.device and trouble.zone and trouble.what in ("tamper", "trouble"):
            found.setdefault(trouble.device, []).append(trouble)
    return found


def zone_lines(device: DeviceView, of_device: Iterable[Trouble]) -> list[ZoneLine]:
    """Return the lines of a device's zones, those with a fault first, like ones together."""
    faults: dict[str, list[Trouble]] = {}
    for trouble in of_device:
        faults.setdefault(str(trouble.zone), []).append(trouble)
    alike: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for zone in device.zones:
        of_it = faults.pop(zone.zone, [])
        wrong = bool(of_it) or zone.condition not in (None, "normal", "active")
        alike.setdefault((_said(device, zone, of_it), wrong), []).append(shown(zone.label or zone.zone))
    for name, of_it in faults.items():  # of a zone that its agent has no more
        alike[tuple(_fault(trouble) for trouble in of_it), True] = [shown(name)]
    lines = [ZoneLine(", ".join(labels), said, wrong) for (said, wrong), labels in alike.items()]
    return sorted(lines, key=lambda line: not line.wrong)


def _said(device: DeviceView, zone: ZoneView, faults: list[Trouble]) -> tuple[str, ...]:
    words = dict.fromkeys(_fault(trouble) for trouble in faults)
    live = device.standing == "heard"
    reads = _reads(zone)
    pressed_for_long = reads == "pressed" and any(trouble.cause == "stuck" for trouble in faults)
    if reads is not None and reads not in words and not pressed_for_long:
        words[reads if live else f"{reads} when last heard"] = None
    if zone.walk_test and live:
        words["walk test: a press is a test"] = None
    if (wiring := unsupervised(zone.kind, zone.circuit)) is not None:
        words[wiring] = None
    return tuple(words)


def _reads(zone: ZoneView) -> str | None:
    if zone.condition in (None, "normal"):
        return None
    if zone.condition == "active":
        return "pressed" if zone.kind in PANIC_KINDS else "open"
    return FAULTS.get(zone.condition) or shown(zone.condition)


def _fault(trouble: Trouble) -> str:
    """Its cause in words; of one that an older release opened, what that said."""
    return fault_words(trouble.what, trouble.cause) if trouble.cause else shown(trouble.detail)
