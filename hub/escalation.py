"""Escalation: who is told of an incident, when, and until when. Pure.

A :class:`Course` is how far the plan of one incident has come. ``advance`` says what is owed now;
``next_deadline`` says when to ask again. Deadlines are monotonic seconds; the store keeps them as
wall time and they are anchored again at a start or a jump of the wall clock.

An acknowledgement stops the asking (later steps, repeats), never the telling: of a panic or duress
every audience of the plan gets its first notice, however soon somebody answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from hub.delivery import Target
from hub.incident import Incident
from hub.notice import NoticeType

UPDATE_EVERY_S: Final = 2.0
"""Seconds between two updates to one target, so that 60 presses are not 60 alerts."""
ALWAYS_TOLD: Final = frozenset({"panic", "duress"})
"""Kinds whose first notice to every audience of the plan is always delivered."""


class Step(Struct, frozen=True):
    """One step of a plan."""

    after_s: float
    notify: tuple[str, ...]
    until: Literal["acknowledged", "resolved"] = "acknowledged"
    repeat_s: float | None = None


class Plan(Struct, frozen=True):
    """Who is told of an incident of some kinds."""

    name: str
    group_by: Literal["site", "building", "device"] = "site"
    steps: tuple[Step, ...] = ()


class Told(Struct, frozen=True):
    """One target that has had its first notice, and what it was told last."""

    target: Target
    revision: int
    at: float
    """Monotonic seconds of the last notice to it."""
    nth: int = 0
    """Notices to it at this revision so far."""
    ask: str | None = None
    """Why it is to be told again although nothing changed: a later step, or a repeat."""


class Course(Struct, frozen=True):
    """How far an incident's plan has come."""

    plan: str
    started: float
    due: tuple[float | None, ...]
    """When each step is to be taken next; None where it is done."""
    told: tuple[Told, ...] = ()


class Owe(Struct, frozen=True):
    """One notice that is owed, and the named reason."""

    target: Target
    type: NoticeType
    nth: int
    reason: str


class Skip(Struct, frozen=True):
    """An audience that a step did not ask, and the named reason."""

    step: int
    audience: str
    reason: str


class Advance(Struct, frozen=True):
    """A course after a look at the clock: what is owed, and what was left out and why."""

    course: Course
    owed: tuple[Owe, ...] = ()
    skipped: tuple[Skip, ...] = ()


Directory = Mapping[str, tuple[Target, ...]]
"""The targets of each audience."""


def start(plan: Plan, mono: float, told: tuple[Told, ...] = ()) -> Course:
    """Begin a plan; ``told`` carries over who was told before, when an incident opens again."""
    due = tuple(mono + step.after_s for step in plan.steps)
    return Course(plan.name, mono, due, told)


def advance(
    course: Course,
    plan: Plan,
    incident: Incident,
    directory: Directory,
    now: Now,
    change: NoticeType | None = None,
) -> Advance:
    """Say what is owed now: by steps that are due, and by what changed.

    ``change`` is given right after a transition; an acknowledgement or a resolution is told to all
    who were told before, at once.
    """
    told = {entry.target: entry for entry in course.told}
    owed: list[Owe] = []
    skipped: list[Skip] = []
    due = list(course.due) if len(course.due) == len(plan.steps) else list(start(plan, course.started).due)
    if incident.state == "resolved":
        owed += _first_notices_still_owed(plan, due, told, incident, directory, now)
        skipped += _withheld(plan, due, told, incident, directory)
        due = [None] * len(due)
    for i, step in enumerate(plan.steps):
        at = due[i]
        if at is None or at > now.mono:
            continue
        repeated = at > course.started + step.after_s + 1.0  # kept in whole ms
        stopped = _stopped(step, incident)
        for audience in step.notify:
            if stopped is not None and incident.kind not in ALWAYS_TOLD:
                skipped.append(Skip(i, audience, stopped))
                continue
            for target in directory.get(audience, ()):
                entry = told.get(target)
                if entry is None:
                    told[target] = Told(target, incident.revision, now.mono)
                    reason = f"step {i + 1} at {step.after_s:g} s"
                    reason += (
                        "" if stopped is None else f"; {stopped}, but a first notice is always delivered"
                    )
                    owed.append(Owe(target, "incident.opened", 0, reason))
                elif stopped is None:
                    word = "repeated" if repeated else "asks again"
                    told[target] = replace(entry, ask=f"step {i + 1} {word}")
        due[i] = _next(at, step, now) if step.repeat_s and stopped is None else None
    if change in ("incident.acknowledged", "incident.resolved"):
        owed += _tell_all(told, change, incident, now, set(owed))
    elif incident.state != "resolved":
        owed += _updates(told, incident, now)
    return Advance(
        Course(plan.name, course.started, tuple(due), tuple(told.values())), tuple(owed), tuple(skipped)
    )


def next_deadline(course: Course, incident: Incident) -> float | None:
    """Return when ``advance`` has something to do next, in monotonic seconds; None when never."""
    deadlines = [at for at in course.due if at is not None]
    if incident.state != "resolved":
        deadlines += [
            entry.at + UPDATE_EVERY_S
            for entry in course.told
            if entry.ask is not None or entry.revision < incident.revision
        ]
    return min(deadlines, default=None)


def _stopped(step: Step, incident: Incident) -> str | None:
    """Name the reason for which a step asks no more; None while it asks."""
    if incident.state == "acknowledged" and step.until == "acknowledged":
        by = incident.acknowledged.by if incident.acknowledged else "somebody"
        return f"acknowledged by {by}"
    return None


def _next(at: float, step: Step, now: Now) -> float:
    """Return a step's next repeat; what passed while nobody could ask is not made up for."""
    every = step.repeat_s or 0.0
    return max(at + every, now.mono + every / 2)


def _first_notices_still_owed(
    plan: Plan,
    due: list[float | None],
    told: dict[Target, Told],
    incident: Incident,
    directory: Directory,
    now: Now,
) -> Iterator[Owe]:
    """Tell those whose step had not come yet, unless a person said it was no real alarm."""
    real = incident.resolved is not None and incident.resolved.disposition == "real"
    if incident.kind not in ALWAYS_TOLD or not real:
        return
    for i, step in enumerate(plan.steps):
        for target in (t for audience in step.notify for t in directory.get(audience, ())):
            if due[i] is not None and target not in told:
                told[target] = Told(target, incident.revision, now.mono)
                reason = f"resolved before step {i + 1}, but a first notice is always delivered"
                yield Owe(target, "incident.opened", 0, reason)


def _withheld(
    plan: Plan, due: list[float | None], told: dict[Target, Told], incident: Incident, directory: Directory
) -> Iterator[Skip]:
    """Name the audiences that a resolution leaves untold, and why."""
    assert incident.resolved is not None  # noqa: S101 - its state says so
    why = f"resolved as {incident.resolved.disposition} before its time"
    for i, step in enumerate(plan.steps):
        for audience in step.notify:
            targets = directory.get(audience, ())
            if due[i] is not None and targets and not any(target in told for target in targets):
                yield Skip(i, audience, why)


def _tell_all(
    told: dict[Target, Told], change: NoticeType, incident: Incident, now: Now, new: set[Owe]
) -> Iterator[Owe]:
    first = {owe.target for owe in new}
    for target in tuple(told):
        if target in first:
            continue  # its first notice already shows this state
        told[target] = Told(target, incident.revision, now.mono)
        yield Owe(target, change, 0, f"{incident.state} at revision {incident.revision}")


def _updates(told: dict[Target, Told], incident: Incident, now: Now) -> Iterator[Owe]:
    for target, entry in told.items():
        newer = entry.revision < incident.revision
        if not (newer or entry.ask) or entry.at + UPDATE_EVERY_S > now.mono:
            continue
        nth = 0 if newer else entry.nth + 1
        told[target] = Told(target, incident.revision, now.mono, nth)
        reason = f"revision {incident.revision}" if newer else ""
        yield Owe(target, "incident.updated", nth, "; ".join(filter(None, (reason, entry.ask))))


class KeptCourse(Struct, frozen=True):
    """A course as the store keeps it: deadlines in wall-clock ms, who was told by ``told``."""

    plan: str
    started: int
    due: tuple[int | None, ...]
    told: tuple[Told, ...]
    kept_at: int | None = None
    """When this was written: what remained then is the most that can remain."""


def keep(course: Course, now: Now) -> KeptCourse:
    """Turn a course into what is stored."""
    due = tuple(None if at is None else to_wall(at, now) for at in course.due)
    return KeptCourse(course.plan, to_wall(course.started, now), due, course.told, now.wall)


def recall(kept: KeptCourse, now: Now) -> Course:
    """Turn what was stored into a course by this process's clock; what passed meanwhile is due now.

    A wall clock that went back meanwhile delays nothing: no time at all is the least that can have passed.
    """
    now = now if kept.kept_at is None else Now(now.mono, max(now.wall, kept.kept_at))
    due = tuple(None if at is None else to_mono(at, now) for at in kept.due)
    told = tuple(replace(entry, at=now.mono - UPDATE_EVERY_S) for entry in kept.told)
    return Course(kept.plan, to_mono(kept.started, now), due, told)


def to_wall(mono: float, now: Now) -> int:
    """Return a monotonic moment as wall ms, by both clocks of this moment."""
    return now.wall + round((mono - now.mono) * 1000)


def to_mono(wall: int, now: Now) -> float:
    """Return a wall moment in ms as monotonic seconds, by both clocks of this moment."""
    return now.mono + (wall - now.wall) / 1000
