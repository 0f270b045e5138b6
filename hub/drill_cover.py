"""What drills cover and what of it is real: from a real panic on nothing is a drill's any more. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now, stamp
from hub.decision import Decision
from hub.deeds import Deeds
from hub.drill import Drill, DrillPress
from hub.drill_calendar import DrillCalendar
from hub.drill_memory import DrillMemory
from hub.drill_notices import DrillNotices
from hub.drill_record import record_row
from hub.incident import Incident, Press, Resolution
from hub.incidents import Incidents
from hub.kept_course import to_mono, to_wall
from hub.ledger import Ledger
from hub.postures import HEAR_S, Postures
from hub.transitions import told_apart
from hub.walk_tests import WalkTests

A_TICK_S: Final = 0.001
"""To what a press's moment is kept."""


class DrillCover:
    """Makes presses of drills real, and ends what drills cover."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        deeds: Deeds,
        walk_tests: WalkTests,
        postures: Postures,
        notices: DrillNotices,
        calendar: DrillCalendar,
        memory: DrillMemory,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._deeds = deeds
        self._walk_tests = walk_tests
        self._postures = postures
        self._notices = notices
        self._calendar = calendar
        self._memory = memory

    def real_came(
        self, decision: Decision, press: Press, incident: Incident, now: Now, why: str = "a real call"
    ) -> None:
        """Take a real call of a drill that runs, ran when it was pressed, or whose posture holds.

        What was pressed after a panic is no drill's, also what was taken already. A drill that is over
        keeps its posture for as long as a press of it waits for an answer.
        """
        at = to_mono(press.at, now)
        for timed in list(self._memory.drills.values()):
            shown = self._is_shown(timed.drill)
            if shown or (timed.drill.state == "ended" and timed.start <= at <= timed.end):
                self._say_real(decision, timed.drill, press, incident, why, now)
                if press.kind == "panic":
                    words = _came_during(incident, press, timed.drill)
                    self.end_of_cover(decision, timed.drill.id, max(timed.start, at), words, now, {})
        if press.kind == "panic":  # also of a drill that this hub knows nothing of
            self._postures.take_drill_off(decision, f"incident {incident.number}, a real panic, came", now)

    def _is_shown(self, drill: Drill) -> bool:
        """Tell whether a drill runs, or the rooms still show its posture."""
        posture = self._postures.current
        return drill.state == "running" or (posture.drill and posture.drill_id == drill.id)

    def _say_real(
        self, decision: Decision, drill: Drill, press: Press, incident: Incident, why: str, now: Now
    ) -> None:
        """Write down a real call of a drill, and tell those of it who are told of every press.

        The drill's posture is no drill's any more, or is asked for: also where it has been lowered since.
        """
        room = press.place.room
        reason = f"{room}: real: {why}; incident {incident.number}"
        detail = {"device": press.place.device, "zone": press.zone, "id": press.id, "at": stamp(press.at)}
        detail |= {"kind": press.kind, "incident": incident.id}
        record_row(self._ledger, decision, drill, now, "drill-real", reason, detail)
        if (known := self._incidents.get(incident.id)) is not None:
            told = f"real in drill {drill.number}"
            self._incidents.courses.tell(decision, known, self._notices.asked(drill, now), told, now)
        words = _came_during(incident, press, drill)
        if press.kind == "panic" and self._postures.current.drill:
            self._postures.take_drill_off(decision, words, now)
        elif press.kind == "panic" or (press.kind != "assist" and self._is_shown(drill)):
            self._postures.ask(decision, words, now)

    def make_real(
        self, decision: Decision, drill_id: str, press: DrillPress, why: str, who: dict[str, Any], now: Now
    ) -> None:
        """Open a real incident of a drill's press, with its own time, in its own group and plan.

        One that became real meanwhile, by another that was real before it, stays as it is.
        """
        drill, press = self._memory.drills[drill_id].drill, self._memory.latest(drill_id, press)
        if press.standing == "real":
            return
        real = replace(press.press, in_drill=None)
        self._walk_tests.real(decision, real, now)
        incident = self._incidents.press(decision, real, now)
        by, via = who.get("by"), who.get("via")
        said = replace(press, standing="real", by=by, via=via, at=now.wall, real=incident.id)
        self.tell_apart(decision, drill_id, said, now)
        where = {"device": real.place.device, "id": real.id, "answer": "real", "incident": incident.id}
        words = f"{real.place.room}: real: {why}"
        record_row(self._ledger, decision, drill, now, "drill-answer", words, where | who)
        self.real_came(decision, real, incident, now, "a person made it real" if by else why)
        if drill.state == "ended" and self._memory.running() is None and real.kind != "assist":
            late = (
                f"that incident {incident.number} is real is known only now that drill {drill.number} is over"
            )
            self._postures.ask(decision, late, now)

    def end_of_cover(
        self, decision: Decision, drill_id: str, mono: float, why: str, now: Now, who: dict[str, Any]
    ) -> None:
        """Let a drill cover nothing that was pressed from this moment (monotonic seconds) on.

        What was taken already and pressed after it is real, but for what a person has answered.
        """
        timed = self._memory.drills[drill_id]
        if timed.real_from is not None and timed.real_from <= mono:
            return
        self._memory.drills[drill_id] = timed._replace(real_from=mono)
        held, drill = timed.drill.counts, timed.drill
        self._memory.change(decision, drill_id, real_from=to_wall(mono, now), why_real=why, counts=False)
        self._notices.no_more(decision, drill, f"drill {drill.number}: {why}", now)
        if held:
            self._calendar.not_held(decision, drill, now)
        for press in self._memory.unanswered(drill_id):
            if to_mono(press.press.at, now) >= mono - A_TICK_S:
                self.make_real(decision, drill_id, press, why, who, now)
        self.close(decision, drill_id, now)

    def tell_apart(self, decision: Decision, drill_id: str, press: DrillPress, now: Now) -> None:
        """Keep what a press turned out to be, and show it on the drill's own incident."""
        self._memory.keep_press(decision, drill_id, press)
        if (incident := self._incidents.get(press.incident)) is not None:
            change = told_apart(incident, press.press, press.standing)
            detail = {"drill": drill_id, "device": press.press.place.device, "by": press.by, "via": press.via}
            self._incidents.changed(decision, change, "incident.updated", now, "drill-answer", detail)

    def close(self, decision: Decision, drill_id: str, now: Now) -> None:
        """End the posture and the incidents of a drill that is over, once nothing in it waits for an answer.

        Until then its posture stays: what was not expected may be real, and lowers nothing. So it does
        after a start, until the brokers have said which one they keep.
        """
        drill = self._memory.drills[drill_id].drill
        if drill.state != "ended" or self._memory.waiting(drill_id):
            return
        if self._is_shown(drill) and not self._postures.has_heard(now):
            self._ledger.wake(now.mono + HEAR_S, "drill", drill_id)
        else:
            self._postures.end_drill(decision, drill_id, drill.why or "", now)
        for name in drill.incidents:
            if (incident := self._incidents.get(name)) is not None:
                by = drill.ended_by or f"drill {drill.number}"
                who = {"by": by, "via": "drill", "note": f"drill {drill.number} is over"}
                self._deeds.end(decision, incident, Resolution(by, now.wall, "drill", "drill"), who, now)


def _came_during(incident: Incident, press: Press, drill: Drill) -> str:
    return f"incident {incident.number}, a real {press.kind}, came during drill {drill.number}"
