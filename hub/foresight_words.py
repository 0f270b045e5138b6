"""What would happen, and when it would not do, in words for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from config.contract import IncidentKind, PanicKind
from hub.door_rules import Door
from hub.drill import NEVER, SAME_PRESS_MS
from hub.foresight import Foresight, Gap
from hub.incident import Place
from hub.schedule import Calendar

SHOWN: Final = 3
"""Stretches of time of one kind that are named; of more it is said how many they are."""
MOST: Final = 9
"""Weekly stretches of one finding that are listed."""


def explained(seen: Foresight, kind: IncidentKind, place: Place, at: datetime) -> Iterator[str]:
    """Return the lines of ``tocsin-hub explain``."""
    what = kind if seen.rule is None else f"{kind} ({seen.rule.replace('-', ' ')})"
    where = f"{place.room}, in a drill" if seen.in_drill else place.room
    yield f"{what} in {where}, {at:%A %d %B %Y, %H:%M} ({at:%Z}): plan {seen.plan.name}"
    for name, why in seen.others:
        yield f"  not plan {name}: {why}"
    if seen.plan.posture is not None and kind != "duress" and not seen.in_drill:
        yield f"      0 s  the posture is raised to {seen.plan.posture}, unless a person has set one"
    for word in seen.words:
        yield f"  {word.at_s:>5g} s  {'' if word.told else '  of '}{word.who}: {word.why}"
    if seen.ran_out is not None:
        yield f"  {seen.ran_out}"
        return
    for step in seen.plan.steps:
        if step.repeat_s is not None and step.times is None and not step.when_confirmed and not seen.in_drill:
            every = f"again every {step.repeat_s:g} s until somebody answers"
            yield f"  {step.label}, {', '.join(step.notify)}: {every}"
    for step in seen.plan.steps:
        if step.when_confirmed:
            yield f"  once it is confirmed, {step.after_s:g} s later: {', '.join(step.notify)}"
    if seen.rule is not None and not seen.plan.in_lockdown:
        yield "  in a real lockdown with a call: a line of that call's timeline, and no notice"


def of_drills(kind: PanicKind, leader: str | None, real_after_s: float) -> Iterator[str]:
    """Return what a drill makes of other presses; ``leader`` is None where none is named."""
    if leader is None:
        yield "  told at once, too: whoever leads it (--leader NAME says by which ends)"
    yield "  a drill asks nobody twice"
    within = f"real if nobody answers in {real_after_s:g} s" if real_after_s else "real at once"
    yield (
        f"  another press of the room, more than {SAME_PRESS_MS // 1000} s after its first: NOT EXPECTED,"
        f" to officer and leader at once; {within}"
    )
    never = " and ".join(sorted(NEVER))
    yield f"  a held press, {never}, and a press of a room that is not in it: real at once"
    if kind != "panic":
        yield f"  {kind} is real, too, unless the drill has it among its kinds"


def of_doors(doors: Iterable[Door], after_hours: Callable[[Door], bool]) -> Iterator[str]:
    """Return what each door goes by; ``after_hours`` tells whether it is to be closed at the moment."""
    for door in doors:
        held = f"held open after {door.open_max_ms / 1000:g} s" if door.open_max_ms else "may stand open"
        words = [held]
        if door.closed_during:
            now = "" if after_hours(door) else " (not now)"
            words.append(f"after hours during {', '.join(door.closed_during)}{now}")
        if door.in_secure:
            words.append("told of while the school is secure")
        yield f"{door.name} ({door.place.device} {door.zone}): {'; '.join(words)}"


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
