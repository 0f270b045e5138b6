"""The settings of the record: who keeps its head, and how long what lies beside it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from config.people_settings import AudienceSettings


class RecordSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who keeps the head of the record away from the hub."""

    head_to: tuple[str, ...] = ()
    """Audiences that are sent it once a day, without sound."""


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long what is beside the chain of the record is kept; 0 is for ever."""

    personal_days: Annotated[int, Meta(ge=0, le=36_500, description="days, 0 to 36500")] = 2557
    """Names, notes and whom a delivery went to: seven years, beyond most times to bring a claim."""
    payload_days: Annotated[int, Meta(ge=0, le=36_500, description="days, 0 to 36500")] = 400
    """Events' messages as they came: a school year and the summer after it."""


def doubts(record: RecordSettings, audiences: Mapping[str, AudienceSettings]) -> list[str]:
    """Return what is no fault and yet should be thought over, each as a sentence."""
    told = {name for name, found in audiences.items() if found.channels or found.members}
    if told & set(record.head_to):
        return []
    return [
        "the record's head leaves for nobody (record.head_to): without one that was kept elsewhere,"
        " a record that is cut or written anew can't be told"
    ]
