"""The settings of channel tests: how often what can't be asked for is proved by a marked notice."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class ChannelTestsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When each end gets a test whose far side can't be asked for."""

    every_days: Annotated[int, Meta(ge=0, le=365, description="days, 0 to 365")] = 30
    """On a day of school, at ten in the morning or after it; 0: never."""
