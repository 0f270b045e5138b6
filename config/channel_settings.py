"""The settings of channels: means to reach people and systems, each by its type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.settings import SecretFile
from config.shared_settings import Key

Reaches = Annotated[Literal["school", "police"], Meta(description='"school" or "police"')]
"""Whose the far side is: nothing goes to the police by itself until the settings name the agreement."""


class WebhookSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="webhook"
):
    """A channel that posts CONTRACT's signed JSON to a URL."""

    url: str | None = None
    url_file: SecretFile | None = None
    url_env: str | None = None
    secret_file: SecretFile | None = None
    secret_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0
    reaches: Reaches | None = None
    """Without it: the police where the audience ``dispatch`` has this channel, else the school."""
    troubles: bool = False
    """Also post troubles, as ``trouble.opened`` and ``trouble.restored``: bodies of their own."""


class AppriseSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="apprise"
):
    """A channel of people's phones, mail and chat, by Apprise URLs: one a line, ``Name = url``."""

    targets_file: SecretFile | None = None
    targets_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0
    reaches: Reaches | None = None
    """Without it: the police where the audience ``dispatch`` has this channel, else the school."""
    troubles: bool = True
    """Also tell of troubles those who are to be told of them."""


class AlarmReceiverSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="dc-09"
):
    """A channel to a monitoring station's alarm receivers, by ANSI/SIA DC-09."""

    address: str
    """Host and port of the primary receiver: ``receiver.example.com:12000``."""
    backup_address: str | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    payload: Literal["SIA-DCS", "ADM-CID"] = "SIA-DCS"
    """``SIA-DCS`` brings the room's name as text; ``ADM-CID`` is Contact ID, with zone numbers alone."""
    account: str
    """The number under which the station knows the school: 3 to 16 hexadecimal digits."""
    prefix: str = "0"
    """DC-09's L, 1 to 6 hexadecimal digits."""
    receiver: str | None = None
    """DC-09's R, 1 to 6 hexadecimal digits."""
    partition: Annotated[int, Meta(ge=0, le=99, description="0 to 99")] = 1
    key_file: SecretFile | None = None
    key_env: str | None = None
    key_form: Literal["hex", "characters"] = "hex"
    """How the key is written: two hexadecimal digits for each of its bytes, or its bytes as they are."""
    timeout_s: Annotated[float, Meta(ge=1, le=10, description="seconds, 1 to 10")] = 5.0
    """For each try: to connect, and to be answered."""
    tries: Annotated[int, Meta(ge=1, le=3, description="1 to 3")] = 2
    """Of each receiver, before the other is tried."""
    test_every_h: Annotated[float, Meta(ge=0, le=168, description="hours, 0 to 168")] = 24.0
    """How often a periodic test is sent; 0: never. Supervision messages go every 30 s by themselves."""
    reaches: Reaches = "police"
    """A station calls them."""
    troubles: bool = False
    """Also tell the station of tampers, troubles and bypasses of rooms."""
    tests: bool = False
    """Also tell the station of walk tests and drills, as tests: on test, what was tested, off test."""


class CapSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="cap"):
    """A channel that posts each notice as a message of the Common Alerting Protocol 1.2 to a URL."""

    url: str | None = None
    url_file: SecretFile | None = None
    url_env: str | None = None
    token_file: SecretFile | None = None
    """Sent as ``Authorization: Bearer``, where the far side asks for one."""
    token_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0
    sender: Annotated[
        str,
        Meta(
            pattern=r"^[^\s,<&]{1,128}$(?!\n)",
            description="a name of your own in the world, such as tocsin@lincoln.example.org",
        ),
    ]
    area: Annotated[str, Meta(min_length=1, max_length=200)]
    """The school's name and address, as responders find it."""
    circle: (
        Annotated[
            str,
            Meta(
                pattern=r"^-?[0-9]{1,2}(\.[0-9]+)?,-?[0-9]{1,3}(\.[0-9]+)? [0-9]+(\.[0-9]+)?$(?!\n)",
                description='latitude,longitude and a radius in km, such as "38.47,-120.14 0.2"',
            ),
        ]
        | None
    ) = None
    geocodes: dict[str, str] = {}
    """Codes of the place by their system, such as ``SAME = "006109"``."""
    instruction: Annotated[str, Meta(max_length=1000)] = ""
    """What responders are to do: which door, whom to ask."""
    contact: Annotated[str, Meta(max_length=200)] = ""
    restriction: Annotated[str, Meta(min_length=1, max_length=200)] = "For public safety agencies"
    language: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$(?!\n)", description="such as en-US")] = (
        "en-US"
    )
    expires_h: Annotated[float, Meta(ge=1, le=168, description="hours, 1 to 168")] = 24.0
    reaches: Reaches = "police"

    @property
    def troubles(self) -> bool:
        """It tells of incidents alone."""
        return False


class ModemSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="modem"
):
    """A channel of text messages by a cellular modem on a serial line."""

    device: Path
    """Such as ``/dev/serial/by-id/usb-SimTech…-if02-port0``."""
    baud: Annotated[int, Meta(ge=1200, le=4_000_000, description="bits a second, 1200 to 4000000")] = 115_200
    pin_file: SecretFile | None = None
    pin_env: str | None = None
    """Of the SIM, if it has one."""
    numbers: dict[Key, str]
    """International numbers, by the names of whose they are: the channel's targets."""
    reaches: Reaches | None = None
    """Without it: the police where the audience ``dispatch`` has this channel, else the school."""
    troubles: bool = True
    """Also tell of troubles those who are to be told of them."""


class CallSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="call"
):
    """A channel of voice calls by the modem of another: its targets are that one's."""

    modem: str
    """The name of the channel whose modem calls."""
    reaches: Reaches | None = None
    """Without it: the police where the audience ``dispatch`` has this channel, else the school."""

    @property
    def troubles(self) -> bool:
        """Nobody is rung for a trouble."""
        return False


class PushSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="push"
):
    """A channel of Web Push to phones that people have signed up; its targets are people's keys."""

    contact: Annotated[
        str,
        Meta(
            pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$(?!\n)",
            description="mailto: and an address, or https: and a page, of whoever looks after the hub",
        ),
    ]
    """Whom a push service may write to."""
    services: tuple[str, ...] = (
        "fcm.googleapis.com",
        "push.services.mozilla.com",
        "push.apple.com",
        "notify.windows.com",
    )
    """Hosts of push services, with all below them: phones of no other are taken."""
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0
    reaches: Reaches | None = None
    """Without it: the police where the audience ``dispatch`` has this channel, else the school."""
    troubles: bool = True
    """Also tell of troubles those who are to be told of them."""


ChannelSettings = (
    WebhookSettings
    | AppriseSettings
    | AlarmReceiverSettings
    | CapSettings
    | ModemSettings
    | CallSettings
    | PushSettings
)
