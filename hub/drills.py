"""The drills of a site: begun, judged by, ended; and what of them becomes real. Pure.

A drill runs by the hub's own record. What it covers opens incidents of its own, marked as a drill;
everything else is real at once, and so is what was not expected in it, unless a person says in time
that it is part of it. A real panic ends what the drill covers, and takes the word drill off the
posture.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now, read_stamp, stamp
from hub.asking import Refused
from hub.decision import Decision
from hub.drill import WAITED_UNSURE_S, Drill, DrillPress, Moment, Timed, Verdict, is_held, judge
from hub.drill_calendar import DrillCalendar
from hub.drill_cover import DrillCover
from hub.drill_memory import LOST, DrillMemory
from hub.drill_notices import ENDS_SOON, HAS_BEGUN, DrillNotices
from hub.drill_record import of_drill, record_row
from hub.incident import Incident, Press
from hub.incidents import Incidents
from hub.kept_course import to_mono, to_wall
from hub.ledger import Ledger
from hub.postures import Postures

TOO_LATE_S: Final = 60.0
"""A planned drill that could not begin within this of its time does not begin by itself."""
ALARMING: Final = frozenset({"panic", "duress"})
"""Kinds of a real incident with which no drill begins."""
CALLING: Final = frozenset({"panic", "duress", "medical"})
"""Kinds of a real incident of which a later press of the same room is no drill's."""


class Drills:
    """Judges presses by the drills that are remembered, and does what becomes due of these."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        postures: Postures,
        notices: DrillNotices,
        calendar: DrillCalendar,
        memory: DrillMemory,
        cover: DrillCover,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._postures = postures
        self._notices = notices
        self._calendar = calendar
        self._memory = memory
        self._cover = cover

    # --- presses ---

    def judge(
        self, press: Press, doubt: str | None, waited_ms: int, now: Now
    ) -> tuple[Drill, Verdict] | None:
        """Say what a press is by the drill that ran when it was pressed; None: none did.

        ``waited_ms`` is how long its message lay in the broker.
        """
        moment = _moment(press, waited_ms, now)
        for timed in reversed(list(self._memory.drills.values())):
            if timed.drill.state in ("running", "ended"):
                first = self._memory.first_at(timed.drill.id, press)
                unsure = doubt or self._memory.doubt(timed.drill.id) or self._calls_already(press)
                if (verdict := judge(timed, press, moment, first, unsure)) is not None:
                    return timed.drill, verdict
        return None

    def _calls_already(self, press: Press) -> str | None:
        """Name the real call of a press's own room that nobody has resolved: who calls again means it."""
        device = press.place.device
        for incident in self._incidents.of_device(device):
            called = [room for room in incident.rooms if room.place.device == device]
            if not incident.drill and any(room.kind in CALLING for room in called):
                return f"its room has called already, in incident {incident.number}"
        return None

    def take(self, decision: Decision, drill: Drill, verdict: Verdict, press: Press, now: Now) -> Incident:
        """Take a press that a drill covers, or that was not expected in it."""
        settings = self._ledger.settings.drills
        assert verdict.standing != "real"  # noqa: S101 - that is a real incident's
        in_drill = replace(press, in_drill=verdict.standing)
        incident = self._incidents.press(decision, in_drill, now, drill=drill.id)
        unexpected = verdict.standing == "not-expected"
        due = now.wall + round(settings.unexpected_real_after_s * 1000) if unexpected else None
        taken = DrillPress(in_drill, verdict.standing, incident.id, due)
        self._memory.keep_press(decision, drill.id, taken)
        if not drill.counts and is_held(drill, self._memory.pressed(drill.id)):  # it came after the end
            self._memory.change(decision, drill.id, counts=True)
            self._calendar.held(decision, drill, now)
        word = "NOT EXPECTED" if unexpected else "EXPECTED"
        record_row(
            self._ledger,
            decision,
            drill,
            now,
            "drill-press",
            f"{word}: {verdict.why}",
            {"device": press.place.device, "zone": press.zone, "id": press.id, "at": stamp(press.at)}
            | {"standing": verdict.standing, "incident": incident.id},
        )
        if incident.id not in drill.incidents:
            self._memory.change(decision, drill.id, incidents=(*drill.incidents, incident.id))
        why = f"{word} in drill {drill.number}"
        self._incidents.courses.tell(decision, incident, self._notices.asked(drill, now), why, now)
        if unexpected and settings.unexpected_real_after_s == 0:
            self._overdue(decision, drill.id, now)
        self._cover.close(decision, drill.id, now)
        self._memory.arm(drill.id, now)
        return self._incidents.get(incident.id) or incident

    def heed_posture(self, decision: Decision, now: Now) -> None:
        """Take that the posture may be another than the drill's own, set by a person or heard from the rooms.

        One that calls out something real ends the cover at that moment; normal in the place of the
        drill's own ends the drill.
        """
        drill, posture = self._memory.running(), self._postures.current
        if drill is None or drill.real_from is not None or posture.drill or not posture.is_said:
            return
        who = {"by": posture.by, "via": posture.via} if posture.by_person else {}
        if posture.posture == "normal":
            if drill.posture is not None:
                self.end(
                    decision, drill.id, "the posture was set to normal in the place of its own", now, who
                )
                self._memory.arm(drill.id, now)
            return
        words = f"{posture.posture} was called, and not as a drill"
        record_row(self._ledger, decision, drill, now, "drill-real", words, {"n": posture.n} | who)
        told = f"Drill {drill.number} ({drill.name}): {words}: EVERY PRESS IS REAL NOW"
        self._notices.tell(decision, drill, "real posture", told, self._notices.asked(drill, now), now)
        start = self._memory.drills[drill.id].start
        at = max(start, min(to_mono(read_stamp(posture.since), now), now.mono))
        self._cover.end_of_cover(decision, drill.id, at, words, now, {})

    def reckoned(
        self, decision: Decision, device: str, key: str, at: int, waited_ms: int, now: Now
    ) -> Incident | None:
        """Take that a press was earlier than first reckoned; returns the real incident it has become.

        Where that is before its drill, or near to its start, it was never part of it: it is real.
        """
        for drill_id, rooms in self._memory.presses.items():
            found = next((p for p in rooms.get(device, ()) if p.press.key == key), None)
            if found is None:
                continue
            moved = replace(found, press=replace(found.press, at=min(found.press.at, at)))
            self._memory.keep_press(decision, drill_id, moved)
            timed = self._memory.drills[drill_id]
            verdict = judge(timed, moved.press, _moment(moved.press, waited_ms, now), None, None)
            if found.standing != "real" and (verdict is None or verdict.standing == "real"):
                why = "it was pressed before the drill" if verdict is None else verdict.why
                self._cover.make_real(decision, drill_id, moved, why, {}, now)
            self._cover.close(decision, drill_id, now)
            real = self._memory.presses[drill_id][device]
            return next((self._incidents.get(p.real) for p in real if p.press.key == key and p.real), None)
        return None

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take every moment by a wall clock that has jumped; what is no drill's after all is real."""
        self.judge_again(decision, self._memory.rewrite(decision, now, moved_ms), now)

    def judge_again(self, decision: Decision, presses: dict[str, list[DrillPress]], now: Now) -> None:
        """Make real what these drills took, and was not pressed in them by a clock that is right only now."""
        for drill_id, of in presses.items():
            for press in of:
                verdict = judge(
                    self._memory.drills[drill_id], press.press, _moment(press.press, 0, now), None, None
                )
                if verdict is None or verdict.standing == "real":
                    why = "it was pressed after the drill, by the clock as it is now"
                    self._cover.make_real(decision, drill_id, press, why, {}, now)
            self._cover.close(decision, drill_id, now)

    def not_now(self, drill: Drill) -> Refused | None:
        """Name what keeps a drill from beginning now: something real, or another drill."""
        ledger, cannot = self._ledger, f"cannot start drill {drill.number}: "
        if (other := self._memory.running()) is not None:
            why = f"{cannot}drill {other.number} runs until {stamp(other.until)}"
            return Refused("not-in-this-state", why, "running", ("no other drill",))
        for incident in self._incidents.unresolved():
            if incident.kind in ALARMING and not incident.drill:
                why = f"{cannot}incident {incident.number} of kind {incident.kind} is not resolved"
                return Refused("not-in-this-state", why, incident.state, ("resolved",))
        if self._postures.current.asks:
            why = f"{cannot}nobody has said yet which posture holds"
            return Refused("not-in-this-state", why, "asked", ("a posture that a person has set",))
        posture = self._postures.current.posture
        if posture != "normal":
            why = f"{cannot}the posture is {posture}"
            return Refused("not-in-this-state", why, posture, ("normal",))
        if "store" in ledger.troubles.open:
            why = f"{cannot}the record can't be written now, and a drill is believed by the record alone"
            return Refused("not-in-this-state", why, "store", ("a record that is well",))
        return None

    # --- what is due ---

    def look(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Do what is due of a drill: it begins, its end is near, it is over, nobody answered."""
        timed = self._memory.drills.get(drill_id)
        if timed is None:
            return
        self._overdue(decision, drill_id, now)  # before all else: nothing may keep it waiting
        self.heed_posture(decision, now)
        timed = self._memory.drills[drill_id]
        if timed.drill.state == "planned" and timed.start <= now.mono:
            self._begin_by_itself(decision, timed, now)
        elif timed.drill.state == "running":
            if timed.end <= now.mono:
                self.end(decision, drill_id, "its time was over", now, {})
            elif not timed.drill.reminded and self._memory.remind_at(timed) <= now.mono:
                self._remind(decision, timed, now)
        self._cover.close(decision, drill_id, now)
        self._memory.arm(drill_id, now)

    def new_epoch(self, decision: Decision, why: str, at: int, first: int, now: Now) -> None:
        """End the drill that runs: what was pressed after ``at`` (wall ms) is real. Let none begin by itself.

        The next drill's number is ``first`` at least: others of which nothing is known may bear those before.
        """
        self._memory.number = max(self._memory.number, first - 1)
        if (drill := self._memory.running()) is not None:
            timed = self._memory.drills[drill.id]
            end = min(timed.end, max(to_mono(at, now), timed.start))
            self._memory.drills[drill.id] = timed._replace(end=end)
            self.end(decision, drill.id, why, now, {})
            self._memory.arm(drill.id, now)
        for planned in [one.drill for one in self._memory.drills.values() if one.drill.state == "planned"]:
            self.cancel(decision, planned.id, why, now, {})
            words = f"Drill {planned.number} ({planned.name}) will NOT begin: {why}; plan it again"
            self._notices.tell(
                decision, planned, "will not begin", words, self._notices.asked(planned, now), now
            )
        self._memory.write(decision)

    def _begin_by_itself(self, decision: Decision, timed: Timed, now: Now) -> None:
        drill, late = timed.drill, now.mono > timed.start + TOO_LATE_S
        if self._memory.cannot_tell_when(drill.id):  # its time may have been hours ago
            if not late:
                return
            why = LOST
        elif late:
            why = "the hub could not begin it at its time"
        else:
            refused = self.not_now(drill)
            if refused is None:
                self.begin(decision, drill.id, now, {})
                self._tell_begun(decision, drill.id, now)
                return
            why = refused.detail
        self.cancel(decision, drill.id, why, now, {})
        words = f"Drill {drill.number} ({drill.name}) did NOT begin: {why}"
        self._notices.tell(decision, drill, "did not begin", words, self._notices.asked(drill, now), now)

    def _tell_begun(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Say that a drill began by itself, and what it covers: nobody may have had it in mind."""
        drill = self._memory.drills[drill_id].drill
        minutes = f"{(drill.until - drill.start) / 60_000:g} min"
        where = ", ".join((*drill.buildings, *drill.rooms)) or "every room"
        words = (
            f"Drill {drill.number} ({drill.name}) has begun, for {minutes}: one short press"
            f" ({', '.join(drill.kinds)}) of {where}"
        )
        self._notices.tell(decision, drill, HAS_BEGUN, words, self._notices.asked(drill, now), now)

    def begin(self, decision: Decision, drill_id: str, now: Now, who: dict[str, Any]) -> None:
        """Let a planned drill run from now on; ``who`` is nobody where it begins by itself."""
        drill = self._memory.drills[drill_id].drill
        length = drill.until - drill.start
        self._memory.forget_old(decision)
        taken = {one.drill.place for one in self._memory.drills.values() if one.drill.state != "planned"}
        place = next(n for n in range(len(taken) + 1) if n not in taken)
        drill = replace(drill, state="running", start=now.wall, until=now.wall + length, place=place)
        del self._memory.drills[drill_id]  # the latest to begin is the last
        self._memory.drills[drill_id] = Timed(drill, now.mono, now.mono + length / 1000)
        rooms = [
            r.device
            for r in self._ledger.directory.rooms.values()
            if drill.has(self._ledger.directory.place(r.device))
        ]
        words = f"{drill.name}, {len(rooms)} rooms, until {stamp(drill.until)}"
        detail = of_drill(drill) | {"devices": rooms} | who
        row = record_row(self._ledger, decision, drill, now, "drill", words, detail)
        if drill.posture is not None:
            self._postures.begin_drill(decision, drill.posture, drill.id, now)
        self._memory.change(decision, drill_id, row=row)
        self._memory.arm(drill_id, now)

    def end(self, decision: Decision, drill_id: str, why: str, now: Now, who: dict[str, Any]) -> None:
        """End the drill that runs."""
        timed = self._memory.drills[drill_id]
        end = min(timed.end, now.mono)
        ended = replace(timed.drill, state="ended", ended=to_wall(end, now), ended_by=who.get("by"), why=why)
        pressed = self._memory.pressed(drill_id)
        ended = replace(ended, counts=is_held(ended, pressed))
        self._memory.drills[drill_id] = timed._replace(drill=ended, end=end)
        detail = of_drill(ended) | {"pressed": pressed} | who
        record_row(self._ledger, decision, ended, now, "drill-ended", why, detail)
        self._memory.keep(decision, drill_id)
        self._notices.no_more(decision, ended, why, now)
        self._cover.close(decision, drill_id, now)
        if ended.real_from is None:  # else everybody knows that every press is real
            words = f"Drill {ended.number} ({ended.name}) is over: every press is real"
            self._notices.tell(decision, ended, "is over", words, self._notices.asked(ended, now), now)
        if ended.counts:
            self._calendar.held(decision, ended, now)

    def cancel(self, decision: Decision, drill_id: str, why: str, now: Now, who: dict[str, Any]) -> None:
        """Let a planned drill not begin."""
        timed = self._memory.drills.pop(drill_id)
        self._memory.drills[drill_id] = timed  # the latest that is over is the last
        drill = timed.drill
        record_row(self._ledger, decision, drill, now, "drill-cancelled", why, of_drill(drill) | who)
        self._memory.change(
            decision, drill_id, state="cancelled", ended=now.wall, ended_by=who.get("by"), why=why
        )
        self._memory.forget_old(decision)
        self._memory.write(decision)

    def _remind(self, decision: Decision, timed: Timed, now: Now) -> None:
        drill = timed.drill
        left = max(round(timed.end - now.mono), 0)
        words = f"Drill {drill.number} ({drill.name}) ends by itself in {left} s"
        record_row(self._ledger, decision, drill, now, "drill-reminder", words, {})
        targets = self._notices.asked(drill, now)
        incident = next((i for name in drill.incidents if (i := self._incidents.get(name))), None)
        if incident is not None:
            why = "the end of its drill is near"
            self._incidents.courses.tell(decision, incident, targets, why, now, words)
        else:
            self._notices.tell(decision, drill, ENDS_SOON, words, targets, now)
        self._memory.change(decision, drill.id, reminded=True)

    def _overdue(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Make real what nobody has answered in time."""
        for press in self._memory.waiting(drill_id):
            if press.due is not None and press.due <= now.wall:
                why = "it was not expected, and nobody answered in time"
                self._cover.make_real(decision, drill_id, press, why, {}, now)

    # --- looking things up ---

    def leader_is_told(self, drill: Drill) -> bool:
        """Tell whether the settings give a drill's leader a channel by which they hear of its presses."""
        return bool(self._ledger.directory.of_person(drill.leader))


def _moment(press: Press, waited_ms: int, now: Now) -> Moment:
    return Moment(now.mono - (now.wall - press.at) / 1000, WAITED_UNSURE_S if waited_ms else 0.0)
