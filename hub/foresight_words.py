"""What would happen, and when it would not do, in words for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from config.contract import PanicKind
from hub.foresight import Foresight, Gap
from hub.incident import Place
from hub.schedule import Calendar

SHOWN: Final = 3
"""Stretches of time of one kind that are named; of more it is said how many they are."""
MOST: Final = 9
"""Weekly stretches of one finding that are listed."""


def explained(seen: Foresight, kind: PanicKind, place: Place, at: datetime) -> Iterator[str]:
    """Return the lines of ``tocsin-hub explain``."""
    yield f"{kind} in {place.room}, {at:%A %d %B %Y, %H:%M} ({at:%Z}): plan {seen.plan.name}"
    for name, why in seen.others:
        yield f"  not plan {name}: {why}"
    if seen.plan.posture is not None and kind != "duress":
        yield f"      0 s  the posture is raised to {seen.plan.posture}, unless a person has set one"
    for word in seen.words:
        yield f"  {word.at_s:>5g} s  {'' if word.told else '  of '}{word.who}: {word.why}"
    if seen.ran_out is not None:
        yield f"  {seen.ran_out}"
        return
    for step in seen.plan.steps:
        if step.repeat_s is not None and step.times is None and not step.when_confirmed:
            every = f"again every {step.repeat_s:g} s until somebody answers"
            yield f"  {step.label}, {', '.join(step.notify)}: {every}"
    for step in seen.plan.steps:
        if step.when_confirmed:
            yield f"  once it is confirmed, {step.after_s:g} s later: {', '.join(step.notify)}"


def listed(gaps: Iterable[Gap], calendar: Calendar) -> Iterator[str]:
    """Return when too few would be told, as ``tocsin-hub check`` says it: what comes weekly as one line."""
    found: dict[tuple[str, str, str], dict[str, list[Gap]]] = {}
    for gap in gaps:
        weekly = found.setdefault((gap.finding, gap.rooms, gap.kind), {})
        weekly.setdefault(_weekly(gap, calendar), []).append(gap)
    for (finding, rooms, kind), weekly in found.items():
        hours = sum(gap.last_ms - gap.first_ms for alike in weekly.values() for gap in alike) / 3_600_000
        yield f"{kind}, {rooms}: {finding}; {hours:.0f} h in all"
        often = sorted(weekly.items(), key=lambda one: -len(one[1]))
        for name, alike in often[:MOST]:
            yield "  " + _stretches(name, alike, calendar)
        if len(often) > MOST:
            yield f"  and {sum(len(alike) for _, alike in often[MOST:])} other stretches"


def _weekly(gap: Gap, calendar: Calendar) -> str:
    """Name a stretch by its weekdays and times; nothing for one of a week or more."""
    first, last = calendar.local(gap.first_ms), calendar.local(gap.last_ms)
    return f"{first:%a %H:%M} to {last:%a %H:%M}" if (last - first).days < 7 else ""


def _stretches(weekly: str, alike: list[Gap], calendar: Calendar) -> str:
    spans = [
        f"{calendar.local(gap.first_ms):%a %Y-%m-%d %H:%M} to {calendar.local(gap.last_ms):%a %Y-%m-%d %H:%M}"
        for gap in alike
    ]
    if len(spans) <= SHOWN:
        return "; ".join(spans)
    if weekly:
        first, last = calendar.local(alike[0].first_ms), calendar.local(alike[-1].last_ms)
        return f"{weekly}, {len(spans)} times from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return "; ".join(spans[:SHOWN]) + f"; and {len(spans) - SHOWN} more"
