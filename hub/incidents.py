"""The site's unresolved incidents: where each transition is written, shown, told and escalated. Pure."""

from __future__ import annotations

from typing import Any

from config.clock import Now, stamp
from config.contract import Command, LampStage
from hub.decision import Decision
from hub.delivery import Delivery, delivery_id, urgency
from hub.escalation import Course, KeptCourse, Owe, advance, keep, next_deadline, recall, start
from hub.incident import Incident, Press, rank
from hub.ledger import Ledger
from hub.notice import NoticeType, notice_body
from hub.outbound import Outbound
from hub.transitions import Change, joined, opened
from hub.view import StreamEvent


class Incidents:
    """Unresolved incidents and their courses."""

    def __init__(
        self, ledger: Ledger, outbound: Outbound, loaded: list[tuple[Incident, KeptCourse]], now: Now
    ) -> None:
        self._ledger = ledger
        self._outbound = outbound
        self._by_id: dict[str, Incident] = {}
        self._courses: dict[str, Course] = {}
        self._by_group: dict[str, str] = {}
        for incident, kept in loaded:
            self._by_id[incident.id] = incident
            self._by_group[incident.group] = incident.id
            self._courses[incident.id] = recall(kept, now)
            ledger.view.incidents[incident.id] = incident
            self._arm(incident.id)

    def get(self, incident_id: str) -> Incident | None:
        """Return an unresolved incident."""
        return self._by_id.get(incident_id)

    def of_device(self, device: str) -> list[Incident]:
        """Return the unresolved incidents a device has called in."""
        return [i for i in self._by_id.values() if any(room.place.device == device for room in i.rooms)]

    def press(self, decision: Decision, press: Press, now: Now) -> Incident:
        """Take a press into the incident of its group, or open one."""
        ledger = self._ledger
        group = ledger.directory.group(press.place, press.kind)
        current = self._by_id.get(self._by_group.get(group, ""))
        if current is None:
            change = opened(ledger.settings.site, group, ledger.numbers.take(), press)
            if (reserved := ledger.numbers.reserve()) is not None:
                decision.facts["numbers"] = reserved
        else:
            change = joined(current, press)
        kind: NoticeType = "incident.opened" if current is None else "incident.updated"
        detail = {
            "device": press.place.device,
            "zone": press.zone,
            "label": press.label,
            "kind": press.kind,
            "id": press.id,
            "at": stamp(press.at),
            "cause": press.cause,
        }
        self.changed(decision, change, kind, now, "alarm", detail)
        return change.incident

    def changed(
        self,
        decision: Decision,
        change: Change,
        kind: NoticeType,
        now: Now,
        what: str,
        detail: dict[str, Any],
    ) -> None:
        """Write a transition down, and owe what follows from it."""
        ledger, incident = self._ledger, change.incident
        detail = {"revision": incident.revision, **detail}
        seq = ledger.record(
            decision, now, what, change.reason, incident=incident.id, stream=kind, detail=detail
        )
        if incident.state == "resolved":
            self._by_id.pop(incident.id, None)
            if self._by_group.get(incident.group) == incident.id:
                del self._by_group[incident.group]
        else:
            self._by_id[incident.id] = incident
            self._by_group[incident.group] = incident.id
        course = self._courses.get(incident.id)
        plan = ledger.directory.plan(incident.kind)
        if course is None:
            course = start(plan, now.mono)
        elif change.restarts:
            course = start(plan, now.mono, course.told)
        self._advance(decision, incident, course, now, kind)
        decision.stream.append(StreamEvent(seq, kind, incident))
        decision.shown.append(lambda: self._show(incident))

    def look(self, decision: Decision, incident_id: str, now: Now) -> None:
        """Take the steps of one incident that are due."""
        incident, course = self._by_id.get(incident_id), self._courses.get(incident_id)
        if incident is None or course is None:
            return
        deadline = next_deadline(course, incident)
        if deadline is None or deadline > now.mono:
            return  # this wake-up was for a deadline that has moved; the one it moved to has its own
        self._advance(decision, incident, course, now)

    def moved(self, decision: Decision, incident: Incident, now: Now) -> None:
        """Keep an incident whose facts were corrected without a new revision."""
        self._by_id[incident.id] = incident
        decision.incidents[incident.id] = (incident, keep(self._courses[incident.id], now))
        decision.shown.append(lambda: self._show(incident))

    def rewrite(self, decision: Decision, now: Now) -> None:
        """Store every course's deadlines anew."""
        for incident_id, incident in self._by_id.items():
            decision.incidents[incident_id] = (incident, keep(self._courses[incident_id], now))

    def lamp(
        self, decision: Decision, incident: Incident, stage: LampStage, device: str | None = None
    ) -> None:
        """Tell the rooms of an incident that are answered (or one device of them) what their lamps may show.

        A room hears nothing of a duress.
        """
        for room in incident.rooms:
            name = room.place.device
            if room.asks or (device is not None and name != device):
                continue
            ids = tuple(
                press.id
                for press in incident.events
                if press.place.device == name and press.id is not None and press.kind != "duress"
            )
            if ids:
                command_id = f"{incident.id}.{incident.revision}.{stage}.{len(decision.commands)}"
                command = Command(v=1, id=command_id, do="lamp", lamp=stage, events=ids[-100:])
                decision.commands.append((name, command))

    def _advance(
        self,
        decision: Decision,
        incident: Incident,
        course: Course,
        now: Now,
        change: NoticeType | None = None,
    ) -> None:
        ledger = self._ledger
        plan = ledger.directory.plan(incident.kind)
        step = advance(course, plan, incident, ledger.directory.targets, now, change)
        deliveries = [self._delivery(incident, owe, now) for owe in step.owed]
        self._courses[incident.id] = step.course  # only now: what couldn't be written isn't told
        decision.incidents[incident.id] = (incident, keep(step.course, now))
        for skip in step.skipped:
            detail: dict[str, Any] = {"step": skip.step + 1, "audience": skip.audience}
            ledger.record(decision, now, "step-skipped", skip.reason, incident=incident.id, detail=detail)
        for delivery in deliveries:
            self._outbound.owe(decision, delivery, now)
        if incident.state == "resolved":
            del self._courses[incident.id]
        else:
            self._arm(incident.id)

    def _delivery(self, incident: Incident, owe: Owe, now: Now) -> Delivery:
        return Delivery(
            id=delivery_id(incident.id, incident.trace, owe.target, owe.type, owe.nth),
            incident=incident.id,
            number=incident.number,
            target=owe.target,
            type=owe.type,
            revision=incident.revision,
            urgency=urgency(rank(incident.kind), owe.type),
            body=notice_body(incident, owe.type, owe.target.audience, now.wall),
            reason=owe.reason,
            owed_at=now.wall,
        )

    def _arm(self, incident_id: str) -> None:
        deadline = next_deadline(self._courses[incident_id], self._by_id[incident_id])
        if deadline is not None:
            self._ledger.wake(deadline, "course", incident_id)

    def _show(self, incident: Incident) -> None:
        if incident.state == "resolved":
            self._ledger.view.incidents.pop(incident.id, None)
        else:
            self._ledger.view.incidents[incident.id] = incident
