"""The settings of troubles: who is told of them, when, how often again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from config.not_known import where_known
from config.people_settings import AudienceSettings
from config.plan_settings import AUDIENCES
from config.settings import Report


class TroublesSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told of troubles. Machines' channels are told none, unless they ask for them."""

    notify: tuple[str, ...] = ("maintenance",)
    """The audiences that are told of every trouble."""
    unprotected: tuple[str, ...] = ("sro", "maintenance")
    """Those that are told of a room without a live button, and of a panic that would reach nobody."""
    agreement: tuple[str, ...] = ("sro", "administration")
    """Those that are told that the agreement with the police is to be renewed, or lacks something."""
    after_s: Annotated[float, Meta(ge=0, le=3600, description="seconds, 0 to 3600")] = 60
    """What ends by itself within this is told to nobody."""
    repeat_h: Annotated[float, Meta(ge=1, le=720, description="hours, 1 to 720")] = 24
    """What is still open is told again after this."""


def check_troubles(troubles: TroublesSettings, audiences: frozenset[str], report: Report) -> None:
    """Report audiences that nobody knows; one of the project's own names may be left out."""
    for key, names in (
        ("notify", troubles.notify),
        ("unprotected", troubles.unprotected),
        ("agreement", troubles.agreement),
    ):
        with where_known:
            check_audiences(f"troubles.{key}", names, audiences, report)


def check_audiences(key: str, names: tuple[str, ...], audiences: frozenset[str], report: Report) -> None:
    """Report those of a list that nobody knows; one of the project's own names may be left out."""
    for name in names:
        if name not in audiences and name not in AUDIENCES:
            allowed = ", ".join(sorted(audiences)[:20]) or "none is set"
            report(key, f"no audience {name!r}", f"audiences: {allowed}")


def doubts(troubles: TroublesSettings, audiences: Mapping[str, AudienceSettings]) -> list[str]:
    """Return what is no fault and yet should be thought over, each as a sentence."""
    told = {name for name, found in audiences.items() if found.channels or found.members}
    said = []
    for names, what in (
        (troubles.notify, "of troubles"),
        (troubles.unprotected, "of a room without a live button"),
    ):
        if not told & set(names):
            who = " and ".join(names) or "no audience"
            said.append(f"nobody is told {what}: {who} has no channel and no members; boards show it")
    return said
