"""Plans: who is told of which incident, and when. Pure.

A plan is chosen when an incident opens, when it starts again, and when a room joins whose plan is
another. Plans are looked at in the order of the settings: the first whose conditions all hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.contract import IncidentKind, PostureName
from config.door_settings import DoorRule
from hub.incident import Place

GroupBy = Literal["site", "building", "device"]

LAST_REPEAT_S: Final = 60.0
"""Seconds between two repeats of a plan's last step where the settings give none: it never rests."""


class Confirm(Struct, frozen=True):
    """What counts as confirmed: presses of so many devices within so many seconds; or a person's word."""

    devices: int = 2
    within_s: float = 60.0


class Step(Struct, frozen=True):
    """One step of a plan."""

    after_s: float
    """From the plan's start; of a step that waits for it, from the confirmation."""
    notify: tuple[str, ...]
    until: Literal["acknowledged", "resolved"] = "acknowledged"
    repeat_s: float | None = None
    times: int | None = None
    """Repeats at most; None: until somebody answers."""
    position: int = 0
    """Which member of an audience that is asked in order: the first, the second, …"""
    follows: str = ""
    """Of the second and later ones: the label of the step that asks the first."""
    when_confirmed: bool = False
    """Taken only once the incident is confirmed."""
    label: str = ""
    """Such as ``step 2`` or ``step 2, second in order``."""


class Condition(Struct, frozen=True):
    """When a plan is the one. What is empty or None asks for nothing."""

    kinds: tuple[IncidentKind, ...]
    rooms: tuple[str, ...] = ()
    """Device ids."""
    buildings: tuple[str, ...] = ()
    during: tuple[str, ...] = ()
    """Schedules, one of which must be on."""
    drill: bool | None = None
    doors: tuple[DoorRule, ...] = ()
    """Of kind ``door``: what is told, one of which it must be."""


class Plan(Struct, frozen=True):
    """Who is told of an incident of some kinds."""

    name: str
    group_by: GroupBy = "site"
    steps: tuple[Step, ...] = ()
    """By ``after_s``; the last one repeats until somebody answers."""
    condition: Condition = Condition(())
    confirm: Confirm | None = None
    posture: PostureName | None = None
    """What it raises the site's posture to."""
    in_lockdown: bool = False
    """Of kind ``door``: it is told of in a real lockdown, too, where others are lines of the timeline."""


IsOn = Callable[[str], bool]
"""Tells whether a schedule of this name is on at the moment that is asked about."""


def choose(
    plans: Sequence[Plan],
    kind: IncidentKind,
    place: Place,
    is_on: IsOn,
    *,
    drill: bool,
    rule: DoorRule | None = None,
) -> Plan | None:
    """Return the first plan whose conditions hold; None where none does."""
    return next((p for p in plans if why_not(p, kind, place, is_on, drill=drill, rule=rule) is None), None)


def why_not(
    plan: Plan,
    kind: IncidentKind,
    place: Place,
    is_on: IsOn,
    *,
    drill: bool,
    rule: DoorRule | None = None,
) -> str | None:
    """Name the condition by which a plan is not the one; None where it is. ``rule`` is a door's."""
    wanted = plan.condition
    if kind not in wanted.kinds:
        return f"not for {kind}"
    if kind == "door" and wanted.doors and rule not in wanted.doors:
        return f"only for doors: {', '.join(wanted.doors)}"
    if wanted.drill is not None and wanted.drill is not drill:
        return "for drills only" if wanted.drill else "not in a drill"
    if (wanted.rooms or wanted.buildings) and not (
        place.device in wanted.rooms or (place.known and place.building in wanted.buildings)
    ):
        return f"not for {place.room}"
    if wanted.during and not any(is_on(schedule) for schedule in wanted.during):
        return f"not now: only during {', '.join(wanted.during)}"
    return None


def unfolded(
    steps: Sequence[Step], positions: Callable[[str], int], next_after_s: Callable[[str], float]
) -> tuple[Step, ...]:
    """Return steps by time, with each further member of an audience asked in order as a step of its own.

    ``positions`` tells how many members an audience asks one after the other (1: all at once);
    ``next_after_s`` how long after one the next is asked. The last step repeats until somebody answers.
    """
    found: list[Step] = []
    for number, step in enumerate(_never_resting(steps), 1):
        label = step.label or f"step {number}"
        found.append(replace(step, label=label))
        found += [
            replace(
                step,
                after_s=step.after_s + position * next_after_s(audience),
                notify=(audience,),
                position=position,
                follows=label,
                label=f"{label}, {_ordinal(position)} in order",
            )
            for audience in step.notify
            for position in range(1, positions(audience))
        ]
    found.sort(key=lambda step: (step.when_confirmed, step.after_s))
    return tuple(_never_resting(found))


def _never_resting(steps: Sequence[Step]) -> list[Step]:
    """Let the last of the steps that wait for nothing repeat for ever."""
    found = list(steps)
    asking = [i for i, step in enumerate(found) if not step.when_confirmed]
    if asking:
        last = max(asking, key=lambda i: (found[i].after_s, i))
        found[last] = replace(found[last], repeat_s=found[last].repeat_s or LAST_REPEAT_S, times=None)
    return found


def _ordinal(position: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[position] if position < len(words) else f"{position + 1}th"


def audiences_of(plans: Iterable[Plan]) -> Iterator[str]:
    """Name the audiences of plans, each once."""
    yield from dict.fromkeys(name for plan in plans for step in plan.steps for name in step.notify)
