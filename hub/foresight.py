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
from config.contract import PANIC_KINDS, IncidentKind, PanicKind
from config.door_settings import DoorRule
from hub.course import Owe, begin, next_deadline, tell
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


class InDrill(NamedTuple):
    """The drill in which a press is foreseen."""

    asked: tuple[Target, ...]
    """Who is told of every press of it: the officer, and its leader."""
    dispatch_as_test: bool = False
    """Dispatch is told as of a test; else it is not told."""


class Foresight(Struct, frozen=True):
    """What would happen after a press, or after what is told of a door."""

    plan: Plan
    others: tuple[tuple[str, str], ...]
    """Plans that were looked at before, each with the condition by which it is not the one."""
    words: tuple[Word, ...]
    ran_out: str | None
    """Set where the plan reaches nobody at all."""
    in_drill: bool = False
    rule: DoorRule | None = None
    """Of a door: what is told of it."""


class Gap(NamedTuple):
    """A stretch of time in which not enough people would be told."""

    kind: PanicKind
    rooms: str
    first_ms: int
    last_ms: int
    finding: str


def foresee(
    directory: Directory,
    kind: IncidentKind,
    place: Place,
    wall: int,
    *,
    rule: DoorRule | None = None,
    drill: InDrill | None = None,
) -> Foresight:
    """Return who would be told of a press here at this moment, until its plan has asked everybody.

    ``rule`` is what is told of a door, ``drill`` the one that covers the press.
    """
    in_drill = drill is not None
    plan = directory.plan(kind, place, wall, drill=in_drill, rule=rule)
    others = []
    for other in directory.plans.values():
        if other.name == plan.name:
            break
        why = why_not(other, kind, place, lambda name: directory.is_on(name, wall), drill=in_drill, rule=rule)
        others.append((other.name, why or ""))
    names = _Names(directory)
    incident = _pressed(kind, place, wall, rule, in_drill=in_drill)
    course = begin(None, plan, kind, 0.0, restarts=False)
    words: list[Word] = []
    ran_out, at = None, 0.0
    while at <= LONGEST_S:
        now = Now(at, wall + round(at * 1000))
        step = advance(course, directory.plans, incident, directory, now)
        words += [Word(at, skip.audience, f"{skip.step}: {skip.reason}", told=False) for skip in step.skipped]
        words += [_word(at, one, names, directory, kind, drill) for one in step.owed]
        if drill is not None and at == 0:
            step = tell(step.course, drill.asked, incident, now, "EXPECTED: told of every press of a drill")
            words += [_word(at, one, names, directory, kind, drill) for one in step.owed]
        course = step.course
        ran_out = ran_out or (step.ran_out if not course.told else None)
        steps = plan.steps
        if all(taken or step.when_confirmed for taken, step in zip(course.runs[0].taken, steps, strict=True)):
            break
        following = next_deadline(course, incident)
        if following is None:
            break
        at = following
    return Foresight(plan, tuple(others), tuple(words), ran_out, in_drill, rule)


def _word(at: float, owe: Owe, names: _Names, directory: Directory, kind: str, drill: InDrill | None) -> Word:
    who, why = names.of(owe.target), owe.reason
    if not_told := directory.why_not_told(owe.target, None if kind == "door" else kind):
        return Word(at, who, f"{why}: not sent: {not_told}", told=False)
    if drill is not None and directory.is_dispatch(owe.target):
        if not drill.dispatch_as_test or directory.hears_no_tests(owe.target):
            return Word(at, who, f"{why}: not sent because of the drill", told=False)
        why += ", as a test"
    return Word(at, who, why, True, owe.target)


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


def _pressed(
    kind: IncidentKind, place: Place, wall: int, rule: DoorRule | None, *, in_drill: bool
) -> Incident:
    press = Press("foreseen", None, place, "", None, kind, "alarm", wall, wall, rule=rule)
    return opened("", "", 0, press, drill="0" if in_drill else None).incident


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
