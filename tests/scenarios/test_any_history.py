"""Whatever happens, in whatever order: what must hold after every step of it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.escalation import ALWAYS_TOLD, next_deadline
from hub.incident import Incident
from hub.presses import Seen
from hub.reckoning import digest, plain_key
from hub.store.engine import open_engine, sqlite_url
from hub.store.known import Known
from hub.store.reading import Reading
from tests.scenarios.rig import STEPS, Rig

ROOMS = st.sampled_from([101, 102, 103, 140, 999])
KINDS = st.sampled_from([("wall", "panic"), ("quiet", "duress"), ("nurse", "medical"), ("help", "assist")])
CHANNELS = st.sampled_from(["sro", "principal", "dispatch"])
PAUSES = st.sampled_from([0.1, 0.3, 1.0, 2.0, 5.0, 31.0, 61.0, 100.0])
JUMPS = st.sampled_from([-86_400.0, -10.0, 10.0, 86_400.0])


class AnyHistory(RuleBasedStateMachine):
    """A school whose buttons, people, channels, disk, clock and hub do as they please."""

    record: Path
    """An empty record at the newest schema."""

    @initialize()
    def begin(self) -> None:
        self.data = Path(tempfile.mkdtemp())
        shutil.copy(self.record, self.data / "tocsin.db")
        self.rig = Rig(self.data)
        url = sqlite_url(self.data)
        self.reading = Reading(open_engine(url, read_only=True), "lincoln")
        self.known = Known(open_engine(url, read_only=True))
        self.pressed: dict[tuple[str, str], bytes] = {}
        self.seen: dict[str, set[str]] = {}

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
    def press(self, room: int, zone_kind: tuple[str, str], age: float) -> None:
        n = len(self.pressed) + 1
        event = {
            "v": 1, "id": f"e{n}", "boot": "b", "seq": n, "zone": zone_kind[0], "kind": zone_kind[1],
            "what": "alarm", "age_ms": round(age * 1000), "test": False,
        }  # fmt: skip
        payload = msgspec.json.encode(event)
        self.pressed[f"room-{room}", f"e{n}"] = payload
        self.rig.publish(f"room-{room}", payload)

    @rule(data=st.data())
    def an_agent_sends_again(self, data: Any) -> None:
        if self.pressed:
            device, event = data.draw(st.sampled_from(sorted(self.pressed)))
            self.rig.publish(device, self.pressed[device, event])

    @rule(data=st.data(), older=st.integers(0, 2))
    def somebody_acknowledges(self, data: Any, older: int) -> None:
        if self.rig.incidents:
            which = data.draw(st.integers(0, len(self.rig.incidents) - 1))
            incident = self.incidents().get(self.rig.incidents[which])
            self.rig.acknowledge(incident.revision - older if incident else None, which=which)

    @rule(data=st.data(), disposition=st.sampled_from(["real", "false-alarm"]))
    def somebody_resolves(self, data: Any, disposition: str) -> None:
        if self.rig.incidents:
            which = data.draw(st.integers(0, len(self.rig.incidents) - 1))
            self.rig.resolve(disposition, which=which)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.rig.wait(seconds)

    @rule(channel=CHANNELS, far=st.sampled_from(["takes", "takes", "down", "hangs", "refuses"]))
    def a_far_side_changes(self, channel: str, far: Any) -> None:
        self.rig.far[channel] = far
        self.rig.post()

    @rule(seconds=JUMPS)
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.rig.wall_jumps(seconds)

    @rule()
    def the_disk_hangs(self) -> None:
        self.rig.disk = "hung"

    @rule()
    def the_disk_is_back(self) -> None:
        self.rig.disk = "well"
        self.rig.commit()
        self.rig.post()

    @rule(down=st.sampled_from([0.0, 1.0, 40.0, 600.0]))
    def the_hub_is_killed_and_started(self, down: float) -> None:
        self.rig.restart(down)

    @rule(data=st.data())
    def it_is_killed_after_a_commit_and_before_telling(self, data: Any) -> None:
        self.rig.commit_only(data.draw(st.integers(0, len(self.rig.waiting))))
        self.rig.restart(1.0)

    # --- what must hold ---

    def incidents(self) -> dict[str, Incident]:
        """Every incident as the hub knows it now: the record's, and over them what memory holds."""
        known = {incident.id: incident for incident in self.reading.incidents(limit=500)}
        for decision in self.rig.waiting:
            known |= {incident_id: incident for incident_id, (incident, _) in decision.incidents.items()}
        return known

    @invariant()
    def every_press_is_in_one_incident_once(self) -> None:
        found = [(e.place.device, e.id) for i in self.incidents().values() for e in i.events]
        assert sorted(found) == sorted(self.pressed)

    @invariant()
    def what_is_receipted_is_committed(self) -> None:
        names = {digest("lincoln", device, plain_key(event)) for device, event in self.rig.receipts}
        recorded: dict[str, Seen] = self.known.seen(sorted(names)) if names else {}
        assert set(recorded) == names
        waiting = {fact.device for fact in self.rig.broker.values()}
        assert bool(waiting) <= bool(self.rig.waiting)

    @invariant()
    def nobody_is_left_waiting(self) -> None:
        """An open incident will be taken up again, and the site's alarm is set for it."""
        for incident in self.incidents().values():
            if incident.state != "open":
                continue
            course = self.rig.site.incidents.courses._courses[incident.id]
            deadline = next_deadline(course, incident)
            assert deadline is not None
            wakes = self.rig.site.next_deadline()
            assert wakes is not None
            assert wakes <= deadline + 1e-6

    @invariant()
    def every_first_notice_of_a_panic_is_delivered_or_owed(self) -> None:
        owed = {
            (d.incident, d.target.audience)
            for d in self.rig.site.outbound._owed.values()
            if d.type == "incident.opened"
        }
        told = {(n.incident["id"], n.audience) for n in self.rig.notices if n.type == "incident.opened"}
        for incident in self.incidents().values():
            if incident.kind not in ALWAYS_TOLD:
                continue
            if incident.resolved is not None and incident.resolved.disposition != "real":
                continue
            for audience in ("sro", "principal", "dispatch"):
                who = (incident.id, audience)
                assert who in owed or who in told or self.to_come(who) or self.refused(who), who

    @invariant()
    def every_press_is_told_or_still_to_be(self) -> None:
        """To each audience that is told of its incident: in what it took, in what it is owed, or soon."""
        shows: dict[tuple[str, str], set[tuple[str, str]]] = {}
        notices = [d for d in self.rig.site.outbound._owed.values() if d.incident]  # else of troubles
        owed = [msgspec.json.decode(d.body) for d in notices]
        said = [(n.audience, n.incident) for n in self.rig.notices]
        for audience, incident in said + [(body["audience"], body["incident"]) for body in owed]:
            events = shows.setdefault((incident["id"], audience), set())
            events |= {(event["device"], event["id"]) for event in incident["events"]}
        incidents = self.incidents()
        for who, shown in shows.items():
            if (incident := incidents.get(who[0])) is None:
                continue  # told from memory and lost with a crash: its press opens it again, or another
            course = self.rig.site.incidents.courses._courses.get(incident.id)
            told = [t for t in course.told if t.target.audience == who[1]] if course is not None else []
            soon = told[0].revision < incident.revision if told else self.to_come(who)
            missing = {(e.place.device, e.id) for e in incident.events} - shown
            assert not missing or soon or self.refused(who, "incident."), (who, missing)

    def to_come(self, who: tuple[str, str]) -> bool:
        course = self.rig.site.incidents.courses._courses.get(who[0])
        return course is not None and any(
            at is not None and who[1] in step.notify
            for one in course.runs
            for at, step in zip(one.due, STEPS, strict=True)
        )

    def refused(self, who: tuple[str, str], kind: str = "incident.opened") -> bool:
        """The far side said that it will never take one: that is in the timeline, and a trouble."""
        lines = [row for d in self.rig.waiting for row in d.record if row.incident == who[0]]
        details = [(row.what, row.detail) for row in lines]
        details += [(row["what"], row["detail"]) for row in self.reading.timeline(who[0])]
        return any(
            what == "delivery-given-up" and detail["type"].startswith(kind) and detail["audience"] == who[1]
            for what, detail in details
        )

    @invariant()
    def one_id_says_one_thing(self) -> None:
        """Two notices of one id tell of the same events in the same state."""
        for notice in self.rig.handed:
            said = {"state": notice.incident["state"], "type": notice.type, "audience": notice.audience}
            said["events"] = tuple(event["id"] for event in notice.incident["events"])
            assert self.seen.setdefault(notice.id, said) == said
        self.rig.handed.clear()


def run(record: Path, examples: int, steps: int) -> None:
    machine = type("Machine", (AnyHistory,), {"record": record})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history(empty_record: Path) -> None:
    """Short histories, many of them."""
    run(empty_record, 25, 25)


@pytest.mark.long
def test_any_longer_history(empty_record: Path) -> None:
    """The same for minutes."""
    run(empty_record, 200, 50)
