"""The site's unresolved incidents: where each transition is written, shown, told and escalated. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import Command, LampStage
from hub.courses import Courses
from hub.decision import Decision
from hub.delivery import Target
from hub.directory import Directory
from hub.incident import Incident, Press, clock_moved, numbered_ahead, rank
from hub.kept_course import KeptCourse, to_mono
from hub.ledger import Ledger
from hub.notice import NoticeType
from hub.outbound import Outbound
from hub.postures import Postures
from hub.signals import Signals
from hub.transitions import Change, adds_nothing, closed, confirmed, joined, opened
from hub.view import StreamEvent

UNCERTAIN_S: Final = 2.0
"""Seconds by which a press may be older than it is reckoned: brokers count in whole ones."""
GROUP_OF_DRILL: Final = "drill "
"""How the groups begin whose incidents are a drill's: none of them is ever a real incident's."""


def door_group(device: str, zone: str) -> str:
    """Return the group of a door's incidents: its own, which no call joins."""
    return f"door {device} {zone}"


class Incidents:
    """Unresolved incidents and their courses."""

    def __init__(
        self,
        ledger: Ledger,
        outbound: Outbound,
        postures: Postures,
        loaded: list[tuple[Incident, KeptCourse]],
        signals: Signals,
        now: Now,
    ) -> None:
        self._ledger = ledger
        self._postures = postures
        self.courses = Courses(
            ledger, outbound, postures, signals, loaded, now, lambda: self.call_of_lockdown() is not None
        )
        self._by_id: dict[str, Incident] = {}
        self._by_group: dict[str, str] = {}
        self._strange = ""
        """The incident that :meth:`of_strangers` found last."""
        self._killed_before: float | None = None
        """When this hub started, in monotonic seconds, if the one before it was killed."""
        for incident, _ in loaded:
            self._by_id[incident.id] = incident
            self._by_group[incident.group] = incident.id
            ledger.view.incidents[incident.id] = incident

    def number_ahead(self, decision: Decision, now: Now) -> None:
        """At a start: let no revision be told anew that a killed hub may have told from memory.

        While the disk hung it told of changes that the record doesn't know, such as an answer. A receiver
        that keeps the highest revision would drop what bears those numbers now, and go on showing a calm.
        """
        if not self._ledger.numbers.killed:
            return
        self._killed_before = now.mono
        for incident in self.unresolved():
            ahead = numbered_ahead(incident)
            why = "the hub was killed and may have told more from memory"
            self._ledger.record(
                decision,
                now,
                "numbered-ahead",
                f"{why}: it goes on at revision {ahead.following}",
                incident=incident.id,
                detail={"revision": incident.revision},
            )
            self.moved(decision, ahead, now)

    def get(self, incident_id: str) -> Incident | None:
        """Return an unresolved incident."""
        return self._by_id.get(incident_id)

    def unresolved(self) -> list[Incident]:
        """Return the unresolved incidents."""
        return list(self._by_id.values())

    def of_device(self, device: str) -> list[Incident]:
        """Return the unresolved incidents a device has called in; what is told of a door is no call."""
        return [i for i in self.calls() if any(room.place.device == device for room in i.rooms)]

    def calls(self) -> list[Incident]:
        """Return the unresolved incidents that are calls: all but those of doors."""
        return [incident for incident in self._by_id.values() if incident.kind != "door"]

    def call_of_lockdown(self) -> Incident | None:
        """Return the call whose timeline doors are lines of: while there is a real lockdown, the gravest."""
        current = self._postures.current
        if current.drill or current.posture != "lockdown":
            return None
        calls = [one for one in self.calls() if one.kind in ("panic", "duress") and not one.drill]
        return min(calls, key=lambda one: (rank(one.kind), -one.number), default=None)

    def press(
        self,
        decision: Decision,
        press: Press,
        now: Now,
        *,
        is_new: bool = True,
        drill: str | None = None,
    ) -> Incident:
        """Take a press into the incident of its group, or open one; each drill (its id) has its own groups.

        Where it isn't known to be new, the incident it may have opened before keeps its id: what a
        receiver has heard under that one it would drop.
        """
        ledger = self._ledger
        group = ledger.directory.group(press.place)
        if drill is not None:
            group = f"{GROUP_OF_DRILL}{drill} {group}"
        change, kind = self._taken(decision, group, press, now, is_new=is_new, drill=drill)
        detail = {
            "device": press.place.device,
            "zone": press.zone,
            "label": press.label,
            "kind": press.kind,
            "id": press.id,
            "at": stamp(press.at),
            "cause": press.cause,
            "clock": ledger.clock.words,
        }
        if drill is not None:
            detail |= {"drill": drill, "in_drill": press.in_drill}
        self.changed(decision, change, kind, now, "alarm", detail, press)
        incident = change.incident
        if not incident.confirmed and (why := self.courses.confirmation(incident, press)) is not None:
            incident = self.confirm(decision, incident, now, why, {"device": press.place.device})
        return incident

    def has_already(self, press: Press) -> Incident | None:
        """Return the incident to which a press would add nothing, if there is one."""
        current = self._by_id.get(self._by_group.get(self._ledger.directory.group(press.place), ""))
        return current if current is not None and adds_nothing(current, press) else None

    def of_strangers(self) -> Incident | None:
        """Return an incident in which a device calls that nobody has set up."""
        found = self._by_id.get(self._strange)
        if found is None or not _stranger_asks(found):
            found = next((one for one in self.calls() if _stranger_asks(one)), None)
            self._strange = "" if found is None else found.id
        return found

    def door(self, decision: Decision, press: Press, now: Now) -> Incident:
        """Take what is told of a door into the incident of that door alone, or open one."""
        change, kind = self._taken(decision, door_group(*press.button), press, now)
        detail = {
            "device": press.place.device,
            "zone": press.zone,
            "label": press.label,
            "kind": press.kind,
            "rule": press.rule,
            "id": press.id,
            "at": stamp(press.at),
            "clock": self._ledger.clock.words,
        }
        self.changed(decision, change, kind, now, "door", detail, press)
        return change.incident

    def door_closed(self, decision: Decision, incident: Incident, at: int, now: Now) -> None:
        """Take it that an incident's door is closed again: told as an update, and the end of nothing."""
        self.changed(decision, closed(incident, at), "incident.updated", now, "door", {"at": stamp(at)})

    def of_door(self, device: str, zone: str) -> Incident | None:
        """Return the unresolved incident of a door."""
        return self._by_id.get(self._by_group.get(door_group(device, zone), ""))

    def _taken(
        self,
        decision: Decision,
        group: str,
        press: Press,
        now: Now,
        *,
        is_new: bool = True,
        drill: str | None = None,
    ) -> tuple[Change, NoticeType]:
        """Return what a press makes of the incident of its group; where there is none it opens one."""
        ledger = self._ledger
        current = self._by_id.get(self._by_group.get(group, ""))
        if current is not None:
            return joined(current, press), "incident.updated"
        number = ledger.numbers.take()
        change = opened(ledger.settings.site, group, number, press, is_new=is_new, drill=drill)
        if (reserved := ledger.numbers.reserve()) is not None:
            decision.facts["numbers"] = reserved
        if self._may_be_told(press, now):
            change = replace(change, incident=numbered_ahead(change.incident))
        return change, "incident.opened"

    def _may_be_told(self, press: Press, now: Now) -> bool:
        """Tell whether a hub that was killed may have had this press, and told of it and more from memory."""
        started = self._killed_before
        return started is not None and to_mono(press.at, now) <= started + UNCERTAIN_S

    def confirm(
        self, decision: Decision, incident: Incident, now: Now, why: str, detail: dict[str, Any]
    ) -> Incident:
        """Take an incident as confirmed: the steps that waited for it begin."""
        change = confirmed(incident, why)
        self.courses.confirm(incident, now)
        self.changed(decision, change, "incident.updated", now, "confirmed", detail)
        return change.incident

    def changed(
        self,
        decision: Decision,
        change: Change,
        kind: NoticeType,
        now: Now,
        what: str,
        detail: dict[str, Any],
        press: Press | None = None,
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
        self.courses.go_on(decision, incident, kind, now, press, restarts=change.restarts)
        decision.stream.append(StreamEvent(seq, kind, incident))
        decision.shown.append(lambda: self._show(incident))

    def look(self, decision: Decision, incident_id: str, now: Now) -> None:
        """Take the steps of one incident that are due."""
        if (incident := self._by_id.get(incident_id)) is not None:
            self.courses.look(decision, incident, now)

    def attempted(
        self, decision: Decision, incident_id: str, target: Target, now: Now, *, delivered: bool
    ) -> None:
        """Take what came of an attempt to tell a target of an incident."""
        if (incident := self._by_id.get(incident_id)) is not None:
            self.courses.attempted(decision, incident, target, now, delivered=delivered)

    def moved(self, decision: Decision, incident: Incident, now: Now) -> None:
        """Keep an incident whose facts were corrected without a new revision."""
        self._by_id[incident.id] = incident
        decision.incidents[incident.id] = (incident, self.courses.kept(incident.id, now))
        decision.shown.append(lambda: self._show(incident))

    def retune(self, decision: Decision, was: Directory | None, now: Now) -> None:
        """Let every course go on by the settings as they are now; ``was`` is what held before, if known."""
        for incident in list(self._by_id.values()):
            self.courses.retune(decision, incident, was, now)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Store every course's deadlines and every incident's moments anew, by the clock as it is now."""
        for incident in list(self._by_id.values()):
            self.moved(decision, clock_moved(incident, moved_ms), now)

    def lamp(
        self, decision: Decision, incident: Incident, stage: LampStage, device: str | None = None
    ) -> None:
        """Tell the rooms of an incident that are answered (or one device of them) what their lamps may show.

        A room hears nothing of a duress but that it is over: no lamp shows that, and by it the agent
        knows that its strobe may follow the posture again. What a drill's incident comes to is no word on
        a press of it that is real, or may be.
        """
        if incident.kind == "door":
            return
        for room in incident.rooms:
            name = room.place.device
            if room.asks or (device is not None and name != device):
                continue
            ids = tuple(
                press.id
                for press in incident.events
                if press.place.device == name
                and press.id is not None
                and (press.kind != "duress" or stage == "resolved")
                and press.in_drill not in ("not-expected", "real")
            )
            if ids:
                command_id = f"{incident.id}.{incident.revision}.{stage}.{len(decision.commands)}"
                command = Command(v=1, id=command_id, do="lamp", lamp=stage, events=ids[-100:])
                decision.commands.append((name, command))

    def _show(self, incident: Incident) -> None:
        if incident.state == "resolved":
            self._ledger.view.incidents.pop(incident.id, None)
        else:
            self._ledger.view.incidents[incident.id] = incident


def _stranger_asks(incident: Incident) -> bool:
    return not incident.drill and any(room.asks and not room.place.known for room in incident.rooms)
