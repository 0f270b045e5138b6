"""The settings of channels: means to reach people and systems, each by its type."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from config.settings import SecretFile


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


ChannelSettings = WebhookSettings | AppriseSettings
