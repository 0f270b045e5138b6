"""What people do with an incident: acknowledge, resolve, each with a note. Pure."""

from __future__ import annotations

from typing import Any

from config.clock import Now
from hub.asking import Acknowledge, Answer, Confirm, Done, IncidentAction, Note, Refused, Reply, Resolve
from hub.decision import Decision
from hub.devices import Devices
from hub.incident import Deed, Incident, Resolution
from hub.incidents import Incidents
from hub.ledger import Ledger
from hub.notice import NoticeType
from hub.transitions import (
    IllegalTransitionError,
    UnseenRoomsError,
    acknowledged,
    noted,
    resolved,
)


class Deeds:
    """Takes a person's word and answers it."""

    def __init__(self, ledger: Ledger, incidents: Incidents, devices: Devices) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._devices = devices
        self._gone: dict[str, int] = {}

    def take(self, decision: Decision, action: IncidentAction, reply: Reply, now: Now) -> None:
        """Do what was asked, or refuse it with the reason; the answer goes out after the commit."""
        decision.answer = (reply, self.answer(decision, action, now))

    def answer(self, decision: Decision, action: IncidentAction, now: Now) -> Answer:
        """Do what was asked, or refuse it with the reason."""
        incident = self._incidents.get(action.incident)
        if incident is None:
            return self._not_open(action.incident)
        try:
            return self._do(decision, incident, action, now)
        except IllegalTransitionError as error:
            return Refused("not-in-this-state", str(error), error.state, error.allowed)
        except UnseenRoomsError as error:
            who = _who(action)
            self._ledger.record(decision, now, "not-resolved", str(error), incident=incident.id, detail=who)
            return Refused("not-in-this-state", str(error), error.state, open_rooms=error.rooms)

    def _do(self, decision: Decision, incident: Incident, action: IncidentAction, now: Now) -> Answer:
        if isinstance(action, Acknowledge):
            return self._acknowledge(decision, incident, action, now)
        if isinstance(action, Resolve):
            return self._resolve(decision, incident, action, now)
        if isinstance(action, Confirm):
            return self._confirm(decision, incident, action, now)
        return self._note(decision, incident, action, now)

    def _confirm(self, decision: Decision, incident: Incident, action: Confirm, now: Now) -> Answer:
        if incident.confirmed:
            return Done(incident, incident.open_rooms)
        why = f"confirmed by {action.by}"
        after = self._incidents.confirm(decision, incident, now, why, _who(action))
        return Done(after, after.open_rooms)

    def _note(self, decision: Decision, incident: Incident, action: Acknowledge | Note, now: Now) -> Answer:
        change = noted(incident)
        self._incidents.changed(decision, change, "incident.updated", now, "note", _who(action))
        return Done(change.incident, change.incident.open_rooms)

    def _acknowledge(self, decision: Decision, incident: Incident, action: Acknowledge, now: Now) -> Answer:
        change = acknowledged(incident, Deed(action.by, now.wall, action.via), action.revision)
        who = _who(action) | {"showed": action.revision}
        after = change.incident
        if after is incident:
            if action.note:
                return self._note(decision, incident, action, now)
            self._ledger.record(decision, now, "acknowledge", change.reason, incident=incident.id, detail=who)
            return Done(after, after.open_rooms)
        whole = after.state == "acknowledged"
        kind: NoticeType = "incident.acknowledged" if whole else "incident.updated"
        self._incidents.changed(decision, change, kind, now, "acknowledged", who)
        self._incidents.lamp(decision, after, "acknowledged")
        return Done(after, after.open_rooms)

    def _resolve(self, decision: Decision, incident: Incident, action: Resolve, now: Now) -> Answer:
        if incident.drill and action.disposition == "real":
            why = f"cannot resolve incident {incident.number} as real: it is of drill {incident.drill_id}"
            return Refused(
                "not-in-this-state", f"{why}; make its press real first", "drill", ("drill", "test")
            )
        resolution = Resolution(action.by, now.wall, action.via, action.disposition)
        who = _who(action) | {"showed": action.revision}
        return Done(self.end(decision, incident, resolution, who, now, action.revision))

    def end(
        self,
        decision: Decision,
        incident: Incident,
        resolution: Resolution,
        who: dict[str, Any],
        now: Now,
        revision: int | None = None,
    ) -> Incident:
        """End an incident, by a person's word or because its drill is over; returns it as it ended."""
        change = resolved(incident, resolution, revision)
        who = who | {"disposition": resolution.disposition}
        self._incidents.changed(decision, change, "incident.resolved", now, "resolved", who)
        self._incidents.lamp(decision, change.incident, "resolved")
        self._devices.resolved(change.incident, now)
        self._gone[incident.id] = incident.number
        if len(self._gone) > 1000:
            self._gone.pop(next(iter(self._gone)))
        return change.incident

    def _not_open(self, incident_id: str) -> Answer:
        """Tell a resolved incident from one that never was, as far as memory goes; the record knows more."""
        number = self._gone.get(incident_id)
        if number is None:
            return Refused("not-found", f"no unresolved incident {incident_id!r}")
        detail = f"cannot change incident {number}: resolved; allowed: open, acknowledged"
        return Refused("not-in-this-state", detail, "resolved", ("open", "acknowledged"))


def _who(action: IncidentAction) -> dict[str, Any]:
    return {"by": action.by, "via": action.via, "note": action.note}
