"""A school in which anything may happen, in any order; and what must hold after every step of it.

A machine for Hypothesis: buttons, people, their phones, the disk, the clocks and the hub do as they
please. ``test_any_history`` runs it, ``test_planted_faults`` shows what it catches.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from config.hub_settings import HubSettings
from config.plan_settings import ConfirmSettings, PlanSettings, StepSettings
from hub.asking import (
    Done,
    DrillDone,
    EndDrill,
    EndWalkTest,
    MakeReal,
    OpenWalkTest,
    PartOfDrill,
    PlanDrill,
    Refused,
    WalkTestDone,
)
from hub.course import ALWAYS_TOLD, next_deadline
from hub.delivery import Delivery
from hub.incident import Incident, Press, rank
from hub.presses import Seen
from hub.reckoning import digest, plain_key
from hub.store.chain import said
from hub.store.known import Known
from hub.store.reading import Reading
from tests.scenarios.replay import differences
from tests.scenarios.retelling import contradictions
from tests.scenarios.rig import WALL_0, Rig
from tests.scenarios.school import ENDS, PLANS, school

ROOMS = st.sampled_from([101, 102, 103, 140, 999])
KINDS = st.sampled_from([("wall", "panic"), ("quiet", "duress"), ("nurse", "medical"), ("help", "assist")])
PEOPLE = st.sampled_from(["Reyes", "Ortiz", "Okafor", "a substitute"])
PAUSES = st.sampled_from([0.1, 0.3, 1.0, 2.0, 5.0, 31.0, 61.0, 125.0, 301.0])
JUMPS = st.sampled_from([-86_400.0, -90.0, -10.0, 10.0, 90.0, 86_400.0])
FAR = st.sampled_from(["takes", "takes", "down", "hangs", "refuses"])
DISPOSITIONS = st.sampled_from(["real", "false-alarm"])
SAME_PRESS_S = 60.0
UNCERTAIN_S = 2.0
"""Seconds by which the hub may be wrong about a press: the broker counts in whole ones."""


def any_school(*, by_building: bool) -> HubSettings:
    """A school whose panics may be confirmed, and whose buildings may have incidents of their own."""
    group_by = "building" if by_building else "site"
    nurse = StepSettings(after_s=10, notify=("nurse",), when="confirmed")
    plans: dict[str, PlanSettings] = {
        name: replace(plan, group_by=group_by, steps=(*plan.steps, *([nurse] if name == "panic" else [])))
        for name, plan in PLANS.items()
    }
    plans["panic"] = replace(plans["panic"], confirm=ConfirmSettings(rooms=3, within_s=60))
    return school(plans=plans)


def _sooner(step: StepSettings, seconds: float) -> StepSettings:
    return replace(step, after_s=max(step.after_s - seconds, 1.0)) if step.after_s else step


class Tried(NamedTuple):
    """A try at a far side, and what had been let out of its incident by then."""

    delivery: Delivery
    incident: Incident | None
    newest: int
    """The highest revision that its target had taken before."""


class Watched(Rig):
    """A rig that notes what was known when each notice was tried."""

    def __init__(self, data: Path, settings: HubSettings, kinds: Mapping[str, str]) -> None:
        self.released: dict[str, Incident] = {}
        self.tried: list[Tried] = []
        super().__init__(data, settings, kinds)

    def _start(self) -> None:
        super()._start()
        self.released = {i.id: i for i in Reading(self._reader, self.settings.site).incidents(limit=500)}
        self.recorded = {incident.id: incident.revision for incident in self.released.values()}
        """What the record held at the start, before the broker brought anything again."""

    def _tell(self, decision: Any) -> None:
        if not decision.told:
            self.released |= {name: incident for name, (incident, _) in decision.incidents.items()}
        super()._tell(decision)

    def _try(self, delivery: Delivery) -> None:
        told = [
            notice.incident["revision"]
            for notice in self.notices
            if (notice.incident["id"], notice.channel, notice.audience)
            == (delivery.incident, delivery.target.channel, delivery.target.audience)
        ]
        known = self.released.get(delivery.incident)
        self.tried.append(Tried(delivery, known, max(told, default=0)))
        super()._try(delivery)


class AnyHistory(RuleBasedStateMachine):
    """A school whose buttons, people, phones, disk, clocks and hub do as they please."""

    record: Path
    """An empty record at the newest schema."""

    @initialize(
        by_building=st.booleans(),
        dispatch=st.sampled_from(["webhook", "dc-09"]),
        before=st.sampled_from(
            ["nothing", "a press", "in hand", "unheard", "silence", "phones down", "a drill"]
        ),
    )
    def begin(self, by_building: bool, dispatch: str, before: str) -> None:
        """``before`` is what has happened already: so that short histories come far enough."""
        self.data = Path(tempfile.mkdtemp())
        shutil.copy(self.record, self.data / "tocsin.db")
        self.settings = any_school(by_building=by_building)
        self.rig = Watched(self.data, self.settings, {"dispatch": dispatch})
        self.reading = Reading(self.rig._reader, "lincoln")
        self.known = Known(self.rig._reader)
        self.pressed: dict[tuple[str, str], bytes] = {}
        self.true_at: dict[tuple[str, str], float] = {}
        """When each button was pressed, in true seconds, while the hub can know how long ago that was."""
        self.walked: set[str] = set()
        """Devices of which somebody opened a walk test at some time."""
        self.perhaps: set[tuple[str, str]] = set()
        """Presses that say they are tests, of such a device."""
        self.said: dict[str, dict[str, Any]] = {}
        self.showed: dict[str, dict[int, frozenset[tuple[str, str]]]] = {}
        """By incident and revision: the presses that somebody saw who saw that revision."""
        self.drilled: dict[str, tuple[float, float]] = {}
        """From when to when each drill ran, in true seconds, as far as that can be known."""
        self.signs: dict[str, int] = {}
        """By incident: the revision of the last sign that somebody is at work."""
        if before == "phones down":
            self.rig.far.update(dict.fromkeys(ENDS, "down"))
        if before == "a drill":
            self.a_drill_is_started((), 1200.0, "lockdown")
            self.rig.wait(3)
        if before != "nothing":
            self.press(101, ("wall", "panic"), 0.0)
        if before in ("in hand", "unheard", "silence"):
            self.rig.wait(3)
            if before == "unheard":
                self.rig.far.update(dict.fromkeys(ENDS, "hangs"))
            self.sign(self.rig.acknowledge(by="Reyes").incident)  # type: ignore[union-attr]
        if before == "silence":
            self.rig.far.update(dict.fromkeys(ENDS, "hangs"))
            self.rig.wait(301)

    def teardown(self) -> None:
        if hasattr(self, "data"):
            shutil.rmtree(self.data)

    # --- what happens ---

    @rule(room=ROOMS, zone_kind=KINDS, ends=st.booleans())
    def somebody_bypasses(self, room: int, zone_kind: tuple[str, str], ends: bool) -> None:
        """Whatever is bypassed, and whatever faults there are: no press is silenced by it."""
        if ends:
            self.rig.end_bypass(room, zone_kind[0])
        else:
            self.rig.bypass(room, zone_kind[0], hours=0.02)

    @rule(room=ROOMS, zone_kind=KINDS, what=st.sampled_from(["tamper", "tamper-restoral"]))
    def a_wire_is_loose(self, room: int, zone_kind: tuple[str, str], what: str) -> None:
        zone, kind = zone_kind
        self.faults = getattr(self, "faults", 0) + 1
        self.rig.press(room, zone, kind, what=what, cause="cut", id=f"t{self.faults}")

    @rule(room=ROOMS, zone_kind=KINDS, age=st.sampled_from([0.0, 0.0, 0.0, 30.0, 3600.0]))
    def press(
        self, room: int, zone_kind: tuple[str, str], age: float, test: bool = False, boot: str = ""
    ) -> None:
        """``boot``: its agent was started anew, and it is the first that it sends."""
        n = len(self.pressed) + 1
        event = {
            "v": 1, "id": f"e{n}", "boot": boot or "b", "seq": 1 if boot else n, "zone": zone_kind[0],
            "kind": zone_kind[1], "what": "alarm", "age_ms": round(age * 1000), "test": test,
        }  # fmt: skip
        payload = msgspec.json.encode(event)
        self.pressed[f"room-{room}", f"e{n}"] = payload
        self.true_at[f"room-{room}", f"e{n}"] = self.rig.t - age
        self.rig.publish(f"room-{room}", payload)
        self.asks_if_it_calls_anew(f"room-{room}", f"e{n}")

    @rule(jump=JUMPS)
    def a_press_comes_after_its_bypass(self, jump: float) -> None:
        """A state is faster than its alarm: its zone is bypassed as it reads active, and the clock is set."""
        boot = f"anew-{len(self.pressed)}"
        self.rig.state(140, boot=boot, wall="active")
        self.rig.wait(2)
        self.rig.bypass(140, hours=0.02)
        self.rig.wait(1)
        self.rig.wall_jumps(jump)
        self.press(140, ("wall", "panic"), 2.5, boot=boot)
        self.rig.state(140, boot=boot, wall="normal")

    @rule(room=ROOMS)
    def an_agent_tells_its_state(self, room: int) -> None:
        self.rig.state(room, wall="normal")

    @rule(room=ROOMS, zones=st.sampled_from([(), ("wall",), ("quiet", "help")]), ends=st.booleans())
    def somebody_walks(self, room: int, zones: tuple[str, ...], ends: bool) -> None:
        """Opens a walk test of a room, or ends it."""
        device = f"room-{room}"
        asked = (
            EndWalkTest(device, "Lee", "board") if ends else OpenWalkTest(device, "Lee", "board", zones, 120)
        )
        if isinstance(self.rig._ask(asked), WalkTestDone):
            self.walked.add(device)

    @rule(room=ROOMS, zone_kind=KINDS, age=st.sampled_from([0.0, 30.0]))
    def a_press_says_it_is_a_test(self, room: int, zone_kind: tuple[str, str], age: float) -> None:
        """It is one only where somebody opened a walk test of its room."""
        if f"room-{room}" in self.walked:
            self.perhaps.add((f"room-{room}", f"e{len(self.pressed) + 1}"))
        self.press(room, zone_kind, age, test=True)

    @rule(data=st.data())
    def an_agent_sends_again(self, data: Any) -> None:
        if self.pressed:
            device, event = data.draw(st.sampled_from(sorted(self.pressed)))
            self.rig.publish(device, self.pressed[device, event])

    @rule(
        rooms=st.sampled_from([(), (101,), (101, 102), (102, 103, 140)]),
        for_s=st.sampled_from([60.0, 300.0, 1200.0]),
        posture=st.sampled_from([None, "lockdown"]),
    )
    def a_drill_is_started(self, rooms: tuple[int, ...], for_s: float, posture: Any) -> None:
        names = tuple(f"room-{number}" for number in rooms)
        answer = self.rig.ask(
            PlanDrill("lockdown", "Ortiz", "Okafor", "board", for_s, rooms=names, posture=posture)
        )
        if isinstance(answer, DrillDone):
            self.drilled[answer.drill.id] = self.rig.t, self.rig.t + for_s

    @rule()
    def the_drill_is_ended(self) -> None:
        if (drill := self.rig.site.drill_memory.running()) is not None:
            self.rig.ask(EndDrill(drill.id, "Okafor", "board"))
            if drill.id in self.drilled:
                begun, end = self.drilled[drill.id]
                self.drilled[drill.id] = begun, min(end, self.rig.t)

    @rule(room=ROOMS, is_real=st.booleans(), whole=st.booleans())
    def somebody_says_what_a_press_is(self, room: int, is_real: bool, whole: bool) -> None:
        for drill in list(self.rig.site.drill_memory.drills)[-1:]:
            device = None if whole and is_real else f"room-{room}"
            word = MakeReal if is_real else PartOfDrill
            self.rig.ask(word(drill, "Okafor", "board", device))

    @rule(room=ROOMS, pause=st.sampled_from([0.5, 12.0, 31.0]))
    def a_room_of_the_drill_presses_twice(self, room: int, pause: float) -> None:
        if self.rig.site.drill_memory.running() is None or self.rig.disk == "hung":
            return
        self.press(room, ("wall", "panic"), 0.0)
        self.rig.wait(pause)
        self.press(room, ("wall", "panic"), 0.0)

    @rule(data=st.data(), by=PEOPLE, older=st.integers(0, 2))
    def somebody_acknowledges(self, data: Any, by: str, older: int) -> None:
        if (found := self.some_incident(data)) is None:
            return
        which, before = found
        seen = max(before.revision - older, 1)
        answer = self.rig.acknowledge(seen if older else None, by, which)
        calls = self.unseen_calls(before, seen)
        if isinstance(answer, Done):
            asking = {room.place.device for room in answer.open_rooms}
            assert calls <= asking, f"revision {seen} did not show {calls - asking}"
            assert asking == {room.place.device for room in answer.incident.open_rooms}
            self.sign(answer.incident)

    @rule(
        data=st.data(),
        by=PEOPLE,
        disposition=st.sampled_from(["real", "false-alarm"]),
        older=st.integers(0, 2),
    )
    def somebody_resolves(self, data: Any, by: str, disposition: str, older: int) -> None:
        if (found := self.some_incident(data)) is None:
            return
        which, before = found
        seen = max(before.revision - older, 1)
        answer = self.rig.resolve(disposition, by, which, seen if older else None)
        assert isinstance(answer, Refused) or not self.unseen_calls(before, seen)

    @rule(data=st.data(), by=PEOPLE, room=ROOMS, zone_kind=KINDS)
    def a_press_crosses_an_answer(self, data: Any, by: str, room: int, zone_kind: tuple[str, str]) -> None:
        """It comes as a thumb comes down on what was shown before it."""
        if (found := self.some_incident(data)) is None:
            return
        which, shown = found
        self.press(room, zone_kind, 0.0)
        before = self.incidents()[shown.id]
        answer = self.rig.acknowledge(shown.revision, by, which)
        calls = self.unseen_calls(before, shown.revision)
        if isinstance(answer, Done):
            assert calls <= {room.place.device for room in answer.open_rooms}, calls
            self.sign(answer.incident)

    @rule(data=st.data(), by=PEOPLE)
    def somebody_notes(self, data: Any, by: str) -> None:
        if (found := self.some_incident(data)) is not None:
            answer = self.rig.note("on my way", by, found[0])
            if isinstance(answer, Done):
                self.sign(answer.incident)

    @rule(data=st.data(), by=PEOPLE)
    def somebody_confirms(self, data: Any, by: str) -> None:
        if (found := self.some_incident(data)) is not None:
            self.rig.confirm(by, found[0])

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.rig.wait(seconds)

    @rule(end=st.sampled_from(ENDS), far=FAR)
    def a_phone_changes(self, end: str, far: Any) -> None:
        self.rig.far[end] = far
        self.rig.post()

    @rule(seconds=JUMPS)
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.rig.wall_jumps(seconds)

    @rule()
    def the_wall_clock_is_set_right(self) -> None:
        self.rig.wall_jumps(-self.rig._wall_off_ms / 1000)

    @rule()
    def the_disk_hangs(self) -> None:
        self.rig.disk = "hung"

    @rule()
    def the_disk_is_back(self) -> None:
        self.rig.disk = "well"
        self.rig.commit()
        self.rig.post()

    @rule(sooner=st.sampled_from([0.0, 0.0, 10.0, 25.0]))
    def the_settings_are_reloaded(self, sooner: float) -> None:
        """The same ones, or others by which everybody but the first is told sooner."""
        plans = {
            name: replace(plan, steps=tuple(_sooner(step, sooner) for step in plan.steps))
            for name, plan in self.settings.plans.items()
        }
        self.rig.reload(replace(self.settings, plans=plans))

    @rule(down=st.sampled_from([0.0, 1.0, 40.0, 600.0]), of=st.sampled_from(["machine", "hub"]))
    def it_is_killed_and_started(self, down: float, of: Any) -> None:
        self.rig.restart(down, of=of)
        self.undo_what_is_lost()

    @rule(jump=JUMPS, of=st.sampled_from(["machine", "hub"]))
    def the_clock_is_set_while_it_is_down(self, jump: float, of: Any) -> None:
        self.rig._wall_off_ms += round(jump * 1000)
        self.rig.restart(1.0, of=of)
        self.undo_what_is_lost(blind=of == "machine")

    @rule()
    def the_machine_starts_in_1970(self) -> None:
        self.rig._wall_off_ms = 100_000 - WALL_0 - round(self.rig.t * 1000)
        self.rig.restart(5.0)
        self.undo_what_is_lost(blind=True)

    @rule(data=st.data())
    def it_is_killed_after_a_commit_and_before_telling(self, data: Any) -> None:
        self.rig.commit_only(data.draw(st.integers(0, len(self.rig.waiting))))
        self.rig.restart(1.0)
        self.undo_what_is_lost()

    @rule()
    def all_is_well_for_ten_minutes(self) -> None:
        """Then nothing is owed any more, and whoever was told anything knows that it is over."""
        self.the_disk_is_back()
        self.rig.far.clear()
        self.rig.post()
        self.rig.wait(600)
        late = [d for d in self.rig.site.outbound._owed.values() if d.owed_at < self.rig.now().wall - 300_000]
        assert late == []
        for delivery in self.deliveries():
            assert not delivery.is_first or delivery.state in ("delivered", "failed"), delivery
        resolved = {i.id for i in self.incidents().values() if i.state == "resolved"}
        told = {(n.incident["id"], n.channel, n.audience) for n in self.rig.notices}
        over = {
            (d.incident, d.target.channel, d.target.audience)
            for d in self.deliveries()
            if d.type == "incident.resolved" or (d.is_first and b'"state":"resolved"' in d.body)
        }
        assert {who for who in told if who[0] in resolved} <= over
        self.everybody_of_a_panic_was_told()
        self.what_the_record_tells_is_so()

    def everybody_of_a_panic_was_told(self) -> None:
        """By a first notice to each audience of its plan, or the record says why it was left out.

        Whatever came after, but for a person's word that it was no real alarm.
        """
        left_out = {(incident, audience) for incident, audience in self.skipped()}
        first = {(d.incident, d.target.audience) for d in self.deliveries() if d.is_first}
        for incident in self.incidents().values():
            real = incident.resolved is None or incident.resolved.disposition == "real"
            real = real and not incident.drill
            if incident.kind in ALWAYS_TOLD and real:
                for audience in ("sro", "dispatch", "administration"):
                    assert (incident.id, audience) in first | left_out, (incident.id, audience)

    def what_the_record_tells_is_so(self) -> None:
        """Retold row by row, the record alone gives the incidents, deliveries and troubles there are."""
        assert contradictions(self.rig._reader, "lincoln") == []

    def skipped(self) -> list[tuple[str, str]]:
        """Return the incidents and audiences of which the record says that nobody could be told."""
        rows = said(self.rig._reader, "lincoln", ("step-skipped",), -(2**62), 2**62)
        answers = ("acknowledged by", "answered", "overtaken")
        return [(r["incident"], r["detail"]["audience"]) for r in rows if not r["reason"].startswith(answers)]

    # --- what a rule needs ---

    def some_incident(self, data: Any) -> tuple[int, Incident] | None:
        if not self.rig.incidents:
            return None
        which = data.draw(st.integers(0, len(self.rig.incidents) - 1))
        incident = self.incidents().get(self.rig.incidents[which])
        return None if incident is None else (which, incident)

    def asks_if_it_calls_anew(self, device: str, event: str) -> None:
        """A press more than 60 s of true time after the others of its room wants an answer of its own."""
        for incident in self.incidents().values():
            if incident.drill and incident.state == "resolved":
                continue  # it came after its drill had ended
            of_room = {e.id: e for e in incident.events if e.place.device == device}
            if (press := of_room.pop(event, None)) is not None and self.calls_anew(
                press, [*of_room.values()]
            ):
                assert device in {room.place.device for room in incident.open_rooms}

    def sign(self, incident: Incident) -> None:
        if self.rig.disk == "well" and incident.state == "acknowledged":
            self.signs[incident.id] = incident.revision

    def undo_what_is_lost(self, *, blind: bool = False) -> None:
        """Forget what a crash took: revisions never written, and (blind) how long ago a press was."""
        revisions = self.rig.recorded
        for incident, showed in self.showed.items():
            for revision in [r for r in showed if r > revisions.get(incident, 0)]:
                del showed[revision]
        self.signs = {i: r for i, r in self.signs.items() if r <= revisions.get(i, 0)}
        if blind:
            self.true_at.clear()
            self.drilled.clear()

    def unseen_calls(self, incident: Incident, seen: int) -> set[str]:
        """Return the devices that called, or called anew, after what a revision showed."""
        showed = self.showed.get(incident.id, {}).get(seen)
        if showed is None:
            return set()
        found = set()
        for room in incident.open_rooms:
            device = room.place.device
            of_room = [e for e in incident.events if e.place.device == device]
            before = [e for e in of_room if (device, str(e.id)) in showed]
            if any(self.calls_anew(e, before) for e in of_room if (device, str(e.id)) not in showed):
                found.add(device)
        return found

    def calls_anew(self, press: Press, before: list[Press]) -> bool:
        if not before or rank(press.kind) < min(rank(e.kind) for e in before):
            return True
        at = [self.true_at.get((e.place.device, str(e.id))) for e in (press, *before)]
        if at[0] is None or None in at:
            return False
        return min(abs(at[0] - other) for other in at[1:] if other is not None) > SAME_PRESS_S + UNCERTAIN_S

    # --- what must hold ---

    def incidents(self) -> dict[str, Incident]:
        """Every incident as the hub knows it now: the record's, and over them what memory holds."""
        known = {incident.id: incident for incident in self.reading.incidents(limit=500)}
        for decision in self.rig.waiting:
            known |= {incident_id: incident for incident_id, (incident, _) in decision.incidents.items()}
        return known

    def deliveries(self) -> list[Delivery]:
        """Every delivery there ever was, as the hub knows it now."""
        with self.rig._reader.connect() as connection:
            rows = connection.exec_driver_sql("SELECT row FROM deliveries").all()
        known = {d.id: d for d in (msgspec.json.decode(row, type=Delivery) for (row,) in rows)}
        for decision in self.rig.waiting:
            known |= decision.deliveries
        return list(known.values())

    @invariant()
    def every_press_is_in_one_incident_once(self) -> None:
        """A drill's own, where that covered it; a real one, where it did not, or it turned out to be real."""
        incidents = self.incidents().values()
        real = [(e.place.device, str(e.id)) for i in incidents if not i.drill for e in i.events]
        of_drill = {(e.place.device, str(e.id)): (i, e) for i in incidents if i.drill for e in i.events}
        assert len(real) == len(set(real))
        assert sum(len(i.events) for i in incidents if i.drill) == len(of_drill)
        assert self.pressed.keys() - self.perhaps <= {*real, *of_drill} <= self.pressed.keys()
        for key, (incident, press) in of_drill.items():
            if incident.state != "resolved":  # after that the drill's own list alone says so
                assert (press.in_drill == "real") is (key in real), press
            self.is_covered(incident, press)

    def is_covered(self, incident: Incident, press: Press) -> None:
        """A press that a drill swallowed is one of its room, of its kind, and was pressed while it ran."""
        assert press.kind == "panic"
        assert incident.drill_id is not None
        timed = self.rig.site.drill_memory.drills.get(incident.drill_id)
        assert timed is None or timed.drill.has(press.place)
        key = press.place.device, str(press.id)
        if key in self.true_at and incident.drill_id in self.drilled:
            begun, end = self.drilled[incident.drill_id]
            assert begun - UNCERTAIN_S <= self.true_at[key] <= end + UNCERTAIN_S

    @invariant()
    def what_was_not_expected_is_real_in_30_s(self) -> None:
        """Or a person has said that it is part of the drill; and the site's alarm is set for it."""
        wakes = self.rig.site.next_deadline()
        for rooms in self.rig.site.drill_memory.presses.values():
            for press in [press for of in rooms.values() for press in of if press.waits]:
                assert press.due is not None
                left = (press.due - self.rig.now().wall) / 1000
                assert left <= 30.0 + 0.01
                assert wakes is not None
                assert wakes <= self.rig.now().mono + max(left, 0.0) + 2.01

    @invariant()
    def a_real_panic_leaves_no_posture_with_the_word_drill(self) -> None:
        drill = self.rig.site.drill_memory.running()
        if drill is not None and drill.real_from is not None:
            assert not self.rig.site.postures.current.drill

    @invariant()
    def what_is_receipted_is_committed(self) -> None:
        names = {digest("lincoln", device, plain_key(event)) for device, event in self.rig.receipts}
        recorded: dict[str, Seen] = self.known.seen(sorted(names)) if names else {}
        assert set(recorded) == names
        waiting = {fact.device for fact in self.rig.broker.values()}
        assert bool(waiting) <= bool(self.rig.waiting)

    @invariant()
    def nobody_is_left_waiting(self) -> None:
        """Every unresolved incident will be looked at again, and the site's alarm is set for it."""
        wakes = self.rig.site.next_deadline()
        for incident in self.incidents().values():
            if incident.state == "resolved":
                continue
            if incident.drill:  # it ends with its drill
                memory = self.rig.site.drill_memory
                assert incident.drill_id is not None
                is_running = memory.drills[incident.drill_id].drill.state == "running"
                assert is_running or memory.waiting(incident.drill_id)
                assert wakes is not None
                continue
            course = self.rig.site.incidents.courses._courses[incident.id]
            deadline = next_deadline(course, incident)
            if incident.state == "acknowledged":
                assert course.quiet is not None
                deadline = min(course.quiet.due, deadline or course.quiet.due)
            assert deadline is not None
            assert wakes is not None
            assert wakes <= deadline + 1e-6

    @invariant()
    def what_is_owed_will_be_tried(self) -> None:
        """It waits for its time, or for a place with its channel."""
        outbound = self.rig.site.outbound
        for delivery in outbound._owed.values():
            waits = delivery.id in outbound._due or not outbound._places.holds(delivery)
            assert waits, delivery

    @invariant()
    def first_notices_are_never_withdrawn(self) -> None:
        """And of a panic or duress dispatch, which has no shifts, is owed one at once; of a drill never."""
        deliveries = self.deliveries()
        assert [d for d in deliveries if d.is_first and d.state == "withdrawn"] == []
        first = {d.incident for d in deliveries if d.is_first and d.target.audience == "dispatch"}
        for incident in self.incidents().values():
            if incident.kind in ALWAYS_TOLD:
                assert (incident.id in first) is not incident.drill

    @invariant()
    def an_alarm_receiver_is_told_of_each_room_by_a_first_notice(self) -> None:
        if self.rig._kinds["dispatch"] != "dc-09":
            return
        rooms: dict[str, set[str]] = {}
        for delivery in self.deliveries():
            if delivery.target.channel == "dispatch" and delivery.is_first:
                body = msgspec.json.decode(delivery.body)
                rooms.setdefault(delivery.incident, set()).update(
                    r["device"] for r in body["incident"]["rooms"]
                )
        for incident in self.incidents().values():
            if incident.id in rooms:
                assert {room.place.device for room in incident.rooms} == rooms[incident.id]

    @invariant()
    def every_press_is_told_or_still_to_be(self) -> None:
        """To each target that is told of its incident: in what it took, in what it is owed, or soon."""
        shows: dict[tuple[str, str, str], set[str]] = {}
        refused: set[tuple[str, str, str]] = set()
        for delivery in self.deliveries():
            if not delivery.incident:
                continue  # a notice of troubles
            who = (delivery.incident, delivery.target.channel, delivery.target.audience)
            events = shows.setdefault(who, set())
            if delivery.state in ("owed", "delivered"):
                events |= {event["id"] for event in msgspec.json.decode(delivery.body)["incident"]["events"]}
            elif delivery.state == "failed":
                refused.add(who)
        incidents = self.incidents()
        for who, shown in shows.items():
            incident = incidents[who[0]]
            course = self.rig.site.incidents.courses._courses.get(incident.id)
            told = [
                entry
                for entry in (course.told if course else ())
                if (entry.target.channel, entry.target.audience) == who[1:]
            ]
            soon = bool(told) and told[0].revision < incident.revision
            missing = {event.id for event in incident.events} - shown
            assert not missing or soon or who in refused, (who, missing)

    @invariant()
    def nothing_is_tried_after_its_reason_ended(self) -> None:
        """By what had been let out when it was tried; a first notice and a resolution have no such end."""
        for delivery, incident, newest in self.rig.tried:
            if delivery.is_first or delivery.type == "incident.resolved" or incident is None:
                continue
            assert incident.state != "resolved", delivery.reason
            assert delivery.type != "incident.acknowledged" or incident.state == "acknowledged"
            assert not delivery.reminds or incident.state == "acknowledged"
            assert not delivery.reminds or self.signs.get(delivery.incident, 0) <= delivery.revision
            asks = "repeated" in delivery.reason or "asks again" in delivery.reason
            assert not asks or incident.state == "open", delivery.reason
            assert delivery.reminds or newest <= delivery.revision
        self.rig.tried.clear()

    @invariant()
    def one_id_says_one_thing(self) -> None:
        """Two notices of one id tell of the same events in the same state."""
        for notice in self.rig.handed:
            said = {"state": notice.incident["state"], "type": notice.type, "audience": notice.audience}
            said["events"] = tuple(event["id"] for event in notice.incident["events"])
            assert self.said.setdefault(notice.id, said) == said
        self.rig.handed.clear()

    @invariant()
    def the_record_holds_all_of_it(self) -> None:
        """A start would make of the record what is in memory, whenever all of that is written."""
        if not self.rig.waiting:
            now = self.rig.now()
            assert differences(self.rig.site, self.rig.loaded_site(self.rig.journal.load(), now), now) == []

    @invariant()
    def remember_what_is_shown(self) -> None:
        """For what comes: who sees a revision sees these presses."""
        for incident in self.incidents().values():
            showed = self.showed.setdefault(incident.id, {})
            showed[incident.revision] = frozenset((e.place.device, str(e.id)) for e in incident.events)
