"""The courses of a site's unresolved incidents: steps taken, deliveries owed, people reminded. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now
from hub import reminder
from hub.course import Advance, Course, Owe, ask, attempted, begin, confirm, next_deadline, tell
from hub.decision import Decision
from hub.delivery import Delivery, Target, delivery_id, urgency
from hub.directory import Directory
from hub.escalation import PUT_OFF_S, advance
from hub.incident import EVENTS_KEPT, Incident, Place, Press, rank
from hub.kept_course import KeptCourse, keep, recall
from hub.ledger import Ledger
from hub.notice import NoticeType, notice_body
from hub.outbound import Ended, Outbound
from hub.postures import Postures
from hub.refit import refitted
from hub.signals import Signals

EXPECTED: Final = 20
"""By how much the notices of an expected press stand behind those of real ones."""


class Courses:
    """How far each unresolved incident's plans have come."""

    def __init__(
        self,
        ledger: Ledger,
        outbound: Outbound,
        postures: Postures,
        signals: Signals,
        loaded: list[tuple[Incident, KeptCourse]],
        now: Now,
        doors_are_lines: Callable[[], bool],
    ) -> None:
        """``doors_are_lines`` tells whether doors are lines of a call's timeline: their plans wait then."""
        self._doors_are_lines = doors_are_lines
        self._waiting: set[str] = set()
        """Incidents of doors of which the record says that their plans wait."""
        self._ledger = ledger
        self._outbound = outbound
        self._postures = postures
        self._signals = signals
        self._courses: dict[str, Course] = {}
        for incident, kept in loaded:
            self._courses[incident.id] = self._with_a_plan(recall(kept, now), incident, now)
            self._arm(incident)

    def go_on(
        self,
        decision: Decision,
        incident: Incident,
        change: NoticeType,
        now: Now,
        press: Press | None = None,
        *,
        restarts: bool = False,
    ) -> None:
        """Owe what follows from a transition; a press begins the plan of its place, if it doesn't run."""
        before = course = self._courses.get(incident.id)
        if press is not None:
            course = self._begun(course, incident, press.place, now, restarts=restarts)
        assert course is not None  # noqa: S101 - a press opens every incident
        heard = change in ("incident.acknowledged", "incident.updated") and press is None
        if incident.state != "acknowledged" or incident.drill or incident.closed_at is not None:
            course = replace(course, quiet=None)  # a door that is closed again: nobody is at work there
        elif heard or _door_opened_anew(incident, course):  # an answer or a note: somebody is at work
            course = replace(course, quiet=reminder.heard(now.mono, self._times))
        self._advance(decision, incident, course, now, change)
        self._end(decision, incident, course, now, heard=heard)
        if press is not None and (before is None or before.runs != course.runs):
            self._raise(decision, incident, course.runs[-1].plan, before, now)

    def confirm(self, incident: Incident, now: Now) -> None:
        """Let the steps begin that wait for a confirmation; :meth:`go_on` takes those that are due."""
        course = self._courses[incident.id]
        self._courses[incident.id] = confirm(course, self._ledger.directory.plans, now.mono)

    def confirmation(self, incident: Incident, press: Press) -> str | None:
        """Name what confirms an incident after a press of it; None where nothing does."""
        plans = self._ledger.directory.plans
        for one in self._courses[incident.id].runs:
            wanted = plans[one.plan].confirm if one.plan in plans else None
            if wanted is None:
                continue
            near = {e.place.device for e in incident.events if abs(e.at - press.at) <= wanted.within_s * 1000}
            if len(near) >= wanted.devices:
                return f"pressed in {len(near)} rooms within {wanted.within_s:g} s"
        return None

    def look(self, decision: Decision, incident: Incident, now: Now) -> None:
        """Take the steps that are due; a wake-up for a deadline that has moved does nothing."""
        course = self._courses[incident.id]
        if course.quiet is not None and course.quiet.due <= now.mono and self._waits(incident, course):
            quiet = replace(course.quiet, due=now.mono + PUT_OFF_S)
            course = self._courses[incident.id] = replace(course, quiet=quiet)
            self._arm(incident)
        if self._is_quiet_for_too_long(course, now):
            self._remind(decision, incident, course, now)
        elif (at := next_deadline(course, incident)) is not None and at <= now.mono:
            self._advance(decision, incident, course, now)

    def attempted(
        self, decision: Decision, incident: Incident, target: Target, now: Now, *, delivered: bool
    ) -> None:
        """Take what came of an attempt: where nothing of a step gets through, the next begins at once."""
        before = self._courses[incident.id]
        course = attempted(before, target, now.mono, delivered=delivered)
        if course is not before:
            self._advance(decision, incident, course, now)

    def retune(self, decision: Decision, incident: Incident, was: Directory | None, now: Now) -> None:
        """Go on by the plans and people as they are now; whom that leaves untold is told at once."""
        directory, course = self._ledger.directory, self._courses[incident.id]
        plans = directory.plans if was is None else was.plans
        waits = self._waits(incident, course)
        step = refitted(course, plans, directory.plans, incident, directory, now, waits=waits)
        step = replace(step, course=self._with_a_plan(step.course, incident, now))
        if step.owed or step.course != course:
            self._take(decision, incident, step, now)

    def tell(
        self,
        decision: Decision,
        incident: Incident,
        targets: Iterable[Target],
        reason: str,
        now: Now,
        words: str | None = None,
    ) -> None:
        """Tell those of them who have not heard of it; with ``words`` all of them, without sound or call."""
        course = self._courses[incident.id]
        if words is None:
            step = tell(course, targets, incident, now, reason)
        else:
            step = ask(course, targets, incident, now, reason)
        self._take(decision, incident, step, now, words, quietly=words is not None)

    def tell_again(self, decision: Decision, incident: Incident, reason: str, now: Now) -> None:
        """Tell all who were told of it how it stands, whatever they heard last."""
        course = self._courses[incident.id]
        step = ask(course, [entry.target for entry in course.told], incident, now, reason)
        self._take(decision, incident, step, now)

    def kept(self, incident_id: str, now: Now) -> KeptCourse:
        """Return a course as it is stored."""
        return keep(self._courses[incident_id], now)

    def _raise(
        self, decision: Decision, incident: Incident, plan: str, before: Course | None, now: Now
    ) -> None:
        """Raise the site's posture, if the plan that begins now says so."""
        known = self._ledger.directory.plans.get(plan)
        if known is not None and known.posture is not None:
            upgraded = before is not None and all(rank(incident.kind) < rank(one.kind) for one in before.runs)
            self._postures.raise_for(decision, incident, known.posture, now, upgraded=upgraded)

    def _begun(
        self, course: Course | None, incident: Incident, place: Place, now: Now, *, restarts: bool
    ) -> Course:
        plan = self._ledger.directory.plan(
            incident.kind, place, now.wall, drill=incident.drill, rule=incident.rule
        )
        return begin(course, plan, incident.kind, now.mono, restarts=restarts)

    def _with_a_plan(self, course: Course, incident: Incident, now: Now) -> Course:
        """Begin the plans of this moment where the settings have not all of a course's plans any more.

        A run whose plan is gone is over. It goes, or it would stand for its plan if that came back. Each
        room has the plan of its own place, as when it pressed.
        """
        left = tuple(one for one in course.runs if one.plan in self._ledger.directory.plans)
        if left and len(left) == len(course.runs):
            return course
        restarts = all(one.overtaken for one in left)
        course = replace(course, runs=left)
        for number, room in enumerate(incident.rooms):
            course = self._begun(course, incident, room.place, now, restarts=restarts and number == 0)
        return course

    @property
    def _times(self) -> reminder.Times:
        settings = self._ledger.settings.reminders
        return reminder.Times(settings.after_s, settings.stand_in_after_s)

    def _end(self, decision: Decision, incident: Incident, course: Course, now: Now, *, heard: bool) -> None:
        """Withdraw at once what a transition leaves without a reason; its own notice may follow later."""
        targets = [entry.target for entry in course.told]
        ended, why = _ended(incident, heard=heard)
        if ended is not None:
            self._outbound.end(decision, targets, incident.id, ended, why, now)
        if incident.state != "open":
            rung = [target for target in targets if self._ledger.directory.is_rung(target)]
            self._outbound.end(
                decision, rung, incident.id, lambda _: True, why or "somebody has answered", now
            )

    def _waits(self, incident: Incident, course: Course) -> bool:
        """Tell whether nobody is asked of a door now, there being a call in a real lockdown."""
        if incident.kind != "door" or not self._doors_are_lines():
            return False
        plans = self._ledger.directory.plans
        return not any(plans[one.plan].in_lockdown for one in course.runs if one.plan in plans)

    def _is_quiet_for_too_long(self, course: Course, now: Now) -> bool:
        return course.quiet is not None and course.quiet.due <= now.mono

    def _advance(
        self,
        decision: Decision,
        incident: Incident,
        course: Course,
        now: Now,
        change: NoticeType | None = None,
    ) -> None:
        directory = self._ledger.directory
        waits = self._waits(incident, course)
        if not waits:
            self._waiting.discard(incident.id)
        elif incident.id not in self._waiting and _is_due(next_deadline(course, incident), now):
            self._waiting.add(incident.id)
            why = "its plan waits: in the lockdown doors are lines of the call's timeline"
            self._ledger.record(decision, now, "door", why, incident=incident.id)
        step = advance(course, directory.plans, incident, directory, now, change, waits=waits)
        self._take(decision, incident, step, now)
        key = f"unanswered {incident.id}"
        if step.ran_out is not None and incident.state == "open":
            detail = f"incident {incident.number}: {step.ran_out}"
            self._ledger.trouble(decision, now, key, "unanswered", detail)
        elif incident.state != "open":
            self._ledger.restore(decision, now, key)

    def _remind(self, decision: Decision, incident: Incident, course: Course, now: Now) -> None:
        """Say that nothing is heard of an incident in hand, to whom it is to be said now."""
        quiet = course.quiet
        assert quiet is not None  # noqa: S101 - asked for by look
        directory = self._ledger.directory
        by = incident.acknowledged.by if incident.acknowledged is not None else "somebody"
        stage = reminder.stage(quiet)
        targets: tuple[Target, ...]
        if stage == "reminder":
            targets = directory.of_person(by)
        elif stage == "stand-in":
            targets = directory.stand_in_of(by, now.wall)
        else:
            targets = tuple(entry.target for entry in course.told)
        targets = tuple(
            t
            for t in targets or directory.reach("sro", now.wall).targets
            if not directory.is_told_once(t) and not directory.is_rung(t)
        )
        course = replace(course, quiet=reminder.said(quiet, now.mono, self._times))
        step = ask(course, targets, incident, now, f"nothing heard since {by} acknowledged")
        words = reminder.words(stage, by, now.mono - quiet.since)
        self._take(decision, incident, step, now, words, quietly=stage == "reminder")
        detail = {"stage": stage, "by": by}
        self._ledger.record(decision, now, "reminded", words, incident=incident.id, detail=detail)

    def _take(
        self,
        decision: Decision,
        incident: Incident,
        step: Advance,
        now: Now,
        words: str | None = None,
        *,
        quietly: bool = False,
    ) -> None:
        """Write down what a look at a course came to."""
        ledger = self._ledger
        known = self._courses.get(incident.id)
        told = {} if known is None else {entry.target: entry.revision for entry in known.told}
        deliveries: list[Delivery] = []
        for owe in step.owed:
            if not self._why_spared(incident, owe.target):
                delivery = self._delivery(incident, owe, now, words, quietly=quietly)
                was = told.get(owe.target, 0)
                deliveries += self._signals.in_place_of(decision, delivery, incident, was, now)
        self._courses[incident.id] = step.course  # only now: what couldn't be written isn't told
        decision.incidents[incident.id] = (incident, keep(step.course, now))
        for skip in step.skipped:
            detail: dict[str, Any] = {"step": skip.step, "audience": skip.audience}
            what = "step" if skip.some_told else "step-skipped"
            ledger.record(decision, now, what, skip.reason, incident=incident.id, detail=detail)
        for delivery in deliveries:
            self._outbound.owe(decision, delivery, now)
        self._not_sent(decision, incident, step, now)
        if incident.state == "resolved":
            del self._courses[incident.id]
            self._waiting.discard(incident.id)
        else:
            self._arm(incident)

    def _why_spared(self, incident: Incident, target: Target) -> str:
        """Return why a target is told nothing of an incident: a drill, or nobody agreed to it; else empty.

        A phone that rings could not say that it is a drill.
        """
        directory = self._ledger.directory
        not_told = self._ledger.settings.drills.dispatch == "not-told" and directory.is_dispatch(target)
        if incident.drill and (not_told or directory.is_rung(target) or directory.hears_no_tests(target)):
            return f"not sent because of drill {incident.drill_id}"
        why = directory.why_not_told(target, None if incident.kind == "door" else incident.kind)
        return f"not sent: {why}" if why else ""

    def _not_sent(self, decision: Decision, incident: Incident, step: Advance, now: Now) -> None:
        """Write down whom notices do not reach, and why."""
        for owe in step.owed:
            why = self._why_spared(incident, owe.target)
            if why and (owe.first or owe.type == "incident.opened"):
                target = owe.target
                detail: dict[str, Any] = {
                    "audience": target.audience,
                    "channel": target.channel,
                    "target": target.name,
                }
                detail |= {"type": owe.type, "revision": incident.revision, "drill": incident.drill_id}
                self._ledger.record(decision, now, "not-sent", why, incident=incident.id, detail=detail)

    def _delivery(
        self, incident: Incident, owe: Owe, now: Now, words: str | None, *, quietly: bool
    ) -> Delivery:
        if owe.type != "incident.opened":  # a first notice is the same whoever told it
            incident = replace(incident, revision=incident.reached)
        return Delivery(
            id=delivery_id(incident.id, incident.trace, owe.target, owe.type, owe.nth),
            incident=incident.id,
            number=incident.number,
            target=owe.target,
            type=owe.type,
            revision=incident.revision,
            urgency=_urgency(incident, owe),
            body=notice_body(
                incident,
                owe.type,
                owe.target.audience,
                now.wall,
                test=incident.drill and self._ledger.directory.is_dispatch(owe.target),
                reminder=words,
                quiet=quietly,
                real_after_s=self._ledger.settings.drills.unexpected_real_after_s,
                call=None if incident.drill else self._ledger.settings.call_instead(incident.kind),
            ),
            reason=owe.reason,
            owed_at=now.wall,
            quiet=quietly,
            reminds=words is not None and not incident.drill,
            first=owe.first,
            whole=len(incident.events) < EVENTS_KEPT,
        )

    def _arm(self, incident: Incident) -> None:
        course = self._courses[incident.id]
        deadlines = [next_deadline(course, incident)]
        if course.quiet is not None:
            deadlines.append(course.quiet.due)
        if found := [at for at in deadlines if at is not None]:
            self._ledger.wake(min(found), "course", incident.id)


def _is_due(at: float | None, now: Now) -> bool:
    return at is not None and at <= now.mono


def _door_opened_anew(incident: Incident, course: Course) -> bool:
    """Tell whether a door that somebody has in hand is open again: something is to be heard of it."""
    return incident.kind == "door" and course.quiet is None


def _urgency(incident: Incident, owe: Owe) -> int:
    """Return a notice's place; what is expected in a drill comes behind everything real."""
    of_door = incident.kind == "door"
    found = urgency(rank(incident.kind), owe.type, first=owe.first, of_door=of_door)
    return found + EXPECTED if incident.drill and not incident.waiting else found


def _ended(incident: Incident, *, heard: bool) -> tuple[Ended | None, str]:
    """Return what has no reason any more after a transition, and the named reason."""
    if incident.state == "resolved":
        return lambda owed: owed.type != "incident.resolved", f"resolved at revision {incident.revision}"
    if incident.state == "open":
        return _is_of_an_answer, f"open at revision {incident.revision}: nobody has all of it in hand"
    return (lambda owed: owed.reminds, "somebody was heard of") if heard else (None, "")


def _is_of_an_answer(owed: Delivery) -> bool:
    return owed.type == "incident.acknowledged" or owed.reminds
