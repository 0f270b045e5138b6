"""Escalation: who is told of an incident, when, and until when. Pure.

``advance`` says what of a :class:`~hub.course.Course` is owed now; :func:`hub.course.next_deadline` says
when to ask again.

An acknowledgement stops the asking (later steps, repeats), never the telling: of a panic or duress
every audience of the plan gets its first notice, however soon somebody answered. Where a step finds
nobody to tell, or nothing of it can be delivered, the next begins at once. A drill is over by itself:
it asks nobody twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from config.clock import Now
from hub.course import (
    ALWAYS_TOLD,
    UPDATE_EVERY_S,
    Advance,
    Course,
    Owe,
    Plans,
    Reach,
    Run,
    Skip,
    Told,
    fitted,
    hasten,
    rests,
    steps_of,
)
from hub.delivery import Target
from hub.incident import Incident
from hub.kept_course import to_wall
from hub.notice import NoticeType
from hub.plan import Step, audiences_of

PUT_OFF_S: Final = 30.0
"""Seconds after which a step is looked at again that waits."""


def advance(
    course: Course,
    plans: Plans,
    incident: Incident,
    reach: Reach,
    now: Now,
    change: NoticeType | None = None,
    *,
    waits: bool = False,
) -> Advance:
    """Say what is owed now: by steps that are due, and by what changed.

    ``change`` is given right after a transition; an acknowledgement or a resolution is told to all
    who were told before, at once. ``waits``: no step is taken now, they are looked at again soon.
    """
    walk = _Walk(course, plans, incident, reach, now)
    if incident.state == "resolved":
        walk.end()
    else:
        walk.take_steps(waits=waits)
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


class _Walk:
    """One look at a course."""

    def __init__(self, course: Course, plans: Plans, incident: Incident, reach: Reach, now: Now) -> None:
        self.plans, self.incident, self.reach, self.now = plans, incident, reach, now
        self.told = {entry.target: entry for entry in course.told}
        self.runs = [fitted(one, plans, course.confirmed) for one in course.runs]
        self.owed: list[Owe] = []
        self.skipped: list[Skip] = []
        self.ran_out: str | None = None

    def take_steps(self, *, waits: bool) -> None:
        """Take every step that is due, and those that begin at once because nobody was found."""
        for number, one in enumerate(self.runs):
            due, taken = list(one.due), list(one.taken)
            asked_at = list(one.asked) or [None] * len(due)
            for i, step in enumerate(steps_of(self.plans, one)):
                at = due[i]
                if at is None or at > self.now.mono:
                    continue
                if rests(self.incident, self.told.values(), taken[i]):
                    continue
                if waits:
                    due[i] = self.now.mono + PUT_OFF_S
                    continue
                stopped = self._stopped(step, one)
                asked = [e for e in self.told.values() if (one.plan, i) in e.by]
                in_vain = bool(asked) and all(e.failing for e in asked)
                moment = self._moment(one, step, asked_at)
                found = self._ask(one, i, step, stopped, moment, repeated=taken[i] > 0)
                taken[i] += 1
                asked_at[i] = self.now.mono
                again = step.repeat_s is not None and stopped is None and not self.incident.drill
                again = again and (step.times is None or taken[i] <= step.times)
                due[i] = _next(at, step, self.now) if again else None
                if stopped is not None:
                    continue
                if not found:
                    hasten(due, taken, i, self.now.mono)
                if self._is_last(one, i) and not self.incident.drill:
                    self._last_resort(one, i, step, repeated=taken[i] > 1, in_vain=in_vain or not found)
            self.runs[number] = replace(one, due=tuple(due), taken=tuple(taken), asked=tuple(asked_at))

    def end(self) -> None:
        """Owe what a resolution leaves owed, name what it leaves untold, and end every plan."""
        resolution = self.incident.resolved
        assert resolution is not None  # noqa: S101 - its state says so
        owes = self.incident.kind in ALWAYS_TOLD and resolution.disposition == "real"
        for number, one in enumerate(self.runs):
            for i, step in enumerate(steps_of(self.plans, one)):
                waits = step.when_confirmed and one.taken[i] == 0
                if one.due[i] is None and not waits:
                    continue
                moment = self._moment(one, step, one.asked)
                for audience in step.notify:
                    targets, who, _ = self.reach.reach(audience, moment, step.position)
                    new = [t for t in targets if t not in self.told and not self.reach.is_rung(t)]
                    if owes:
                        reason = f"resolved before {step.label}, but a first notice is always delivered"
                        for target in new:
                            self._first(target, reason, one, i)
                        if not targets and one.taken[i] == 0:
                            self.skipped.append(Skip(step.label, audience, who or "nobody to tell"))
                    elif len(new) == len(targets) and targets:
                        why = f"resolved as {resolution.disposition} before its time"
                        self.skipped.append(Skip(step.label, audience, why))
            self.runs[number] = replace(one, due=(None,) * len(one.due))

    def tell_all(self, change: NoticeType) -> None:
        """Tell everybody who was told; a first notice of this very moment shows the state already."""
        first = {owe.target for owe in self.owed}
        for target, entry in self.told.items():
            if self.reach.is_rung(target):
                self._let_rest(entry)
            elif target not in first:
                self._again(entry, change, 0, f"{self.incident.state} at revision {self.incident.revision}")

    def update(self) -> None:
        """Tell what changed, or ask again, no more than once in :data:`UPDATE_EVERY_S` a target.

        To an alarm receiver each room's alarm is a first notice: it waits for nothing. Nor does a press
        that was not expected in its drill.
        """
        for entry in list(self.told.values()):
            if self.incident.state != "open" and self.reach.is_rung(entry.target):
                self._let_rest(entry)
                continue
            newer = entry.revision < self.incident.revision
            calls = self._called_at_once(entry)
            too_soon = entry.at + UPDATE_EVERY_S > self.now.mono and not calls
            if not (newer or entry.ask) or too_soon:
                continue
            reason = f"revision {self.incident.revision}" if newer else ""
            reason = "; ".join(filter(None, (reason, calls, entry.ask)))
            nth = 0 if newer else entry.nth + 1
            self._again(entry, "incident.updated", nth, reason, first=bool(calls))

    def _called_at_once(self, entry: Told) -> str:
        """Name the rooms that called, or called anew, since a target was told, and wait for nothing."""
        called = [room.place for room in self.incident.rooms if room.asks_since > entry.revision]
        if not self.reach.is_told_once(entry.target):
            waiting = {press.place.device for press in self.incident.waiting}
            called = [place for place in called if place.device in waiting]
        return ", ".join(place.room for place in called)

    def _moment(self, one: Run, step: Step, asked_at: Sequence[float | None]) -> int:
        """Return the wall time by whose shifts a step asks: for all of an order, that of its first.

        By its own a change of shift between two of them would pass somebody over.
        """
        for first, at in zip(steps_of(self.plans, one), asked_at, strict=False):
            if step.position and first.label == step.follows and at is not None:
                return to_wall(at, self.now)
        return self.now.wall

    def _ask(self, one: Run, i: int, step: Step, stopped: str | None, moment: int, *, repeated: bool) -> bool:
        """Tell or ask a step's audiences; returns whether there is anybody."""
        if stopped is not None and self.incident.kind not in ALWAYS_TOLD:
            self.skipped += [Skip(step.label, audience, stopped) for audience in step.notify]
            return True
        reached = {audience: self.reach.reach(audience, moment, step.position) for audience in step.notify}
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
        if stopped is not None and self.reach.is_rung(target):
            return  # somebody has answered
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
            for audience in audiences_of((plan,)):
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
        steps = steps_of(self.plans, one)
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

    def _let_rest(self, entry: Told) -> None:
        """Have a phone that rang ring no more for what is known by now."""
        self.told[entry.target] = replace(entry, revision=self.incident.revision, ask=None)

    def _again(self, entry: Told, change: NoticeType, nth: int, reason: str, *, first: bool = False) -> None:
        revision = self.incident.revision
        self.told[entry.target] = replace(entry, revision=revision, at=self.now.mono, nth=nth, ask=None)
        self.owed.append(Owe(entry.target, change, nth, reason, first))


def _words(step: Step, *, repeated: bool) -> str:
    return f"{step.label} {'repeated' if repeated else 'asks again'}"


def _next(at: float, step: Step, now: Now) -> float:
    """Return a step's next repeat; what passed while nobody could ask is not made up for."""
    every = step.repeat_s or 0.0
    return max(at + every, now.mono + every / 2)
