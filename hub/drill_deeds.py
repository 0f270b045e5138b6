"""What people do with drills: plan, start, cancel and end one, say what a press of it was. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import shown
from hub.asking import (
    Answer,
    CancelDrill,
    DrillAction,
    DrillDone,
    EndDrill,
    MakeReal,
    PartOfDrill,
    PlanDrill,
    Refused,
    StartDrill,
)
from hub.decision import Decision
from hub.drill import AHEAD_S, LONGEST_S, NEVER, OPEN, Drill, DrillPress
from hub.drill_cover import DrillCover
from hub.drill_memory import DrillMemory
from hub.drill_record import of_drill, record_row
from hub.drills import Drills
from hub.incident import Incident
from hub.incidents import Incidents
from hub.ledger import Ledger
from hub.postures import Postures

MOST_PLANNED: Final = 50


class DrillDeeds:
    """Takes a person's word on a drill and answers it."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        postures: Postures,
        memory: DrillMemory,
        drills: Drills,
        cover: DrillCover,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._postures = postures
        self._memory = memory
        self._drills = drills
        self._cover = cover

    def take(self, decision: Decision, action: DrillAction, now: Now) -> Answer:
        """Do what a person asks, or refuse it with the reason."""
        if isinstance(action, PlanDrill):
            return self._plan(decision, action, now)
        timed = self._memory.drills.get(action.drill)
        if timed is None:
            known = ", ".join(self._memory.drills) or "none"
            return Refused("not-found", f"no drill {shown(action.drill, 64)!r}; drills: {known}")
        drill = timed.drill
        who = {"by": action.by, "via": action.via}
        if isinstance(action, MakeReal):
            return self._make_real_by(decision, drill, action, now)
        if isinstance(action, PartOfDrill):
            return self._part_by(decision, drill, action, now)
        wanted = {StartDrill: "planned", CancelDrill: "planned", EndDrill: "running"}[type(action)]
        if drill.state != wanted:
            verb = {StartDrill: "start", CancelDrill: "cancel", EndDrill: "end"}[type(action)]
            why = f"cannot {verb} drill {drill.number}: {drill.state}; allowed: {wanted}"
            return Refused("not-in-this-state", why, drill.state, (wanted,))
        if isinstance(action, StartDrill):
            if (refused := self._drills.not_now(drill)) is not None:
                return refused
            self._drills.begin(decision, drill.id, now, who)
        elif isinstance(action, EndDrill):
            self._drills.end(decision, drill.id, f"{action.by} ended it", now, who)
        else:
            self._drills.cancel(decision, drill.id, f"{action.by} cancelled it", now, who)
        return self._done(drill)

    def _plan(self, decision: Decision, action: PlanDrill, now: Now) -> Answer:
        if (refused := self._unfit(action, now)) is not None:
            return refused
        people = self._ledger.directory.roster.people
        leader = people[action.leader].name if action.leader in people else action.leader
        start = now.wall if action.start is None else action.start
        drill = Drill(
            id=str(self._memory.number + 1),
            name=action.name,
            leader=leader,
            by=action.by,
            via=action.via,
            planned=now.wall,
            start=start,
            until=start + round(action.for_s * 1000),
            rooms=tuple(dict.fromkeys(action.rooms)),
            buildings=tuple(dict.fromkeys(action.buildings)),
            kinds=tuple(dict.fromkeys(action.kinds)) or ("panic",),
            posture=action.posture,
        )
        if action.start is None and (refused := self._drills.not_now(drill)) is not None:
            return refused
        self._memory.plan(drill, now)
        who = {"by": action.by, "via": action.via}
        if action.start is None:
            self._drills.begin(decision, drill.id, now, who)
        else:
            words = f"{drill.name}, at {stamp(start)} for {action.for_s / 60:g} min"
            detail = of_drill(drill) | who
            row = record_row(self._ledger, decision, drill, now, "drill-planned", words, detail)
            self._memory.change(decision, drill.id, row=row)
            self._memory.arm(drill.id, now)
        return self._done(drill)

    def _done(self, drill: Drill) -> DrillDone:
        told = self._drills.leader_is_told(drill)
        return DrillDone(self._memory.drills[drill.id].drill, leader_told=told)

    def _unfit(self, action: PlanDrill, now: Now) -> Refused | None:
        """Name what is wrong with a drill that is asked for."""
        directory = self._ledger.directory
        if not action.name.strip() or not action.leader.strip():
            return Refused("bad-input", "name, leader: a drill has both")
        if (unknown_leader := self._unknown(action)) is not None:
            return unknown_leader
        if not 0 < action.for_s <= LONGEST_S:
            most = f"more than 0 and at most {LONGEST_S:.0f} seconds"
            return Refused("bad-input", f"for_s: found {action.for_s:g}", allowed=(most,))
        if unknown := [shown(room, 64) for room in action.rooms if room not in directory.rooms]:
            return Refused(
                "bad-input", f"rooms: no {', '.join(unknown)}", allowed=tuple(directory.rooms)[:50]
            )
        buildings = tuple(dict.fromkeys(r.building for r in directory.rooms.values() if r.building))
        if unknown := [shown(one, 64) for one in action.buildings if one not in buildings]:
            return Refused("bad-input", f"buildings: no {', '.join(unknown)}", allowed=buildings)
        if never := [kind for kind in action.kinds if kind in NEVER]:
            why = f"kinds: {', '.join(never)} is real in every drill"
            return Refused("bad-input", why, allowed=("panic", "assist"))
        if action.posture == "normal":
            return Refused("bad-input", "posture: found 'normal', which no drill shows")
        if action.start is not None and not now.wall <= action.start <= now.wall + round(AHEAD_S * 1000):
            return Refused("bad-input", f"start: found {stamp(action.start)}", allowed=("a time to come",))
        if sum(one.drill.state in OPEN for one in self._memory.drills.values()) >= MOST_PLANNED:
            return Refused("not-in-this-state", f"{MOST_PLANNED} drills are planned: cancel one first")
        return None

    def _unknown(self, action: PlanDrill) -> Refused | None:
        """Refuse a leader whom nobody could tell of a press, where the settings name people.

        Whoever asks may lead it themselves: their word was heard under that name.
        """
        roster = self._ledger.directory.roster
        known = action.leader in roster.people or bool(roster.people_of(action.leader))
        if known or not roster.people or action.leader == action.by:
            return None
        names = tuple(person.name for person in roster.people.values())
        why = f"leader: the settings know nobody as {shown(action.leader, 64)!r}"
        return Refused("bad-input", why, allowed=names[:50])

    def _make_real_by(self, decision: Decision, drill: Drill, action: MakeReal, now: Now) -> Answer:
        if drill.state in ("planned", "cancelled"):
            why = f"cannot make drill {drill.number} real: {drill.state}; allowed: running, ended"
            return Refused("not-in-this-state", why, drill.state, ("running", "ended"))
        whole = action.device is None
        chosen = self._memory.chosen(drill.id, action.device, None if whole else action.event)
        which = [press for press in chosen if press.standing != "real"]
        if not which and not whole:
            return self._no_such_press(drill, action, "to make real")
        who = {"by": action.by, "via": action.via}
        real = f"drill {drill.number} was made real"
        if whole:  # also what was pressed in it and comes only now
            start = self._memory.drills[drill.id].start
            self._cover.end_of_cover(decision, drill.id, start, real, now, who)
        for press in which:
            self._cover.make_real(decision, drill.id, press, f"{action.by} says so", who, now)
        if whole and drill.state == "running":
            why = f"{action.by} made all of it real"
            self._postures.take_drill_off(decision, real, now)
            self._drills.end(decision, drill.id, why, now, who)
        self._cover.close(decision, drill.id, now)
        return DrillDone(self._memory.drills[drill.id].drill, self._real_of(drill.id, which))

    def _part_by(self, decision: Decision, drill: Drill, action: PartOfDrill, now: Now) -> Answer:
        if action.event is not None and action.device is None:
            return Refused(
                "bad-input", "device: an event is named with its room's", allowed=("device and event",)
            )
        which = [p for p in self._memory.chosen(drill.id, action.device, action.event, until=True) if p.waits]
        if len(which) > 1 and action.event is None:
            rooms = ", ".join(f"{p.press.place.device} {p.press.id}" for p in which)
            why = f"{len(which)} presses of drill {drill.number} wait for an answer: {rooms}; name one"
            return Refused("not-in-this-state", why, "not-expected", ("device and event",))
        if not which:
            return self._no_such_press(drill, action, "that waits for an answer")
        for press in which:
            room = press.press.place.room
            said = replace(press, standing="part-of-drill", by=action.by, via=action.via, at=now.wall)
            self._cover.tell_apart(decision, drill.id, said, now)
            where = {
                "device": press.press.place.device,
                "id": press.press.id,
                "by": action.by,
                "via": action.via,
            }
            why = f"{room}: part of the drill"
            record_row(
                self._ledger, decision, drill, now, "drill-answer", why, where | {"answer": "part-of-drill"}
            )
        self._cover.close(decision, drill.id, now)
        return DrillDone(self._memory.drills[drill.id].drill)

    def _no_such_press(self, drill: Drill, action: MakeReal | PartOfDrill, what: str) -> Refused:
        known = [
            p for p in self._memory.chosen(drill.id, action.device, action.event) if action.device is not None
        ]
        if known:
            standing = known[-1].standing
            why = f"that press of drill {drill.number} is {standing.replace('-', ' ')}"
            return Refused("not-in-this-state", why, standing, ("not-expected",))
        of = "" if action.device is None else f" of {shown(action.device, 64)}"
        return Refused("not-found", f"drill {drill.number} has no press{of} {what}")

    def _real_of(self, drill_id: str, which: Iterable[DrillPress]) -> tuple[Incident, ...]:
        keys = {(p.press.place.device, p.press.key) for p in which}
        presses = [p for of in self._memory.presses[drill_id].values() for p in of]
        names = dict.fromkeys(
            p.real for p in presses if (p.press.place.device, p.press.key) in keys and p.real
        )
        return tuple(incident for name in names if (incident := self._incidents.get(name)) is not None)
