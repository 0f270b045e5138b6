"""A course after its settings changed: its plans' steps as they are now, nothing lost or repeated. Pure.

A step that stands in the plan as before, wherever and whenever, is as far as it had come. One that is
new, and whose time has passed, tells those who were not told; who was told already isn't asked again
for it. Who was told at an end that is gone has it told to whomever their audience reaches now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from config.clock import Now
from hub.course import ALWAYS_TOLD, Advance, Course, Owe, Plans, Reach, Run, Told, hasten, rests
from hub.delivery import Target
from hub.incident import Incident
from hub.plan import Step

GONE = "in the place of an end that the settings have no more"


class Ends(Reach, Protocol):
    """The people of the site, and which ends they still have."""

    def has(self, target: Target) -> bool:
        """Tell whether a target is still one."""
        ...

    def renamed(self, target: Target) -> Target:
        """Return a target under the name of an audience that has its end now, where its own is gone."""
        ...


def refitted(
    course: Course,
    was: Plans,
    plans: Plans,
    incident: Incident,
    ends: Ends,
    now: Now,
    *,
    waits: bool = False,
) -> Advance:
    """Return an unresolved incident's course by the plans as they are now, and what is owed at once.

    ``was`` are the plans by which it went until now. A run whose plan is gone is left as it is. ``waits``:
    no step is taken now; one that is new stays due.
    """
    fit = _Fit(course, incident, ends, now, waits=waits)
    for number, one in enumerate(course.runs):
        plan, before = plans.get(one.plan), was.get(one.plan)
        if plan is not None and before is not None and len(one.due) == len(before.steps):
            if plan.steps != before.steps:
                fit.steps(number, before.steps, plan.steps)
            fit.gone(number, plan.steps)
    fit.left()
    return Advance(
        replace(course, runs=tuple(fit.runs), told=tuple(fit.told.values())), tuple(fit.owed.values())
    )


class _Fit:
    """One fitting of a course."""

    def __init__(self, course: Course, incident: Incident, ends: Ends, now: Now, *, waits: bool) -> None:
        self.runs = list(course.runs)
        self.told: dict[Target, Told] = {}
        for entry in course.told:
            target = ends.renamed(entry.target)
            self.told.setdefault(target, replace(entry, target=target))
        self.owed: dict[Target, Owe] = {}
        self._confirmed = course.confirmed
        self._waits = waits or rests(incident, course.told, 0)
        self._incident, self._ends, self._now = incident, ends, now

    def steps(self, number: int, before: Sequence[Step], after: Sequence[Step]) -> None:
        """Carry a run over to its plan's new steps."""
        one, now = self.runs[number], self._now
        became: dict[int, int] = {}
        due: list[float | None] = []
        taken: list[int] = []
        asked: list[float | None] = []
        passed: list[int] = []
        for j, step in enumerate(after):
            i = next((i for i, old in enumerate(before) if i not in became and _same(old, step)), None)
            if i is not None:
                became[i] = j
            asked.append(one.asked[i] if i is not None and one.asked else None)
            if i is not None and one.taken[i]:
                taken.append(one.taken[i])
                due.append(self._repeat(step, one.taken[i], one.due[i]))
                continue
            at = self._first_due(step, one) if i is None else _moved(one.due[i], before[i], step)
            if i is None and at is not None and at <= now.mono and not self._waits:
                passed.append(j)
                asked[j] = now.mono
                taken.append(1)
                due.append(self._repeat(step, 1, None))
            else:
                taken.append(0)
                due.append(at)
        for target, entry in self.told.items():
            by = [(p, became.get(i)) if p == one.plan else (p, i) for p, i in entry.by]
            self.told[target] = replace(entry, by=tuple((p, i) for p, i in by if i is not None))
        self.runs[number] = replace(one, due=tuple(due), taken=tuple(taken), asked=tuple(asked))
        for j in passed:
            self._tell_the_rest(self.runs[number], j, after[j])

    def gone(self, number: int, steps: Sequence[Step]) -> None:
        """Tell, for each step that told an end that is gone, whomever its audience reaches now."""
        one = self.runs[number]
        due = list(one.due)
        for i, step in enumerate(steps):
            asked = [entry for entry in self.told.values() if (one.plan, i) in entry.by]
            lost = [entry for entry in asked if not self._ends.has(entry.target)]
            for audience in dict.fromkeys(entry.target.audience for entry in lost):
                self._instead(audience, step.position, ((one.plan, i),))
            reached = [entry for entry in self.told.values() if (one.plan, i) in entry.by]
            if lost and all(not self._ends.has(entry.target) for entry in reached):
                hasten(due, one.taken, i, self._now.mono)
        self.runs[number] = replace(one, due=tuple(due))

    def left(self) -> None:
        """Let go of the ends that are gone; what no step of a plan told there is told instead, too."""
        for target, entry in list(self.told.items()):
            if not self._ends.has(target):
                if not entry.by:
                    self._instead(target.audience, 0, ())
                del self.told[target]

    def _instead(self, audience: str, position: int, by: tuple[tuple[str, int], ...]) -> None:
        reached = self._ends.reach(audience, self._now.wall, position).targets
        if not reached and not self._incident.drill:
            reached = self._ends.everybody(audience)
        for target in reached:
            if target not in self.told:
                self._first(target, GONE, by)

    def _tell_the_rest(self, one: Run, i: int, step: Step) -> None:
        if self._incident.kind not in ALWAYS_TOLD and self._is_stopped(one, step):
            return
        by = (one.plan, i)
        for audience in step.notify:
            for target in self._ends.reach(audience, self._now.wall, step.position).targets:
                entry = self.told.get(target)
                if entry is None:
                    self._first(target, f"{step.label}, which the settings have now", (by,))
                else:
                    self.told[target] = replace(entry, by=(*entry.by, by))

    def _first(self, target: Target, reason: str, by: tuple[tuple[str, int], ...]) -> None:
        self.told[target] = Told(target, self._incident.revision, self._now.mono, by=by)
        self.owed[target] = Owe(target, "incident.opened", 0, reason)

    def _is_stopped(self, one: Run, step: Step) -> bool:
        return one.overtaken or (self._incident.state == "acknowledged" and step.until == "acknowledged")

    def _first_due(self, step: Step, one: Run) -> float | None:
        """Return when a step that is new is to be taken; what waits for a confirmation counts from now."""
        if not step.when_confirmed:
            return one.started + step.after_s
        return self._now.mono + step.after_s if self._confirmed else None

    def _repeat(self, step: Step, taken: int, due: float | None) -> float | None:
        if self._incident.drill or step.repeat_s is None or (step.times is not None and taken > step.times):
            return None
        return self._now.mono + step.repeat_s if due is None else min(due, self._now.mono + step.repeat_s)


def _same(old: Step, new: Step) -> bool:
    return (old.notify, old.position, old.when_confirmed) == (new.notify, new.position, new.when_confirmed)


def _moved(due: float | None, old: Step, new: Step) -> float | None:
    """Return when a step that was not taken yet is due, where its time was set anew."""
    return None if due is None else due + new.after_s - old.after_s
