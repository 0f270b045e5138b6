"""The settings of one agent: its room, its zones and pins, its lamp, its brokers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.contract import ID_PATTERN, PANIC_KINDS, is_device_id, is_site_id
from config.settings import Report
from config.shared_settings import Broker, Log, Name, check_broker

Gpio = Annotated[int, Meta(ge=0, le=27, description="a GPIO number by Broadcom's count, 0 to 27")]
ZoneId = Annotated[
    str,
    Meta(
        pattern=ID_PATTERN, description="a zone's id: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit"
    ),
]
Milliseconds = Annotated[int, Meta(ge=0, le=5000, description="milliseconds, 0 to 5000")]

RESERVED_PINS = {
    0: "the ID EEPROM of an add-on board",
    1: "the ID EEPROM of an add-on board",
}


class ZoneSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One supervised input: a button or a door contact."""

    zone: ZoneId
    label: Name | None = None
    kind: Literal["panic", "door"]
    circuit: Literal["no", "nc"]
    """``no``: the contact closes when active (a plain button). ``nc``: it opens when active."""
    pin: Gpio
    settle_ms: Milliseconds = 40
    """How long the contact must rest in its new position before it is believed."""
    pull: Literal["up", "down"] = "up"
    """``up``: the contact connects the pin to ground. ``down``: it connects the pin to 3.3 V."""


class LampSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The lamp that tells the teacher the truth."""

    pin: Gpio
    brightness: Annotated[float, Meta(ge=0.01, le=1, description="a share of full light, 0.01 to 1")] = 0.15


class LinkSettings(Broker, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to the hub: a broker, with a name for people."""

    name: Name = "hub"


class AgentSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All an agent needs to know; see ``config/examples/room-101.toml``."""

    site: str
    device: str
    room: Name | None = None
    data: Path
    """A folder for the outbox; it must survive a power cut."""
    pins: Literal["lgpio", "mock"] = "lgpio"
    links: tuple[LinkSettings, ...]
    zones: tuple[ZoneSettings, ...]
    lamp: LampSettings | None = None
    log: Log = Log()


def check_agent(settings: AgentSettings, report: Report) -> None:
    """Report the faults that lie between an agent's settings."""
    if not is_site_id(settings.site):
        report("site", f"found {settings.site!r}", "must be 1 to 64 of a-z 0-9 _ -, without a dot")
    if not is_device_id(settings.device):
        report(
            "device", f"found {settings.device!r}", "must be an id of a-z 0-9 . _ -, not 'hub' or 'posture'"
        )
    if not settings.data.is_absolute():
        report("data", f"found {str(settings.data)!r}", "must be an absolute path")
    if not settings.links:
        report("links", "none", "give at least one [[links]]")
    if not settings.zones:
        report("zones", "none", "give at least one [[zones]]")
    elif not any(zone.kind in PANIC_KINDS for zone in settings.zones):
        report("zones", "no zone of a panic kind", "give at least one button with kind = 'panic'")
    _check_once([link.name for link in settings.links], "links", "name", report)
    _check_once([zone.zone for zone in settings.zones], "zones", "zone", report)
    for i, link in enumerate(settings.links):
        check_broker(link, f"links[{i}]", report)
    _check_pins(settings, report)


def _check_once(names: list[str], table: str, key: str, report: Report) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            report(
                f"{table}[{i}].{key}", f"{name!r} is used twice", f"give each of {table} a {key} of its own"
            )


def _check_pins(settings: AgentSettings, report: Report) -> None:
    used: dict[int, str] = {}
    places = [(f"zones[{i}].pin", zone.pin, f"zone {zone.zone}") for i, zone in enumerate(settings.zones)]
    if settings.lamp is not None:
        places.append(("lamp.pin", settings.lamp.pin, "the lamp"))
    for key, pin, who in places:
        if pin in RESERVED_PINS:
            report(key, f"GPIO {pin} is reserved for {RESERVED_PINS[pin]}", "use another of GPIO 2 to 27")
        if pin in used:
            report(key, f"GPIO {pin} is already taken by {used[pin]}", "give each part a pin of its own")
        used.setdefault(pin, who)
