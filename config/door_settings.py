"""The settings of doors: which are exterior, how long one may stand open, when it is to be closed."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from config.shared_settings import Key

DoorRule = Literal["secure", "after-hours", "held-open"]
"""What is told of a door: open while the school is secure, or after hours; open past its time."""
DOOR_RULES: Final[tuple[DoorRule, ...]] = get_args(DoorRule)
"""The gravest first."""

OpenMax = Annotated[float, Meta(ge=0, le=86_400, description="seconds, 0 to 86400")]
"""Seconds; 0: it may stand open for ever."""


class DoorsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds for every exterior door; a door's own settings stand before it."""

    open_max_s: OpenMax = 300
    """An exterior door that is open for longer is held open; another only where its zone says so."""
    closed_during: tuple[Key, ...] = ()
    """Schedules: while one of them is on it is after hours, and an exterior door is to be closed."""
