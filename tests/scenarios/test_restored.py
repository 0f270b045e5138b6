"""A box that died, and the one that takes over with last night's backup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from config.clock import stamp
from hub.asking import (
    CancelDrill,
    Done,
    DrillDone,
    OpenWalkTest,
    PlanDrill,
    PostureSet,
    Refused,
    SetPosture,
    WalkTestDone,
)
from hub.backup.manifest import Manifest
from hub.backup.restoring import Backup, restore_store
from hub.decision import Decision
from hub.notice import notice_body, sentence
from hub.store import chain, snapshot
from hub.store.engine import open_engine
from hub.verify_record import Verifier
from tests.scenarios.rig import Rig
from tests.scenarios.school import school

HOUR_S = 3600.0


def nothing(*_: Any) -> None:
    """Nobody looks at how far it is."""


class Night:
    """A backup of a rig's record, and the machines that it is restored on."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self._folder = folder
        self._machines = 0
        self._store = folder / "store.db"
        self.at = rig.now().wall
        self.rows = snapshot.take(rig._reader, "lincoln", self._store, nothing)

    def take_over(self, after_s: float) -> None:
        """The box dies; another one, with an empty disk and broker, starts with the backup."""
        self._machines += 1
        data = self._folder / f"machine-{self._machines}"
        rows = self.rows
        manifest = Manifest(
            1, "0", "lincoln", "Lincoln", self.at, rows.schema, rows.rows, rows.head, "/x", ()
        )
        settings = replace(self.rig.settings, data=data)
        backup = Backup(manifest, self._store, (), Verifier("lincoln"))
        now = self.rig.now().wall + round(after_s * 1000)
        restore_store(backup, settings, now, replace=False, told=nothing)
        self.rig.restart_on(data, after_s)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backup"
    made.mkdir()
    return made


def answered(rig: Rig, room: int) -> None:
    """A call that somebody has acknowledged and closed."""
    rig.press(room)
    rig.wait(5)
    rig.acknowledge()
    rig.resolve()


def number(rig: Rig) -> int:
    return next(iter(rig.view.incidents.values())).number


def engine(rig: Rig) -> Engine:
    return open_engine(rig._url, read_only=True)


def test_what_was_closed_before_the_backup_is_not_told_again(rig: Rig, folder: Path) -> None:
    """Its last word to dispatch was owed still: it is withdrawn, with the reason, and nobody is called."""
    rig.far = {"dispatch": "down", "sro": "down"}
    rig.press(101)
    rig.wait(65)
    rig.acknowledge()
    rig.resolve()
    rig.wait(1)
    night = Night(rig, folder)
    rig.said()
    rig.far = {}
    night.take_over(6 * HOUR_S)
    rig.wait(3 * HOUR_S)
    assert rig.said() == []
    assert rig.view.incidents == {}
    withdrawn = [reason for what, reason, _ in rig.record() if what == "delivery-withdrawn"][-2:]
    assert all("restored from the backup of" in reason for reason in withdrawn)
    assert all("its incident was resolved before" in reason for reason in withdrawn)


def test_what_was_open_goes_on_and_is_marked(rig: Rig, folder: Path) -> None:
    """In doubt it is a real alarm: the next step is taken, the first notice is not said twice."""
    rig.press(101)
    rig.wait(10)
    night = Night(rig, folder)
    rig.wait(10)
    rig.acknowledge()
    rig.resolve()  # which the backup doesn't know
    rig.said()
    night.take_over(HOUR_S)
    assert rig.said() == [
        "3620 s principal opened r1: 101",
        "3620 s dispatch opened r1: 101",
        f"3620 s sro updated r{rig.notices[-1].incident['revision']}: 101",
    ]
    (incident,) = rig.view.incidents.values()
    assert incident.restored == night.at
    assert rig.notices[-1].incident["from_backup"] == stamp(night.at)
    body = notice_body(incident, "incident.updated", "sro", rig.now().wall)
    assert "FROM A BACKUP of" in sentence(body, "UTC")[1]
    assert "it was open then, and may have been closed since" in sentence(body, "UTC")[1]
    assert any(
        what == "open-in-backup" and "it may have been closed since" in why for what, why in rig.timeline()
    )
    assert isinstance(rig.resolve(), Done)


def test_no_number_is_given_twice(rig: Rig, folder: Path) -> None:
    """Neither of an incident nor of a row, also where the same backup is restored twice."""
    answered(rig, 101)
    night = Night(rig, folder)
    given: set[int] = set()
    rows: set[int] = set()
    for after_s in (HOUR_S, 24 * HOUR_S, 24 * HOUR_S):
        for room in (102, 103, 104):
            rig.press(room)
            assert number(rig) not in given
            given.add(number(rig))
            rig.resolve()
        head = chain.head(engine(rig), "lincoln")
        assert head is not None
        assert head[0] not in rows
        rows.add(head[0])
        night.take_over(after_s)
    rig.press(105)
    assert number(rig) > max(given)


@pytest.mark.parametrize("is_clean", [True, False])
def test_no_revision_is_told_twice(rig: Rig, folder: Path, is_clean: bool) -> None:
    """Of an incident that was open in it; after a clean stop, too, and where one is restored twice.

    A receiver that keeps the highest revision would drop what bears one it has, and show a calm for ever.
    """
    rig.press(101)
    rig.wait(5)
    if is_clean:
        rig.journal.commit([Decision(0.0, facts={"numbers": rig.site.numbers.stopped()})])
    night = Night(rig, folder)
    told: set[int] = set()
    for after_s in (HOUR_S, HOUR_S, HOUR_S):
        rig.notices.clear()
        rig.acknowledge()
        for room in (102, 103):
            rig.press(room)
            rig.wait(3)
        revisions = {notice.incident["revision"] for notice in rig.notices if notice.audience == "sro"}
        assert min(revisions) > max(told, default=1)
        told |= revisions
        night.take_over(after_s)


def test_an_event_that_the_old_hub_told_of_goes_on_above_it(rig: Rig, folder: Path) -> None:
    """It comes again, and opens the incident of the same id: its updates are numbered higher."""
    rig.journal.commit([Decision(0.0, facts={"numbers": rig.site.numbers.stopped()})])
    night = Night(rig, folder)
    rig.press(101, id="again")
    rig.acknowledge()
    rig.press(102)
    rig.wait(3)
    before = max(notice.incident["revision"] for notice in rig.notices)
    opened = rig.notices[0].incident["id"]
    night.take_over(HOUR_S)
    rig.press(101, id="again", age_s=HOUR_S)
    rig.notices.clear()
    rig.acknowledge()
    rig.wait(3)
    assert rig.notices
    assert all(notice.incident["id"] == opened for notice in rig.notices)
    assert all(notice.incident["revision"] > before for notice in rig.notices)


def test_the_record_goes_on_and_says_what_is_missing(rig: Rig, folder: Path) -> None:
    """The chain is whole over the restore; a head of before it is there, one noted later is lost, by name."""
    answered(rig, 101)
    night = Night(rig, folder)
    answered(rig, 102)
    lost = chain.head(engine(rig), "lincoln")
    assert lost is not None
    assert night.rows.head is not None
    night.take_over(HOUR_S)
    answered(rig, 103)
    found = chain.verify(engine(rig), "lincoln", [night.rows.head])
    assert found.faults == []
    assert found.never_written == 0
    assert [last for last, _, _ in found.restores] == [night.rows.head[0]]
    (row,) = [detail for what, _, detail in rig.record() if what == "restored"]
    assert row["head"] == f"{night.rows.head[0]}:{night.rows.head[1]}"
    assert row["epoch"] == 2
    (fault,) = chain.verify(engine(rig), "lincoln", [lost]).faults
    assert fault.startswith(f"row {lost[0]}, of the head that was noted, is lost: the backup of ")
    assert fault.endswith(f"ends at row {night.rows.head[0]}")


def test_no_room_is_told_a_posture_until_a_person_sets_one(rig: Rig, folder: Path) -> None:
    """The lockdown of last night may be over, or not: a person is asked, and what they say is newer."""
    rig.ask(SetPosture("lockdown", by="Reyes", via="board"))
    night = Night(rig, folder)
    was = rig.site.postures.current
    night.take_over(HOUR_S)
    at_the_start = rig.loaded_site(rig.loaded, rig.now())
    assert at_the_start.view.posture.message() is None, "a broker may be there before the first commit"
    held = rig.site.postures.current
    assert held.message() is None
    assert held.asked is not None
    assert "restored from the backup of" in held.asked.why
    answer = rig.ask(SetPosture("lockdown", by="Reyes", via="board"))
    assert isinstance(answer, PostureSet)
    message = rig.site.postures.current.message()
    assert message is not None
    assert message.n > was.n


def test_nobody_is_heard_until_heard(rig: Rig, folder: Path) -> None:
    """What the rooms said to the old box is last known, and no more."""
    rig.state(101, wall="normal")
    assert rig.view.devices["room-101"].standing == "heard"
    night = Night(rig, folder)
    night.take_over(HOUR_S)
    assert {device.standing for device in rig.view.devices.values()} == {"not heard yet"}
    rig.state(101, wall="normal")
    assert rig.view.devices["room-101"].standing == "heard"


def test_what_kept_a_press_from_calling_ends(rig: Rig, folder: Path) -> None:
    """A walk test and a bypass of before: every button is live, at once."""
    rig.state(101, wall="normal")
    opened = rig.ask(OpenWalkTest("room-101", "Lee", "board", for_s=1800))
    assert isinstance(opened, WalkTestDone)
    rig.state(102, wall="short")
    rig.bypass(102, hours=20)
    night = Night(rig, folder)
    night.take_over(60)
    rig.said()
    rig.press(101, test=True)
    assert rig.said("sro") == ["60 s sro opened r1: 101"]
    assert rig.view.bypasses == {}
    ended = [reason for what, reason, _ in rig.record() if what in ("walk-test-ended", "bypass-ended")]
    assert len(ended) == 2


def test_a_drill_of_before_is_over(rig: Rig, folder: Path) -> None:
    """What is pressed from the backup on is real; no room is told that the drill's lockdown is off."""
    rig.state(101, wall="normal")
    answer = rig.ask(PlanDrill("lockdown", "Lee", "Lee", "board", 1200, posture="lockdown"))
    assert isinstance(answer, DrillDone), answer
    rig.press(102)
    night = Night(rig, folder)
    night.take_over(60)
    rig.said()
    rig.press(103, age_s=30)
    (incident,) = (one for one in rig.view.incidents.values() if not one.drill)
    assert [room.place.device for room in incident.rooms] == ["room-103"]
    assert rig.site.postures.current.asks
    assert rig.rooms is not None
    assert rig.rooms.posture == "lockdown"
    rig.resolve()
    refused = rig.ask(PlanDrill("lockdown", "Lee", "Lee", "board", 1200))
    assert isinstance(refused, Refused)
    assert "nobody has said yet which posture holds" in refused.detail
    rig.posture("normal", confirm=rig.site.postures.current.n)
    again = rig.ask(PlanDrill("lockdown", "Lee", "Lee", "board", 1200))
    assert isinstance(again, DrillDone)
    assert again.drill.number > answer.drill.number + 1000


def test_a_drill_that_was_planned_does_not_begin(make_rig: Callable[..., Rig], folder: Path) -> None:
    """It may have been cancelled since the backup, or held: its leader and the officer hear of it."""
    rig = make_rig(school())
    plan = PlanDrill("lockdown", "ortiz", "Lee", "board", 900, start=rig.now().wall + 1_800_000)
    assert isinstance(rig.ask(plan), DrillDone)
    night = Night(rig, folder)
    rig.ask(CancelDrill("1", "Lee", "board"))
    night.take_over(60)
    rig.wait(1)
    assert [one.partition(": ")[0] for one in rig.drill_news] == ["60 s reyes", "60 s ortiz"]
    assert "will NOT begin: restored from the backup of" in rig.drill_news[0]
    rig.wait(1800)
    rig.press(101)
    assert [drill.state for drill, _ in rig.view.drills.values()] == ["cancelled"]
    assert [incident.drill for incident in rig.view.incidents.values()] == [False]


def test_an_event_of_the_backup_is_known_and_one_after_it_is_new(rig: Rig, folder: Path) -> None:
    """What a room sends again is receipted and tells nobody; what the backup never had calls."""
    answered(rig, 101)
    first = rig.notices[0].incident["id"]
    night = Night(rig, folder)
    night.take_over(60)
    rig.said()
    rig.press(101, id="e1", seq=1, age_s=65)
    assert rig.receipts[-1] == ("room-101", "e1")
    assert rig.view.incidents == {}
    assert rig.said() == []
    rig.press(102)
    assert len(rig.view.incidents) == 1
    assert first not in rig.view.incidents


def test_it_begins_once(rig: Rig, folder: Path) -> None:
    """A start after the first is one like any other; what a person said then holds."""
    night = Night(rig, folder)
    night.take_over(60)
    rig.ask(SetPosture("secure", by="Reyes", via="board"))
    rig.restart(5)
    assert len([what for what, _, _ in rig.record() if what == "restored"]) == 1
    assert rig.site.postures.current.message() is not None


def test_a_crash_before_its_first_commit_begins_it_again(rig: Rig, folder: Path) -> None:
    """What was begun and not written is begun anew: nothing of it is lost."""
    rig.press(101)
    night = Night(rig, folder)
    night.take_over(60)
    loaded = rig.loaded  # as it was read, before anything was committed
    again = rig.loaded_site(loaded, rig.now())
    from hub.decision import Decision

    decision = Decision(rig.now().mono)
    again.new_epoch.begin(decision, rig.now())
    assert [row.what for row in decision.record].count("restored") == 1
    assert again.postures.current.asks


def test_people_see_that_it_was_restored(rig: Rig, folder: Path) -> None:
    """A trouble says so for a day, with what is missing."""
    night = Night(rig, folder)
    night.take_over(60)
    trouble = rig.view.troubles["restored"]
    assert "what the old machine took in and told after that is not in this record" in trouble.detail
    rig.wait(26 * HOUR_S)
    assert "restored" not in rig.view.troubles


def test_an_acknowledgement_of_an_unknown_incident_is_refused(rig: Rig, folder: Path) -> None:
    """What opened after the backup is unknown here, and says so."""
    night = Night(rig, folder)
    rig.press(101)
    gone = rig.incidents[-1]
    night.take_over(60)
    rig.incidents.append(gone)
    assert isinstance(rig.acknowledge(), Refused)
