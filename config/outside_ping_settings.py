"""The settings of the dead-man's switch: a URL of somebody outside who calls when it is heard of no more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from config.secret_check import check_secret
from config.settings import Report, SecretFile


class OutsidePingSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the hub says that it lives; without a URL it says so nowhere."""

    url: str | None = None
    """As a rule whoever knows it may ping in the hub's place: better in a file."""
    url_file: SecretFile | None = None
    url_env: str | None = None
    every_s: Annotated[float, Meta(ge=10, le=300, description="seconds, 10 to 300")] = 30.0
    """Set whoever is pinged to call after no more than 30 s above this: 60 s is what the design asks for."""
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds, 1 to 60")] = 10.0

    @property
    def places(self) -> tuple[Path | None, str | None, str | None]:
        """Return where the URL is kept, as :func:`config.settings.secret` is asked."""
        return self.url_file, self.url_env, self.url

    @property
    def is_set(self) -> bool:
        """Somebody is to be pinged."""
        return any(place is not None for place in self.places)


def check_outside_ping(ping: OutsidePingSettings, report: Report) -> None:
    """Report a URL that can't be had, or is none."""
    if not ping.is_set:
        return
    url = ping.url or check_secret("outside_ping.url", ping.url_file, ping.url_env, report)
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        report("outside_ping.url", "found no http or https URL", "must be http:// or https:// with a host")
