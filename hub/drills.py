"""The drills of a site: planned, begun, judged by, ended; and what of them becomes real. Pure.

A drill runs by the hub's own record. What it covers opens incidents of its own, marked as a drill;
everything else is real at once, and so is what was not expected in it, unless a person says in time
that it is part of it. A real panic ends what the drill covers, and takes the word drill off the
posture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
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
from hub.deeds import Deeds
from hub.delivery import Target
from hub.drill import (
    AHEAD_S,
    LONGEST_S,
    NEVER,
    OPEN,
    WAITED_UNSURE_S,
    Drill,
    DrillPress,
    Moment,
    Timed,
    Verdict,
    clock_moved,
    judge,
)
from hub.drill_calendar import DrillCalendar
from hub.drill_notices import DrillNotices
from hub.drill_record import of_drill, record_row
from hub.incident import Incident, Press, Resolution
from hub.incidents import Incidents
from hub.kept_course import ANCHOR, Anchor, to_mono, to_wall
from hub.ledger import Ledger
from hub.postures import Postures
from hub.transitions import told_apart
from hub.walk_tests import WalkTests

KEPT: Final = 8
"""Drills that have run, the latest, whose presses are remembered: one may arrive long after it."""
MOST_PLANNED: Final = 50
TOO_LATE_S: Final = 60.0
"""A planned drill that could not begin within this of its time does not begin by itself."""
ALARMING: Final = frozenset({"panic", "duress"})
"""Kinds of a real incident with which no drill begins."""
FACT: Final = "drills"
PRESSES: Final = "drill-presses "
"""How the facts begin that keep a drill's presses, one for each of its places and rooms."""


class _Kept(Struct, frozen=True):
    number: int = 0
    drills: tuple[Drill, ...] = ()


class _KeptPresses(Struct, frozen=True):
    drill: str
    presses: tuple[DrillPress, ...]


class Drills:
    """The drills that are planned, the one that runs, and the latest that did."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        deeds: Deeds,
        walk_tests: WalkTests,
        postures: Postures,
        notices: DrillNotices,
        calendar: DrillCalendar,
        facts: Mapping[str, str],
        now: Now,
    ) -> None:
        """Over a restart a drill goes on by the wall clock, and what waits for an answer stays due."""
        self._ledger = ledger
        self._incidents = incidents
        self._deeds = deeds
        self._walk_tests = walk_tests
        self._postures = postures
        self._notices = notices
        self._calendar = calendar
        kept = msgspec.json.decode(facts[FACT], type=_Kept) if FACT in facts else _Kept()
        self._number = kept.number
        self._drills = {drill.id: _timed(drill, now) for drill in kept.drills}
        self._recalled = {drill.id for drill in kept.drills if drill.state == "running"}
        self._kept_boot = msgspec.json.decode(facts[ANCHOR], type=Anchor).boot if ANCHOR in facts else None
        self._presses: dict[str, dict[str, tuple[DrillPress, ...]]] = {name: {} for name in self._drills}
        for name, text in facts.items():
            if name.startswith(PRESSES):
                of_room = msgspec.json.decode(text, type=_KeptPresses)
                if of_room.drill in self._presses:
                    self._presses[of_room.drill][name.split(" ", 2)[2]] = of_room.presses
        for drill_id in self._drills:
            self._arm(drill_id, now)
            self._show(drill_id)

    def running(self) -> Drill | None:
        """Return the drill that runs now."""
        return next((one.drill for one in self._drills.values() if one.drill.state == "running"), None)

    # --- presses ---

    def judge(
        self, press: Press, doubt: str | None, waited_ms: int, now: Now
    ) -> tuple[Drill, Verdict] | None:
        """Say what a press is by the drill that ran when it was pressed; None: none did.

        ``waited_ms`` is how long its message lay in the broker.
        """
        moment = _moment(press, waited_ms, now)
        for timed in reversed(list(self._drills.values())):
            if timed.drill.state in ("running", "ended"):
                first = self._first_at(timed.drill.id, press)
                if (verdict := judge(timed, press, moment, first, doubt)) is not None:
                    return timed.drill, verdict
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
        self._keep_press(decision, drill.id, taken)
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
            self._change(decision, drill.id, incidents=(*drill.incidents, incident.id))
        why = f"{word} in drill {drill.number}"
        self._incidents.courses.tell(decision, incident, self._asked(drill, now), why, now)
        if unexpected and settings.unexpected_real_after_s == 0:
            self._overdue(decision, drill.id, now)
        self._close(decision, drill.id, now)
        self._arm(drill.id, now)
        return self._incidents.get(incident.id) or incident

    def real_came(
        self, decision: Decision, press: Press, incident: Incident, now: Now, why: str = "a real call"
    ) -> None:
        """Take a real call while a drill runs: what is pressed after a panic is no drill's."""
        drill = self.running()
        if drill is None:
            return
        room = press.place.room
        reason = f"{room}: real: {why}; incident {incident.number}"
        detail = {"device": press.place.device, "zone": press.zone, "id": press.id, "at": stamp(press.at)}
        detail |= {"kind": press.kind, "incident": incident.id}
        record_row(self._ledger, decision, drill, now, "drill-real", reason, detail)
        words = f"incident {incident.number}, a real {press.kind}, came during drill {drill.number}"
        if press.kind == "panic" and drill.real_from is None:
            mono = max(self._drills[drill.id].start, _moment(press, 0, now).at)
            self._end_of_cover(decision, drill.id, mono, words, now)
        before = self._postures.current.asked
        if press.kind == "panic" and self._postures.current.drill:
            self._postures.take_drill_off(decision, words, now)
        elif press.kind != "assist":
            self._postures.ask(decision, words, now)
        asked = self._postures.current.asked
        if asked is not None and asked != before:
            officer = self._ledger.directory.reach("sro", now.wall).targets
            question = f"Which posture is to hold? {asked.why}"
            self._notices.tell(decision, drill, f"asks of {incident.id}", question, officer, now)

    def reckoned(
        self, decision: Decision, device: str, key: str, at: int, waited_ms: int, now: Now
    ) -> Incident | None:
        """Take that a press was earlier than first reckoned; returns the real incident it has become.

        Where that is before its drill, or near to its start, it was never part of it: it is real.
        """
        for drill_id, rooms in self._presses.items():
            found = next((p for p in rooms.get(device, ()) if p.press.key == key), None)
            if found is None:
                continue
            moved = replace(found, press=replace(found.press, at=min(found.press.at, at)))
            self._keep_press(decision, drill_id, moved)
            timed = self._drills[drill_id]
            verdict = judge(timed, moved.press, _moment(moved.press, waited_ms, now), None, None)
            if found.standing != "real" and (verdict is None or verdict.standing == "real"):
                why = "it was pressed before the drill" if verdict is None else verdict.why
                self._make_real(decision, drill_id, moved, why, {}, now)
            self._close(decision, drill_id, now)
            real = self._presses[drill_id][device]
            return next((self._incidents.get(p.real) for p in real if p.press.key == key and p.real), None)
        return None

    # --- a person's word ---

    def act(self, decision: Decision, action: DrillAction, now: Now) -> Answer:
        """Do what a person asks, or refuse it with the reason."""
        if isinstance(action, PlanDrill):
            return self._plan(decision, action, now)
        timed = self._drills.get(action.drill)
        if timed is None:
            known = ", ".join(self._drills) or "none"
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
            if (refused := self._not_now(drill)) is not None:
                return refused
            self._begin(decision, drill.id, now, who)
        elif isinstance(action, EndDrill):
            self._end(decision, drill.id, f"{action.by} ended it", now, who)
        else:
            self._cancel(decision, drill.id, f"{action.by} cancelled it", now, who)
        return DrillDone(self._drills[drill.id].drill)

    def _plan(self, decision: Decision, action: PlanDrill, now: Now) -> Answer:
        if (refused := self._unfit(action, now)) is not None:
            return refused
        people = self._ledger.directory.roster.people
        leader = people[action.leader].name if action.leader in people else action.leader
        start = now.wall if action.start is None else action.start
        drill = Drill(
            id=str(self._number + 1),
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
        if action.start is None and (refused := self._not_now(drill)) is not None:
            return refused
        self._number += 1
        self._drills[drill.id] = _timed(drill, now)
        self._presses[drill.id] = {}
        who = {"by": action.by, "via": action.via}
        if action.start is None:
            self._begin(decision, drill.id, now, who)
        else:
            words = f"{drill.name}, at {stamp(start)} for {action.for_s / 60:g} min"
            record_row(self._ledger, decision, drill, now, "drill-planned", words, of_drill(drill) | who)
            self._keep(decision, drill.id)
            self._arm(drill.id, now)
        return DrillDone(self._drills[drill.id].drill)

    def _unfit(self, action: PlanDrill, now: Now) -> Refused | None:
        """Name what is wrong with a drill that is asked for."""
        directory = self._ledger.directory
        if not action.name.strip() or not action.leader.strip():
            return Refused("bad-input", "name, leader: a drill has both")
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
        if sum(one.drill.state in OPEN for one in self._drills.values()) >= MOST_PLANNED:
            return Refused("not-in-this-state", f"{MOST_PLANNED} drills are planned: cancel one first")
        return None

    def _not_now(self, drill: Drill) -> Refused | None:
        """Name what keeps a drill from beginning now: something real, or another drill."""
        ledger, cannot = self._ledger, f"cannot start drill {drill.number}: "
        if (other := self.running()) is not None:
            why = f"{cannot}drill {other.number} runs until {stamp(other.until)}"
            return Refused("not-in-this-state", why, "running", ("no other drill",))
        for incident in self._incidents.unresolved():
            if incident.kind in ALARMING and not incident.drill:
                why = f"{cannot}incident {incident.number} of kind {incident.kind} is not resolved"
                return Refused("not-in-this-state", why, incident.state, ("resolved",))
        posture = self._postures.current.posture
        if posture != "normal":
            why = f"{cannot}the posture is {posture}"
            return Refused("not-in-this-state", why, posture, ("normal",))
        if "store" in ledger.troubles.open:
            why = f"{cannot}the record can't be written now, and a drill is believed by the record alone"
            return Refused("not-in-this-state", why, "store", ("a record that is well",))
        return None

    def _make_real_by(self, decision: Decision, drill: Drill, action: MakeReal, now: Now) -> Answer:
        if drill.state in ("planned", "cancelled"):
            why = f"cannot make drill {drill.number} real: {drill.state}; allowed: running, ended"
            return Refused("not-in-this-state", why, drill.state, ("running", "ended"))
        chosen = self._chosen(drill.id, action.device, action.event)
        which = [press for press in chosen if press.standing != "real"]
        whole = action.device is None
        if not which and not (whole and drill.state == "running"):
            return self._no_such_press(drill, action, "to make real")
        who = {"by": action.by, "via": action.via}
        for press in which:
            self._make_real(decision, drill.id, press, f"{action.by} says so", who, now)
        if whole and drill.state == "running":
            why = f"{action.by} made all of it real"
            real = f"drill {drill.number} was made real"
            if self._drills[drill.id].real_from is None:
                self._end_of_cover(decision, drill.id, now.mono, real, now)
            self._postures.take_drill_off(decision, real, now)
            self._end(decision, drill.id, why, now, who)
        self._close(decision, drill.id, now)
        return DrillDone(self._drills[drill.id].drill, self._real_of(drill.id, which))

    def _part_by(self, decision: Decision, drill: Drill, action: PartOfDrill, now: Now) -> Answer:
        which = [p for p in self._chosen(drill.id, action.device, action.event, until=True) if p.waits]
        if len(which) > 1 and action.event is None:
            rooms = ", ".join(f"{p.press.place.device} {p.press.id}" for p in which)
            why = f"{len(which)} presses of drill {drill.number} wait for an answer: {rooms}; name one"
            return Refused("not-in-this-state", why, "not-expected", ("device and event",))
        if not which:
            return self._no_such_press(drill, action, "that waits for an answer")
        for press in which:
            room = press.press.place.room
            said = replace(press, standing="part-of-drill", by=action.by, via=action.via, at=now.wall)
            self._tell_apart(decision, drill.id, said, now)
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
        self._close(decision, drill.id, now)
        return DrillDone(self._drills[drill.id].drill)

    def _no_such_press(self, drill: Drill, action: MakeReal | PartOfDrill, what: str) -> Refused:
        known = [p for p in self._chosen(drill.id, action.device, action.event) if action.device is not None]
        if known:
            standing = known[-1].standing
            why = f"that press of drill {drill.number} is {standing.replace('-', ' ')}"
            return Refused("not-in-this-state", why, standing, ("not-expected",))
        of = "" if action.device is None else f" of {shown(action.device, 64)}"
        return Refused("not-found", f"drill {drill.number} has no press{of} {what}")

    # --- what is due ---

    def look(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Do what is due of a drill: it begins, its end is near, it is over, nobody answered."""
        timed = self._drills.get(drill_id)
        if timed is None:
            return
        self._overdue(decision, drill_id, now)  # before all else: nothing may keep it waiting
        if timed.drill.state == "planned" and timed.start <= now.mono:
            self._begin_by_itself(decision, timed, now)
        elif timed.drill.state == "running":
            if timed.end <= now.mono:
                self._end(decision, drill_id, "its time was over", now, {})
            elif not timed.drill.reminded and self._remind_at(timed) <= now.mono:
                self._remind(decision, timed, now)
        self._close(decision, drill_id, now)
        self._arm(drill_id, now)

    def new_epoch(self, decision: Decision, why: str, at: int, first: int, now: Now) -> None:
        """End the drill that runs: what was pressed after ``at`` (wall ms) is real.

        The next drill's number is ``first`` at least: others of which nothing is known may bear those before.
        """
        self._number = max(self._number, first - 1)
        if (drill := self.running()) is not None:
            timed = self._drills[drill.id]
            end = min(timed.end, max(to_mono(at, now), timed.start))
            self._drills[drill.id] = timed._replace(end=end)
            self._end(decision, drill.id, why, now, {})
            self._arm(drill.id, now)
        self._write(decision)

    def rewrite(self, decision: Decision, now: Now, moved_ms: int, boot: str | None) -> None:
        """Store every moment anew, after the wall clock jumped.

        What is planned goes by the wall clock. Where the machine was started anew meanwhile and its clock
        is only now set right, how long it was away is known only now: a drill is not the longer for it.
        """
        unknown_until_now = moved_ms > 0 and (boot is None or boot != self._kept_boot)
        for drill_id, timed in list(self._drills.items()):
            if timed.drill.state == "planned":
                self._drills[drill_id] = _timed(timed.drill, now)
            else:
                end = timed.end
                if unknown_until_now and drill_id in self._recalled and timed.drill.state == "running":
                    end = min(end, to_mono(timed.drill.until, now))
                self._drills[drill_id] = _rewritten(timed._replace(end=end), now)
            for device, presses in self._presses[drill_id].items():
                self._presses[drill_id][device] = tuple(clock_moved(press, moved_ms) for press in presses)
                self._write_presses(decision, drill_id, device)
            self._arm(drill_id, now)
        if self._drills:
            self._write(decision)
            for drill_id in self._drills:
                self._show(drill_id, decision)

    def _begin_by_itself(self, decision: Decision, timed: Timed, now: Now) -> None:
        drill = timed.drill
        if now.mono > timed.start + TOO_LATE_S:
            why = "the hub could not begin it at its time"
        else:
            refused = self._not_now(drill)
            if refused is None:
                self._begin(decision, drill.id, now, {})
                return
            why = refused.detail
        self._cancel(decision, drill.id, why, now, {})
        words = f"Drill {drill.number} ({drill.name}) did NOT begin: {why}"
        self._notices.tell(decision, drill, "did not begin", words, self._asked(drill, now), now)

    def _begin(self, decision: Decision, drill_id: str, now: Now, who: dict[str, Any]) -> None:
        drill = self._drills[drill_id].drill
        length = drill.until - drill.start
        self._forget_old()
        taken = {one.drill.place for one in self._drills.values() if one.drill.state != "planned"}
        place = next(n for n in range(len(taken) + 1) if n not in taken)
        drill = replace(drill, state="running", start=now.wall, until=now.wall + length, place=place)
        del self._drills[drill_id]  # the latest to begin is the last
        self._drills[drill_id] = Timed(drill, now.mono, now.mono + length / 1000)
        rooms = [
            r.device
            for r in self._ledger.directory.rooms.values()
            if drill.has(self._ledger.directory.place(r.device))
        ]
        words = f"{drill.name}, {len(rooms)} rooms, until {stamp(drill.until)}"
        detail = of_drill(drill) | {"devices": rooms} | who
        record_row(self._ledger, decision, drill, now, "drill", words, detail)
        if drill.posture is not None:
            self._postures.begin_drill(decision, drill.posture, drill.id, now)
        self._keep(decision, drill_id)
        self._arm(drill_id, now)

    def _end(self, decision: Decision, drill_id: str, why: str, now: Now, who: dict[str, Any]) -> None:
        timed = self._drills[drill_id]
        end = min(timed.end, now.mono)
        ended = replace(timed.drill, state="ended", ended=to_wall(end, now), ended_by=who.get("by"), why=why)
        self._drills[drill_id] = timed._replace(drill=ended, end=end)
        pressed = sum(bool(presses) for presses in self._presses[drill_id].values())
        detail = of_drill(ended) | {"pressed": pressed} | who
        record_row(self._ledger, decision, ended, now, "drill-ended", why, detail)
        self._postures.end_drill(decision, drill_id, why, now)
        self._keep(decision, drill_id)
        self._calendar.held(decision, ended, now)
        self._close(decision, drill_id, now)

    def _cancel(self, decision: Decision, drill_id: str, why: str, now: Now, who: dict[str, Any]) -> None:
        drill = self._drills[drill_id].drill
        record_row(self._ledger, decision, drill, now, "drill-cancelled", why, of_drill(drill) | who)
        self._change(decision, drill_id, state="cancelled", ended=now.wall, ended_by=who.get("by"), why=why)

    def _remind(self, decision: Decision, timed: Timed, now: Now) -> None:
        drill = timed.drill
        left = max(round(timed.end - now.mono), 0)
        words = f"Drill {drill.number} ({drill.name}) ends by itself in {left} s"
        record_row(self._ledger, decision, drill, now, "drill-reminder", words, {})
        targets = self._asked(drill, now)
        incident = next((i for name in drill.incidents if (i := self._incidents.get(name))), None)
        if incident is not None:
            why = "the end of its drill is near"
            self._incidents.courses.tell(decision, incident, targets, why, now, words)
        else:
            self._notices.tell(decision, drill, "ends soon", words, targets, now)
        self._change(decision, drill.id, reminded=True)

    def _overdue(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Make real what nobody has answered in time."""
        for press in self._waiting(drill_id):
            if press.due is not None and press.due <= now.wall:
                why = "it was not expected, and nobody answered in time"
                self._make_real(decision, drill_id, press, why, {}, now)

    def _close(self, decision: Decision, drill_id: str, now: Now) -> None:
        """Resolve the incidents of a drill that is over, once nothing in it waits for an answer."""
        drill = self._drills[drill_id].drill
        if drill.state != "ended" or self._waiting(drill_id):
            return
        for name in drill.incidents:
            if (incident := self._incidents.get(name)) is not None:
                by = drill.ended_by or f"drill {drill.number}"
                who = {"by": by, "via": "drill", "note": f"drill {drill.number} is over"}
                self._deeds.end(decision, incident, Resolution(by, now.wall, "drill", "drill"), who, now)

    # --- real ---

    def _make_real(
        self, decision: Decision, drill_id: str, press: DrillPress, why: str, who: dict[str, Any], now: Now
    ) -> None:
        """Open a real incident of a drill's press, with its own time, in its own group and plan."""
        drill = self._drills[drill_id].drill
        real = replace(press.press, in_drill=None)
        self._walk_tests.real(decision, real, now)
        incident = self._incidents.press(decision, real, now)
        by, via = who.get("by"), who.get("via")
        said = replace(press, standing="real", by=by, via=via, at=now.wall, real=incident.id)
        self._tell_apart(decision, drill_id, said, now)
        where = {"device": real.place.device, "id": real.id, "answer": "real", "incident": incident.id}
        words = f"{real.place.room}: real: {why}"
        record_row(self._ledger, decision, drill, now, "drill-answer", words, where | who)
        self.real_came(decision, real, incident, now, "a person made it real" if by else why)

    def _end_of_cover(self, decision: Decision, drill_id: str, mono: float, why: str, now: Now) -> None:
        self._drills[drill_id] = self._drills[drill_id]._replace(real_from=mono)
        self._change(decision, drill_id, real_from=to_wall(mono, now), why_real=why)

    def _tell_apart(self, decision: Decision, drill_id: str, press: DrillPress, now: Now) -> None:
        """Keep what a press turned out to be, and show it on the drill's own incident."""
        self._keep_press(decision, drill_id, press)
        if (incident := self._incidents.get(press.incident)) is not None:
            change = told_apart(incident, press.press, press.standing)
            detail = {"drill": drill_id, "device": press.press.place.device, "by": press.by, "via": press.via}
            self._incidents.changed(decision, change, "incident.updated", now, "drill-answer", detail)

    # --- looking things up ---

    def _asked(self, drill: Drill, now: Now) -> tuple[Target, ...]:
        """Return who is told of every press: the officer, and the drill's leader."""
        directory = self._ledger.directory
        officer = directory.reach("sro", now.wall).targets
        known = {(target.channel, target.name) for target in officer}
        leader = [t for t in directory.of_person(drill.leader) if (t.channel, t.name) not in known]
        return (*officer, *leader)

    def _waiting(self, drill_id: str) -> list[DrillPress]:
        return [press for of in self._presses[drill_id].values() for press in of if press.waits]

    def _first_at(self, drill_id: str, press: Press) -> int | None:
        """Return when a room's first press of a drill was, by what has come."""
        presses = self._presses[drill_id].get(press.place.device, ())
        return min((p.press.at for p in presses if p.press.key != press.key), default=None)

    def _chosen(
        self, drill_id: str, device: str | None, event: str | None, *, until: bool = False
    ) -> list[DrillPress]:
        """Return a drill's presses: of one room, one event; ``until``: those that came before it, too."""
        rooms = self._presses[drill_id]
        found = (
            list(rooms.get(device, ())) if device is not None else [p for of in rooms.values() for p in of]
        )
        if event is None:
            return found
        place = next((i for i, press in enumerate(found) if press.press.id == event), None)
        if place is None:
            return []
        return found[: place + 1] if until else found[place : place + 1]

    def _real_of(self, drill_id: str, which: Iterable[DrillPress]) -> tuple[Incident, ...]:
        keys = {(p.press.place.device, p.press.key) for p in which}
        presses = [p for of in self._presses[drill_id].values() for p in of]
        names = dict.fromkeys(
            p.real for p in presses if (p.press.place.device, p.press.key) in keys and p.real
        )
        return tuple(incident for name in names if (incident := self._incidents.get(name)) is not None)

    # --- keeping ---

    def _change(self, decision: Decision, drill_id: str, **changes: Any) -> None:
        timed = self._drills[drill_id]
        self._drills[drill_id] = timed._replace(drill=replace(timed.drill, **changes))
        self._keep(decision, drill_id)

    def _keep(self, decision: Decision, drill_id: str) -> None:
        self._write(decision)
        self._show(drill_id, decision)

    def _keep_press(self, decision: Decision, drill_id: str, press: DrillPress) -> None:
        device, key = press.press.place.device, press.press.key
        rooms = self._presses[drill_id]
        before = rooms.get(device, ())
        if any(one.press.key == key for one in before):
            rooms[device] = tuple(press if one.press.key == key else one for one in before)
        else:
            rooms[device] = (*before, press)
        self._write_presses(decision, drill_id, device)
        self._show(drill_id, decision)

    def _write(self, decision: Decision) -> None:
        kept = _Kept(self._number, tuple(timed.drill for timed in self._drills.values()))
        decision.facts[FACT] = msgspec.json.encode(kept).decode()

    def _write_presses(self, decision: Decision, drill_id: str, device: str) -> None:
        kept = _KeptPresses(drill_id, self._presses[drill_id][device])
        name = f"{PRESSES}{self._drills[drill_id].drill.place} {device}"
        decision.facts[name] = msgspec.json.encode(kept).decode()

    def _forget_old(self) -> None:
        """Let go of the oldest drills that are over: what was pressed in them and comes now is real."""
        over = [
            name
            for name, timed in self._drills.items()
            if timed.drill.state not in OPEN and not self._waiting(name)
        ]
        for name in over[:-KEPT]:
            del self._drills[name], self._presses[name]
            self._ledger.view.drills.pop(name, None)

    def _remind_at(self, timed: Timed) -> float:
        before = self._ledger.settings.drills.remind_before_s
        return timed.end - before if before and timed.end - timed.start > before else float("inf")

    def _arm(self, drill_id: str, now: Now) -> None:
        timed = self._drills.get(drill_id)
        if timed is None:
            return
        moments = [to_mono(p.due, now) for p in self._waiting(drill_id) if p.due is not None]
        if timed.drill.state == "planned":
            moments.append(timed.start)
        elif timed.drill.state == "running":
            moments.append(timed.end)
            if not timed.drill.reminded and (at := self._remind_at(timed)) < timed.end:
                moments.append(at)
        if moments:
            self._ledger.wake(min(moments), "drill", drill_id)

    def _show(self, drill_id: str, decision: Decision | None = None) -> None:
        view = self._ledger.view
        drill = self._drills[drill_id].drill
        presses = tuple(press for of in self._presses[drill_id].values() for press in of)

        def show() -> None:
            view.drills[drill_id] = (drill, presses)

        if decision is None:
            show()
        else:
            decision.shown.append(show)


def _moment(press: Press, waited_ms: int, now: Now) -> Moment:
    return Moment(now.mono - (now.wall - press.at) / 1000, WAITED_UNSURE_S if waited_ms else 0.0)


def _timed(drill: Drill, now: Now) -> Timed:
    if drill.state != "planned":
        now = Now(now.mono, max(now.wall, drill.start))
    end = drill.until if drill.ended is None else drill.ended
    real_from = None if drill.real_from is None else to_mono(drill.real_from, now)
    return Timed(drill, to_mono(drill.start, now), to_mono(end, now), real_from)


def _rewritten(timed: Timed, now: Now) -> Timed:
    drill = timed.drill
    start, end = to_wall(timed.start, now), to_wall(timed.end, now)
    until = end if drill.ended is None else drill.until + start - drill.start
    real_from = None if timed.real_from is None else to_wall(timed.real_from, now)
    ended = None if drill.ended is None else end
    return timed._replace(drill=replace(drill, start=start, until=until, ended=ended, real_from=real_from))
