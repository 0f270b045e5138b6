"""The settings of channels: means to reach people and systems, each by its type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from config.settings import SecretFile
from config.shared_settings import Key


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
    troubles: bool = False
    """Also post troubles, as ``trouble.opened`` and ``trouble.restored``: bodies of their own."""


class AppriseSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="apprise"
):
    """A channel of people's phones, mail and chat, by Apprise URLs: one a line, ``Name = url``."""

    targets_file: SecretFile | None = None
    targets_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0
    troubles: bool = True
    """Also tell of troubles those who are to be told of them."""


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
    troubles: bool = True
    """Also tell of troubles those who are to be told of them."""


class CallSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="call"
):
    """A channel of voice calls by the modem of another: its targets are that one's."""

    modem: str
    """The name of the channel whose modem calls."""

    @property
    def troubles(self) -> bool:
        """Nobody is rung for a trouble."""
        return False


ChannelSettings = WebhookSettings | AppriseSettings | ModemSettings | CallSettings
