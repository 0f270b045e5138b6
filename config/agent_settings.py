"""The settings of one agent: its room, its zones and pins, its lamp, its brokers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.contract import ID_PATTERN, PostureName
from config.shared_settings import Broker, Log, Name

Gpio = Annotated[int, Meta(ge=0, le=27, description="a GPIO number by Broadcom's count, 0 to 27")]
ZoneId = Annotated[
    str,
    Meta(
        pattern=ID_PATTERN, description="a zone's id: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit"
    ),
]
Milliseconds = Annotated[int, Meta(ge=0, le=5000, description="milliseconds, 0 to 5000")]
Transit = Annotated[int, Meta(ge=20, le=900, description="milliseconds, 20 to 900")]
Ohms = Annotated[int, Meta(ge=100, le=1_000_000, description="a resistor in ohms, 100 to 1000000")]
AdcChannel = Annotated[int, Meta(ge=0, le=7, description="an input of the MCP3008, 0 to 7")]
ZoneKind = Literal["panic", "duress", "medical", "assist", "door"]
CircuitName = Literal["no", "nc", "pair", "eol"]

LONGEST_ACCEPT_MS = 500
"""A panic zone may ask for no longer press than this: whoever presses is afraid, and perhaps hiding."""


class ZoneSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One supervised input: a button or a door contact."""

    zone: ZoneId
    label: Name | None = None
    kind: ZoneKind
    circuit: CircuitName
    """``no``: the contact closes when active (a plain button). ``nc``: it opens when active. ``pair``: a
    changeover's two contacts on two pins. ``eol``: an end-of-line resistor, read by an ADC."""
    pin: Gpio | None = None
    """The pin of the contact; of a ``pair`` the contact that closes when active. None for ``eol``."""
    nc_pin: Gpio | None = None
    """Of a ``pair`` alone: the pin of the contact that opens when active."""
    pull: Literal["up", "down"] = "up"
    """``up``: the contact connects the pin to ground. ``down``: it connects the pin to 3.3 V."""
    channel: AdcChannel | None = None
    """Of ``eol`` alone: the ADC's input."""
    contact: Literal["no", "nc"] = "no"
    """Of ``eol`` alone. ``no``: the contact, with ``contact_ohms`` in series, lies across the end-of-line
    resistor. ``nc``: the contact, with ``contact_ohms`` across it, lies in series with it."""
    eol_ohms: Ohms = 4700
    contact_ohms: Ohms = 4700
    pull_ohms: Ohms = 4700
    """The resistor from the ADC's input to 3.3 V."""
    settle_ms: Milliseconds = 40
    """How long the contact must rest in its new position before it is believed."""
    accept_after_ms: Milliseconds = 0
    """How long a press must last to be one; none is asked for by default."""
    transit_ms: Transit = 250
    """Of a ``pair`` alone: how long both contacts may be alike as the button moves."""
    latching: bool = False
    """The button stays in by itself until it is reset."""
    held_kind: Literal["panic"] | None = None
    """Of an ``assist`` zone alone: holding it for 3 s makes it an emergency of this kind."""
    lamp_pin: Gpio | None = None
    """A lamp at this button, which shows the stages of its presses instead of the room's."""
    haptic_pin: Gpio | None = None
    """A small vibration motor in this button."""


class LampSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The lamp that tells the teacher the truth."""

    pin: Gpio
    brightness: Annotated[float, Meta(ge=0.01, le=1, description="a share of full light, 0.01 to 1")] = 0.15
    """Of this lamp and of the buttons' own."""


class SounderSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sounder, which tells the stages of a press aloud; silent for panic unless it is named here."""

    pin: Gpio
    kinds: tuple[Literal["panic", "medical", "assist"], ...] = ("medical", "assist")


class StrobeSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A strobe or relay that is on while the site is in one of these postures."""

    pin: Gpio
    postures: tuple[PostureName, ...]
    in_drills: bool = True
    own_room: bool = False
    """Whether it also follows a posture that came of this room's own press, or by itself."""


class AdcSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The MCP3008 of the ``eol`` circuits, on SPI 0 (GPIO 9, 10, 11 and its select)."""

    select: Literal[0, 1] = 0
    """Chip enable 0 (GPIO 8) or 1 (GPIO 7)."""


class UpsPins(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="gpio"):
    """A UPS that tells by contacts to ground."""

    on_battery_pin: Gpio
    low_pin: Gpio | None = None
    active: Literal["low", "high"] = "low"
    """The level of a pin while it is so."""


class UpsSerial(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="megatec"
):
    """A UPS that answers ``Q1`` over a serial line (Megatec's protocol, 2400 baud)."""

    port: Path


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
    adc: AdcSettings | None = None
    lamp: LampSettings | None = None
    sounder: SounderSettings | None = None
    strobe: StrobeSettings | None = None
    ups: UpsPins | UpsSerial | None = None
    log: Log = Log()

    @property
    def brightness(self) -> float:
        """The light of every lamp of this room, as a share of full light."""
        return self.lamp.brightness if self.lamp is not None else 0.15
