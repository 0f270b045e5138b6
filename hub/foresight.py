"""What a plan would do: who would be told of a press, when and why; and when nobody would be. Pure.

Nothing is reckoned a second time here: a course is begun and walked by the very functions that decide
(:mod:`hub.escalation`), on a clock of its own, with nobody answering and every delivery arriving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from config.clock import Now
from config.contract import PANIC_KINDS, PanicKind
from hub.course import begin, next_deadline
from hub.delivery import Target
from hub.directory import Directory
from hub.escalation import advance
from hub.incident import Incident, Place, Press
from hub.plan import Plan, audiences_of, why_not
from hub.transitions import opened

LONGEST_S: Final = 3600.0
"""A walk ends here, however late a plan's last step is."""


class Word(NamedTuple):
    """One line of what would happen."""

    at_s: float
    who: str
    why: str
    told: bool
    """Somebody is told; else it says of an audience who of it is asked, or why nobody is."""
    target: Target | None = None


class Foresight(Struct, frozen=True):
    """What would happen after a press."""

    plan: Plan
    others: tuple[tuple[str, str], ...]
    """Plans that were looked at before, each with the condition by which it is not the one."""
    words: tuple[Word, ...]
    ran_out: str | None
    """Set where the plan reaches nobody at all."""


class Gap(NamedTuple):
    """A stretch of time in which not enough people would be told."""

    kind: PanicKind
    rooms: str
    first_ms: int
    last_ms: int
    finding: str


def foresee(directory: Directory, kind: PanicKind, place: Place, wall: int) -> Foresight:
    """Return who would be told of a press here at this moment, until its plan has asked everybody."""
    plan = directory.plan(kind, place, wall, drill=False)
    others = []
    for other in directory.plans.values():
        if other.name == plan.name:
            break
        why = why_not(other, kind, place, lambda name: directory.is_on(name, wall), drill=False)
        others.append((other.name, why or ""))
    names = _Names(directory)
    incident = _pressed(kind, place, wall)
    course = begin(None, plan, kind, 0.0, restarts=False)
    words: list[Word] = []
    ran_out, at = None, 0.0
    while at <= LONGEST_S:
        step = advance(course, directory.plans, incident, directory, Now(at, wall + round(at * 1000)))
        course = step.course
        words += [Word(at, skip.audience, f"{skip.step}: {skip.reason}", told=False) for skip in step.skipped]
        words += [Word(at, names.of(o.target), o.reason, True, o.target) for o in step.owed]
        ran_out = ran_out or (step.ran_out if not course.told else None)
        steps = plan.steps
        if all(taken or step.when_confirmed for taken, step in zip(course.runs[0].taken, steps, strict=True)):
            break
        following = next_deadline(course, incident)
        if following is None:
            break
        at = following
    return Foresight(plan, tuple(others), tuple(words), ran_out)


def gaps(directory: Directory, first_ms: int, last_ms: int, within_s: float) -> Iterator[Gap]:
    """Return every stretch in which nobody on duty would be told within ``within_s``, or one person alone.

    The answer can change only where a schedule, an absence or the calendar does: one look between two
    such moments stands for all the minutes between them.
    """
    edges = sorted({first_ms, last_ms, *directory.edges(first_ms, last_ms)})
    known: dict[object, str | None] = {}
    for kind in PANIC_KINDS:
        for rooms, place in _places(directory, kind):
            open_: Gap | None = None
            for first, last in pairwise(edges):
                facts = (kind, rooms, directory.state(first))
                if facts not in known:
                    known[facts] = _finding(directory, kind, place, first, within_s)
                finding = known[facts]
                if open_ is not None and open_.finding == finding:
                    open_ = open_._replace(last_ms=last)
                    continue
                if open_ is not None:
                    yield open_
                open_ = None if finding is None else Gap(kind, rooms, first, last, finding)
            if open_ is not None:
                yield open_


def _finding(directory: Directory, kind: PanicKind, place: Place, wall: int, within_s: float) -> str | None:
    seen = foresee(directory, kind, place, wall)
    in_time = [word for word in seen.words if word.told and word.at_s <= within_s]
    if seen.ran_out is not None or not any(word.told for word in seen.words):
        return f"plan {seen.plan.name} reaches nobody"
    if not in_time:
        return f"nobody is told within {within_s:g} s (plan {seen.plan.name})"
    if all("nobody of the plan is on duty" in word.why for word in in_time):
        return f"nobody is on duty: everybody of plan {seen.plan.name} would be told all the same"
    names = _Names(directory)
    people = {names.person(word.target) for word in seen.words if word.target is not None}
    if len(people) == 1:
        return f"one alone is told, whatever step comes: {people.pop()} (plan {seen.plan.name})"
    return None


def _pressed(kind: PanicKind, place: Place, wall: int) -> Incident:
    press = Press("foreseen", None, place, "", None, kind, "alarm", wall, wall)
    return opened("", "", 0, press).incident


def _places(directory: Directory, kind: PanicKind) -> Iterable[tuple[str, Place]]:
    """Return one place for all the rooms that have the same plans, with what they are called together."""
    found: dict[tuple[str, ...], list[str]] = {}
    for device in directory.rooms:
        place = directory.place(device)
        plans = tuple(
            plan.name
            for plan in directory.plans.values()
            if why_not(plan, kind, place, lambda _: True, drill=False) is None
        )
        found.setdefault(plans, []).append(device)
    if not found:
        return [("any room", Place("any-room", "any room"))]
    if len(found) == 1:
        return [("every room", directory.place(devices[0])) for devices in found.values()]
    return [(_called(directory, devices), directory.place(devices[0])) for devices in found.values()]


def _called(directory: Directory, devices: list[str]) -> str:
    names = [directory.place(device).room for device in devices]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


class _Names:
    """Whose an end is: a person's name, or the audience's for one that all of it share."""

    def __init__(self, directory: Directory) -> None:
        self._names: dict[Target, str] = {}
        for audience in audiences_of(directory.plans.values()):
            for person in (*directory.roster.everybody(audience), *directory.roster.people.values()):
                for target in directory.ends_of(person, audience):
                    self._names.setdefault(target, person.name)

    def of(self, target: Target) -> str:
        """Return the name, and by which end."""
        end = target.channel if target.name == "-" else f"{target.channel}/{target.name}"
        return f"{self._names.get(target) or target.audience} ({end})"

    def person(self, target: Target) -> str:
        """Return whose it is, whichever end of theirs."""
        return self._names.get(target) or f"{target.audience} ({target.channel})"
