"""Escalation: who is told of an incident, when, and until when. Pure.

A :class:`Course` is how far the plans of one incident have come. ``advance`` says what is owed now;
``next_deadline`` says when to ask again. Deadlines are monotonic seconds; the store keeps them as
wall time (:mod:`hub.kept_course`) and they are anchored again at a start or a jump of the wall clock.

An acknowledgement stops the asking (later steps, repeats), never the telling: of a panic or duress
every audience of the plan gets its first notice, however soon somebody answered. Where a step finds
nobody to tell, or nothing of it can be delivered, the next begins at once. A drill is over by itself:
it asks nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        for i, step in enumerate(_steps(plans, one)):
            if step.when_confirmed:
                due[i] = mono + step.after_s
        runs.append(replace(one, due=tuple(due)))
    return replace(course, runs=tuple(runs), confirmed=True)


def advance(
    course: Course, plans: Plans, incident: Incident, reach: Reach, now: Now, change: NoticeType | None = None
) -> Advance:
    """Say what is owed now: by steps that are due, and by what changed.

    ``change`` is given right after a transition; an acknowledgement or a resolution is told to all
    who were told before, at once.
    """
    walk = _Walk(course, plans, incident, reach, now)
    if incident.state == "resolved":
        walk.end()
    else:
        walk.take_steps()
    if change in ("incident.acknowledged", "incident.resolved"):
        walk.tell_all(change)
    elif incident.state != "resolved":
        walk.update()
    runs = tuple(walk.runs)
    return Advance(
        replace(course, runs=runs, told=tuple(walk.told.values())),
        tuple(walk.owed),
        tuple(walk.skipped),
        walk.ran_out,
    )


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
        if at is not None and not _rests(incident, course.told, taken)
    ]
    if incident.state != "resolved":
        deadlines += [
            entry.at + UPDATE_EVERY_S
            for entry in course.told
            if entry.ask is not None or entry.revision < incident.revision
        ]
    return min(deadlines, default=None)


class _Walk:
    """One look at a course."""

    def __init__(self, course: Course, plans: Plans, incident: Incident, reach: Reach, now: Now) -> None:
        self.plans, self.incident, self.reach, self.now = plans, incident, reach, now
        self.told = {entry.target: entry for entry in course.told}
        self.runs = [_fitted(one, plans, course.confirmed) for one in course.runs]
        self.owed: list[Owe] = []
        self.skipped: list[Skip] = []
        self.ran_out: str | None = None

    def take_steps(self) -> None:
        """Take every step that is due, and those that begin at once because nobody was found."""
        for number, one in enumerate(self.runs):
            due, taken = list(one.due), list(one.taken)
            for i, step in enumerate(_steps(self.plans, one)):
                at = due[i]
                if at is None or at > self.now.mono:
                    continue
                if _rests(self.incident, self.told.values(), taken[i]):
                    continue
                stopped = self._stopped(step, one)
                asked = [e for e in self.told.values() if (one.plan, i) in e.by]
                in_vain = bool(asked) and all(e.failing for e in asked)
                found = self._ask(one, i, step, stopped, repeated=taken[i] > 0)
                taken[i] += 1
                again = step.repeat_s is not None and stopped is None and not self.incident.drill
                again = again and (step.times is None or taken[i] <= step.times)
                due[i] = _next(at, step, self.now) if again else None
                if stopped is not None:
                    continue
                if not found:
                    hasten(due, taken, i, self.now.mono)
                if self._is_last(one, i) and not self.incident.drill:
                    self._last_resort(one, i, step, repeated=taken[i] > 1, in_vain=in_vain or not found)
            self.runs[number] = replace(one, due=tuple(due), taken=tuple(taken))

    def end(self) -> None:
        """Owe what a resolution leaves owed, name what it leaves untold, and end every plan."""
        resolution = self.incident.resolved
        assert resolution is not None  # noqa: S101 - its state says so
        owes = self.incident.kind in ALWAYS_TOLD and resolution.disposition == "real"
        for number, one in enumerate(self.runs):
            for i, step in enumerate(_steps(self.plans, one)):
                waits = step.when_confirmed and one.taken[i] == 0
                if one.due[i] is None and not waits:
                    continue
                for audience in step.notify:
                    targets = self.reach.reach(audience, self.now.wall, step.position).targets
                    new = [target for target in targets if target not in self.told]
                    if owes:
                        reason = f"resolved before {step.label}, but a first notice is always delivered"
                        for target in new:
                            self._first(target, reason, one, i)
                    elif len(new) == len(targets) and targets:
                        why = f"resolved as {resolution.disposition} before its time"
                        self.skipped.append(Skip(step.label, audience, why))
            self.runs[number] = replace(one, due=(None,) * len(one.due))

    def tell_all(self, change: NoticeType) -> None:
        """Tell everybody who was told; a first notice of this very moment shows the state already."""
        first = {owe.target for owe in self.owed}
        for target, entry in self.told.items():
            if target not in first:
                self._again(entry, change, 0, f"{self.incident.state} at revision {self.incident.revision}")

    def update(self) -> None:
        """Tell what changed, or ask again, no more than once in :data:`UPDATE_EVERY_S` a target.

        To an alarm receiver each room's alarm is a first notice: it waits for nothing. Nor does a press
        that was not expected in its drill.
        """
        for entry in list(self.told.values()):
            newer = entry.revision < self.incident.revision
            calls = self._called_since(entry.revision) if self._is_at_once(entry) else ""
            too_soon = entry.at + UPDATE_EVERY_S > self.now.mono and not calls
            if not (newer or entry.ask) or too_soon:
                continue
            reason = f"revision {self.incident.revision}" if newer else ""
            reason = "; ".join(filter(None, (reason, calls, entry.ask)))
            nth = 0 if newer else entry.nth + 1
            self._again(entry, "incident.updated", nth, reason, first=bool(calls))

    def _is_at_once(self, entry: Told) -> bool:
        return self.reach.is_told_once(entry.target) or bool(self.incident.waiting)

    def _called_since(self, revision: int) -> str:
        """Name the rooms that called, or called anew, after a revision; empty where none did."""
        return ", ".join(room.place.room for room in self.incident.rooms if room.asks_since > revision)

    def _ask(self, one: Run, i: int, step: Step, stopped: str | None, *, repeated: bool) -> bool:
        """Tell or ask a step's audiences; returns whether there is anybody."""
        if stopped is not None and self.incident.kind not in ALWAYS_TOLD:
            self.skipped += [Skip(step.label, audience, stopped) for audience in step.notify]
            return True
        reached = {
            audience: self.reach.reach(audience, self.now.wall, step.position) for audience in step.notify
        }
        found = any(targets and not vacant for targets, _, vacant in reached.values())
        for audience, (targets, why, _) in reached.items():
            if (why or not targets) and not repeated:
                words = [why or "nobody to tell"] + ([] if found else ["the next step begins at once"])
                self.skipped.append(Skip(step.label, audience, "; ".join(words), bool(targets)))
            for target in targets:
                self._tell(target, one, i, step, stopped, repeated=repeated)
        return found

    def _tell(
        self, target: Target, one: Run, i: int, step: Step, stopped: str | None, *, repeated: bool
    ) -> None:
        entry = self.told.get(target)
        if entry is None:
            reason = f"{step.label} at {step.after_s:g} s"
            if stopped is not None:
                reason += f"; {stopped}, but a first notice is always delivered"
            self._first(target, reason, one, i)
        elif stopped is None:
            by = entry.by if (one.plan, i) in entry.by else (*entry.by, (one.plan, i))
            once = self.reach.is_told_once(target) or self.incident.drill
            ask = None if once else _words(step, repeated=repeated)
            self.told[target] = replace(entry, ask=ask or entry.ask, by=by, failing=False)

    def _last_resort(self, one: Run, i: int, step: Step, *, repeated: bool, in_vain: bool) -> None:
        """All of a plan has been asked: where its last step reaches nobody, ask whomever there is.

        First those who are off duty, if nobody was told at all; then all who were told, again.
        """
        plan = self.plans[one.plan]
        if not self.told:
            for audience in everybody((plan,)):
                for target in self.reach.everybody(audience):
                    if target not in self.told:
                        self._first(target, "nobody of the plan is on duty: told all the same", one, i)
        elif in_vain:
            for target in list(self.told):
                self._tell(target, one, i, step, None, repeated=repeated)
        if not self.told:
            self.ran_out = f"plan {plan.name} reaches nobody"
        elif repeated:
            self.ran_out = f"plan {plan.name} has asked everybody and nobody answers"

    def _is_last(self, one: Run, i: int) -> bool:
        steps = _steps(self.plans, one)
        return i == max((n for n, step in enumerate(steps) if not step.when_confirmed), default=-1)

    def _stopped(self, step: Step, one: Run) -> str | None:
        """Name the reason for which a step asks no more; None while it asks."""
        if self.incident.state == "acknowledged" and step.until == "acknowledged":
            return (
                f"acknowledged by {self.incident.acknowledged.by}"
                if self.incident.acknowledged
                else "answered"
            )
        return "overtaken by a plan that started since" if one.overtaken else None

    def _first(self, target: Target, reason: str, one: Run, i: int) -> None:
        self.told[target] = Told(target, self.incident.revision, self.now.mono, by=((one.plan, i),))
        self.owed.append(Owe(target, "incident.opened", 0, reason))

    def _again(self, entry: Told, change: NoticeType, nth: int, reason: str, *, first: bool = False) -> None:
        revision = self.incident.revision
        self.told[entry.target] = replace(entry, revision=revision, at=self.now.mono, nth=nth, ask=None)
        self.owed.append(Owe(entry.target, change, nth, reason, first))


def _rests(incident: Incident, told: Iterable[Told], taken: int) -> bool:
    """Tell whether a step waits because its door is closed again, and will be due when it is open.

    Nobody is asked a second time of a door that is closed; and where it stood open and no more than
    that, nobody who was not told yet, once somebody was.
    """
    if incident.closed_at is None:
        return False
    return taken > 0 or (incident.rule == "held-open" and any(not entry.failing for entry in told))


def _steps(plans: Plans, one: Run) -> tuple[Step, ...]:
    plan = plans.get(one.plan)
    return () if plan is None else plan.steps


def _fitted(one: Run, plans: Plans, confirmed: bool) -> Run:
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


def _words(step: Step, *, repeated: bool) -> str:
    return f"{step.label} {'repeated' if repeated else 'asks again'}"


def _next(at: float, step: Step, now: Now) -> float:
    """Return a step's next repeat; what passed while nobody could ask is not made up for."""
    every = step.repeat_s or 0.0
    return max(at + every, now.mono + every / 2)


def everybody(plans: Iterable[Plan]) -> Iterator[str]:
    """Name the audiences of plans, each once."""
    yield from dict.fromkeys(name for plan in plans for step in plan.steps for name in step.notify)
