"""A course: how far the plans of one incident have come, and what a word or an attempt makes of it. Pure.

Deadlines are monotonic seconds; the store keeps them as wall time (:mod:`hub.kept_course`) and they are
anchored again at a start or a jump of the wall clock. What is owed when, :mod:`hub.escalation` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from config.contract import IncidentKind
from hub.delivery import Target
from hub.incident import Incident
from hub.notice import NoticeType
from hub.plan import Plan, Step
from hub.reminder import Quiet

UPDATE_EVERY_S: Final = 2.0
"""Seconds between two updates to one target, so that 60 presses are not 60 alerts."""
ALWAYS_TOLD: Final = frozenset({"panic", "duress"})
"""Kinds whose first notice to every audience of the plan is always delivered."""


class Reached(NamedTuple):
    """Whom an audience's name stands for at a moment."""

    targets: tuple[Target, ...]
    """None of them twice."""
    reason: str = ""
    """Who is asked in their turn, who stands in for whom, who is left out and why; empty for all of them."""
    vacant: bool = False
    """Nobody is on duty, or nobody further in the order: ``targets`` are no more than the shared ends."""


class Reach(Protocol):
    """The people of the site, as the settings and the moment have them."""

    def reach(self, audience: str, wall: int, position: int = 0) -> Reached:
        """Return whom an audience stands for; of one asked in order, its member at this position."""
        ...

    def everybody(self, audience: str) -> tuple[Target, ...]:
        """Return all of an audience, on duty or not."""
        ...

    def is_told_once(self, target: Target) -> bool:
        """Tell whether this is no person: it is told of each change once, and never asked again."""
        ...

    def is_rung(self, target: Target) -> bool:
        """Tell whether this is a phone that rings and says nothing: it asks, and tells of no change."""
        ...


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
    by: tuple[tuple[str, int], ...] = ()
    """The plans' steps that told or asked it."""
    failing: bool = False
    """The last attempt at it did not get through."""


class Run(Struct, frozen=True):
    """How far one plan has come."""

    plan: str
    started: float
    due: tuple[float | None, ...]
    """When each step is to be taken next; None where it is done, or waits for a confirmation."""
    taken: tuple[int, ...]
    """How often each step was taken."""
    kind: IncidentKind = "panic"
    """What the incident was when it began."""
    overtaken: bool = False
    """A plan of a higher kind asks now: this one gives its first notices, and asks nobody again."""
    asked: tuple[float | None, ...] = ()
    """When each step was taken last; empty where that isn't known of any."""


class Course(Struct, frozen=True):
    """How far an incident's plans have come."""

    runs: tuple[Run, ...]
    told: tuple[Told, ...] = ()
    confirmed: bool = False
    quiet: Quiet | None = None
    """While somebody has it in hand: since when nothing was heard of it."""


class Owe(Struct, frozen=True):
    """One notice that is owed, and the named reason."""

    target: Target
    type: NoticeType
    nth: int
    reason: str
    first: bool = False
    """It is an alarm receiver's first notice of a room."""


class Skip(Struct, frozen=True):
    """An audience that a step did not ask, or not all of it, and the named reason."""

    step: str
    audience: str
    reason: str
    some_told: bool = False
    """Somebody of it is asked all the same: the reason says who, or who isn't."""


class Advance(Struct, frozen=True):
    """A course after a look at the clock: what is owed, and what was left out and why."""

    course: Course
    owed: tuple[Owe, ...] = ()
    skipped: tuple[Skip, ...] = ()
    ran_out: str | None = None
    """The plan has asked all it has and nobody answers: which, in words."""


Plans = Mapping[str, Plan]
"""By name."""


def run(plan: Plan, mono: float, kind: IncidentKind, *, confirmed: bool = False) -> Run:
    """Begin a plan."""
    due = tuple(mono + s.after_s if confirmed or not s.when_confirmed else None for s in plan.steps)
    return Run(plan.name, mono, due, (0,) * len(plan.steps), kind)


def begin(course: Course | None, plan: Plan, kind: IncidentKind, mono: float, *, restarts: bool) -> Course:
    """Begin a plan in a course (None: a new one), unless it runs already and nothing restarts it.

    Who was told before is not told a first time again. Where it restarts, the other plans end, but
    those of a panic or a duress still give their first notices.
    """
    if course is None:
        return Course((run(plan, mono, kind),))
    if not restarts and any(other.plan == plan.name for other in course.runs):
        return course
    others = tuple(
        replace(other, overtaken=other.overtaken or restarts)
        for other in course.runs
        if other.plan != plan.name and (other.kind in ALWAYS_TOLD or not restarts)
    )
    return replace(course, runs=(*others, run(plan, mono, kind, confirmed=course.confirmed)))


def confirm(course: Course, plans: Plans, mono: float) -> Course:
    """Let the steps that waited for a confirmation count from now."""
    if course.confirmed:
        return course
    runs = []
    for one in course.runs:
        due = list(one.due)
        for i, step in enumerate(steps_of(plans, one)):
            if step.when_confirmed:
                due[i] = mono + step.after_s
        runs.append(replace(one, due=tuple(due)))
    return replace(course, runs=tuple(runs), confirmed=True)


def ask(course: Course, targets: Iterable[Target], incident: Incident, now: Now, reason: str) -> Advance:
    """Ask some targets now, whatever the plans say: one that was never told has its first notice."""
    told = {entry.target: entry for entry in course.told}
    owed = []
    for target in targets:
        entry = told.get(target)
        if entry is None:
            told[target] = Told(target, incident.revision, now.mono)
            owed.append(Owe(target, "incident.opened", 0, reason))
        else:
            nth = entry.nth + 1 if entry.revision == incident.revision else 0
            told[target] = replace(entry, revision=incident.revision, at=now.mono, nth=nth, ask=None)
            owed.append(Owe(target, "incident.updated", nth, reason))
    return Advance(replace(course, told=tuple(told.values())), tuple(owed))


def tell(course: Course, targets: Iterable[Target], incident: Incident, now: Now, reason: str) -> Advance:
    """Give those who have not heard of an incident their first notice, whatever the plans say."""
    told = {entry.target: entry for entry in course.told}
    new = [target for target in dict.fromkeys(targets) if target not in told]
    told |= {target: Told(target, incident.revision, now.mono) for target in new}
    owed = tuple(Owe(target, "incident.opened", 0, reason) for target in new)
    return Advance(replace(course, told=tuple(told.values())), owed)


def attempted(course: Course, target: Target, mono: float, *, delivered: bool) -> Course:
    """Take what came of an attempt: where nothing of a step gets through, the next begins at once."""
    told = {entry.target: entry for entry in course.told}
    entry = told.get(target)
    if entry is None or entry.failing is not delivered:
        return course  # nobody of this course, or nothing new
    told[target] = replace(entry, failing=not delivered)
    course = replace(course, told=tuple(told.values()))
    if delivered:
        return course
    runs = []
    for one in course.runs:
        due = list(one.due)
        for i in range(len(due)):
            asked = [e for e in told.values() if (one.plan, i) in e.by]
            if one.taken[i] and (one.plan, i) in entry.by and all(e.failing for e in asked):
                hasten(due, one.taken, i, mono)
        runs.append(replace(one, due=tuple(due)))
    return replace(course, runs=tuple(runs))


def next_deadline(course: Course, incident: Incident) -> float | None:
    """Return when ``advance`` has something to do next, in monotonic seconds; None when never."""
    deadlines = [
        at
        for one in course.runs
        for at, taken in zip(one.due, one.taken, strict=False)
        if at is not None and not rests(incident, course.told, taken)
    ]
    if incident.state != "resolved":
        deadlines += [
            entry.at + UPDATE_EVERY_S
            for entry in course.told
            if entry.ask is not None or entry.revision < incident.revision
        ]
    return min(deadlines, default=None)


def rests(incident: Incident, told: Iterable[Told], taken: int) -> bool:
    """Tell whether a step waits because its door is closed again, and will be due when it is open.

    Nobody is asked a second time of a door that is closed; and where it stood open and no more than
    that, nobody who was not told yet, once somebody was.
    """
    if incident.closed_at is None:
        return False
    return taken > 0 or (incident.rule == "held-open" and any(not entry.failing for entry in told))


def steps_of(plans: Plans, one: Run) -> tuple[Step, ...]:
    """Return the steps of a run's plan; none where the settings have it no more."""
    plan = plans.get(one.plan)
    return () if plan is None else plan.steps


def fitted(one: Run, plans: Plans, confirmed: bool) -> Run:
    """Return a run that fits its plan: one whose steps are others now is taken from its start.

    One whose plan is gone from the settings is over: its moments would be due for ever.
    """
    plan = plans.get(one.plan)
    if plan is None:
        return replace(one, due=(None,) * len(one.due))
    if len(plan.steps) == len(one.due) == len(one.taken):
        return one
    return replace(run(plan, one.started, one.kind, confirmed=confirmed), overtaken=one.overtaken)


def hasten(due: list[float | None], taken: Sequence[int], i: int, mono: float) -> None:
    """Let the step after ``i`` begin now, unless it has begun; one that waits for a confirmation waits on."""
    for j in range(i + 1, len(due)):
        at = due[j]
        if taken[j]:
            return
        if at is not None:
            due[j] = min(at, mono)
            return
