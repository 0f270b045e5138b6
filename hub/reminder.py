"""What becomes of an incident that somebody took in hand and of which nothing is heard since. Pure.

An acknowledgement stops the asking only as long as its person shows signs of being at work. First
whoever acknowledged is reminded, without sound or call; then their stand-in is asked; then, again
and again, everybody who was told.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

Stage = Literal["reminder", "stand-in", "everybody"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)


class Times(Struct, frozen=True):
    """The settings' seconds."""

    after_s: float = 300.0
    stand_in_after_s: float = 120.0


class Quiet(Struct, frozen=True):
    """Since when nothing was heard of an incident in hand, and how often that was said."""

    since: float
    """Monotonic seconds of the acknowledgement, or of the last note."""
    due: float
    """When it is to be said (again)."""
    said: int = 0


def heard(mono: float, times: Times) -> Quiet:
    """Begin to wait: somebody is at work."""
    return Quiet(mono, mono + times.after_s)


def said(quiet: Quiet, mono: float, times: Times) -> Quiet:
    """Count what was said now; what a stopped hub missed is not made up for."""
    return Quiet(quiet.since, mono + times.stand_in_after_s, quiet.said + 1)


def stage(quiet: Quiet) -> Stage:
    """Return what comes next."""
    return STAGES[min(quiet.said, len(STAGES) - 1)]


def words(stage: Stage, by: str, silent_s: float) -> str:
    """Return what those who are told of it read."""
    # A clock that was set while the hub was down may have made years of it.
    minutes = f"{silent_s / 60:.0f} min" if silent_s < 86_400 else "more than a day"
    if stage == "reminder":
        return f"You took this in hand, and nothing was heard of it for {minutes}: add a note, or resolve it"
    return f"{by} took this in hand, and nothing was heard of it for {minutes}: take it over, or add a note"
