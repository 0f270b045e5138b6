"""A bypass as scripts: it silences faults and never a press, and it ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.asking import Bypassed, Refused
from tests.scenarios.maintained import with_maintenance
from tests.scenarios.rig import Make, Rig, Sent


def test_a_bypass_silences_faults_and_never_a_press(school: Rig) -> None:
    """Nobody is told of the wire; the button beside it, and the zone itself once it is at rest, call."""
    school.zone_says(101, "tamper", cause="cut")
    school.state(101, wall="cut")
    answer = school.bypass(101)
    assert isinstance(answer, Bypassed)
    assert answer.bypass is not None
    assert (answer.bypass.by, answer.bypass.reason, answer.bypass.press_alarms) == ("Lee", "wire", False)
    school.all_speak(120)
    assert school.told() == []
    assert school.troubles() == ["tamper room-101 wall cut"]  # shown all the same
    school.press(101, "desk")
    assert len(school.view.incidents) == 1


def test_a_press_of_a_bypassed_zone_alarms_even_while_its_wire_is_cut(school: Rig) -> None:
    """A changeover reads a press for certain with one wire cut; only what is in doubt is silenced."""
    school.zone_says(101, "tamper", cause="cut")
    school.state(101, wall="cut")
    school.bypass(101)
    school.press(101, cause="short")
    assert school.view.incidents == {}
    school.press(101)
    assert len(school.view.incidents) == 1


def test_a_contact_that_is_stuck_now_is_silenced_until_it_has_read_normal(school: Rig) -> None:
    """It called, it stuck, its incident is closed; then it is bypassed, and calls again only from rest."""
    school.press(101)
    school.resolve("false-alarm")
    school.state(101, wall="active")
    school.zone_says(101, "trouble", cause="stuck")
    school.bypass(101)
    school.press(101)
    assert school.view.incidents == {}
    assert len(school.receipts) == 3  # it is recorded and receipted all the same
    school.zone_says(101, "restoral")
    assert school.view.bypasses["room-101", "wall"].press_alarms
    school.press(101)
    assert len(school.view.incidents) == 1


def test_its_state_at_rest_is_a_rest_too(school: Rig) -> None:
    """The agent says so in its state; the event may be under way."""
    school.state(101, wall="active")
    school.bypass(101)
    school.state(101, wall="normal")
    school.press(101)
    assert len(school.view.incidents) == 1


@pytest.mark.parametrize("why", ["gap", "boot", "before", "restart", "not heard", "flawed"])
def test_in_any_doubt_a_press_alarms(school: Rig, why: str) -> None:
    """An event is missing before it; another boot; pressed before the bypass; a hub that was away;
    a state that is only the last known; a message with a flaw."""
    school.press(101, what="restoral")
    if why == "not heard":
        school.restart()
        school.state(101, retained=True, wall="active")
    else:
        school.state(101, wall="active")
    school.wait(10)
    school.bypass(101)
    if why == "restart":
        school.restart()
    more: dict[str, Any] = {
        "gap": {"seq": 9},
        "boot": {"boot": "another"},
        "before": {"age_s": 11.0},
        "flawed": {"at": "no time"},
    }.get(why, {})
    school.press(101, **more)
    assert len(school.view.incidents) == 1


def test_without_doubt_it_is_silenced(school: Rig) -> None:
    """The same, with nothing to doubt: so that the test above can fail."""
    school.press(101, what="restoral")
    school.state(101, wall="active")
    school.wait(10)
    school.bypass(101)
    school.press(101)
    assert school.view.incidents == {}


def test_a_bypass_ends_by_itself_and_its_fault_is_told_again(school: Rig) -> None:
    """Over a restart too; not a minute late."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(61)
    assert len(school.told()) == 1
    school.bypass(101, hours=1)
    school.all_speak(1800, every_s=40)
    school.restart(10)
    for room in (101, 102):
        school.state(room, wall="cut")
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(1789, every_s=40)
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(2)
    assert school.view.bypasses == {}
    assert school.told() == []
    school.all_speak(61)
    assert [line.partition(" s ")[2] for line in school.told()] == [
        "maintenance opened: Wire fault: Room 101, wall"
    ]


def test_a_person_ends_it_before(school: Rig) -> None:
    """Then it is as if it had never been; a second end is refused by what it is."""
    school.zone_says(101, "tamper", cause="cut")
    school.bypass(101)
    school.all_speak(120)
    answer = school.end_bypass(101)
    assert isinstance(answer, Bypassed)
    assert answer.bypass is None
    school.all_speak(61)
    assert len(school.told()) == 1
    refused = school.end_bypass(101)
    assert isinstance(refused, Refused)
    assert refused.detail == "cannot end the bypass of wall of room-101: it has none"


@pytest.mark.parametrize(
    ("room", "zone", "hours", "reason", "said"),
    [
        (999, "wall", 1, "wire", "no device 'room-999'"),
        (101, "loft", 1, "wire", "no zone 'loft' in room-101; zones: wall, desk, quiet, nurse, help, door"),
        (101, "wall", 24.1, "wire", "within 24 h"),
        (101, "wall", 0, "wire", "within 24 h"),
        (101, "wall", 1, "  ", "a bypass has a reason"),
    ],
)
def test_a_bypass_needs_a_zone_a_reason_and_an_end(
    school: Rig, room: int, zone: str, hours: float, reason: str, said: str
) -> None:
    answer = school.bypass(room, zone, hours, reason=reason)
    assert isinstance(answer, Refused)
    assert said in answer.detail
    assert school.view.bypasses == {}


def test_no_clock_makes_a_bypass_longer_than_a_day(school: Rig) -> None:
    """Whoever sets the wall clock back, in a running hub or in a stopped one."""
    school.bypass(101, hours=24)
    school.wall_jumps(-10 * 86_400)
    school.all_speak(86_399, every_s=40)
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(2)
    assert school.view.bypasses == {}
    school.bypass(101, hours=24)
    school._wall_off_ms -= 10 * 86_400_000
    school.restart()
    school.all_speak(86_401, every_s=40)
    assert school.view.bypasses == {}


def test_a_bypass_that_leaves_a_room_without_a_live_button_says_so(make_rig: Make) -> None:
    """The answer does, first; the officer is told; and with the button at rest it is over."""
    rig = make_rig(with_maintenance(1))
    for zone in ("desk", "quiet", "nurse", "help"):
        rig.state(101, wall="normal")
        rig.zone_says(101, "tamper", zone, cause="cut")
    rig.state(101, wall="active", desk="cut", quiet="cut", nurse="cut", help="cut")
    assert rig.troubles("unprotected") == []
    answer = rig.bypass(101, "wall")
    assert isinstance(answer, Bypassed)
    assert answer.lifeless is not None
    assert answer.lifeless.startswith("no live button: wall: bypassed until it reads normal; desk: wire cut")
    rig.all_speak(61)
    assert "60 s sro opened: NO LIVE BUTTON: Room 101" in rig.told()
    rig.state(101, wall="normal", desk="cut", quiet="cut", nurse="cut", help="cut")
    assert rig.troubles("unprotected") == []


def test_who_bypassed_what_and_why_is_in_the_record(school: Rig) -> None:
    school.bypass(101, hours=1)
    school.end_bypass(101, by="Reyes")
    from sqlalchemy import select

    from hub.store.engine import open_engine
    from hub.store.tables import personal, record

    with open_engine(school._url, read_only=True).connect() as connection:
        rows = connection.execute(
            select(record.c.what, personal.c.value)
            .join(personal, personal.c.seq == record.c.seq)
            .where(record.c.what.like("bypass%"), personal.c.field == "reason")
            .order_by(record.c.seq)
        ).all()
    assert [what for what, _ in rows] == ["bypassed", "bypass-ended"]
    assert "Lee bypassed it until 2026-09-21T15:13:2" in rows[0].value
    assert "Reyes ended it" in rows[1].value


@pytest.mark.parametrize("jump", [0, 3600, -3600, 1.5, -1.5])
def test_a_press_of_before_the_bypass_calls_however_the_clock_was_set(school: Rig, jump: float) -> None:
    """The state says active, its alarm is still on its way; the zone is bypassed, and the clock is set."""
    school.state(101, wall="active")
    school.all_speak(60)
    school.bypass(101)
    school.wait(5)
    school.wall_jumps(jump)
    school.press(101, age_s=6)
    assert len(school.view.incidents) == 1


@pytest.mark.parametrize("jump", [0, 3600, -3600, 1.5, -1.5])
def test_an_alarm_of_after_the_bypass_is_silenced_however_the_clock_was_set(school: Rig, jump: float) -> None:
    """The same, with nothing to doubt; and the bypass ends when it would have."""
    school.state(101, wall="active")
    school.bypass(101, hours=1)
    school.wait(5)
    school.wall_jumps(jump)
    school.press(101, age_s=4)
    assert school.view.incidents == {}
    school.all_speak(3594)
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(2)
    assert school.view.bypasses == {}


def test_a_press_that_lay_in_the_broker_near_the_bypass_calls(school: Rig) -> None:
    """The broker counts in whole seconds: whether it was before the bypass nobody can tell."""
    school.state(101, wall="active")
    school.bypass(101)
    school.wait(5)
    kept = school.broker
    school.press(101, age_s=4.5)
    assert school.view.incidents == {}  # it came at once, and was after it
    ack = max(kept, default=0) + 1000
    payload = msgspec.json.encode(
        {"v": 1, "id": "waited", "boot": "b", "seq": 2, "zone": "wall", "kind": "panic", "what": "alarm"}
        | {"age_ms": 2500, "test": False}
    )
    school.broker[ack] = Sent("room-101", payload, school.t - 1.5)
    school._bring(ack)
    assert len(school.view.incidents) == 1


def test_a_copy_that_reckons_a_silenced_press_before_its_bypass_calls(school: Rig) -> None:
    """Of several copies the earliest reckoning stands, and a copy with the same one calls nobody."""
    school.state(101, wall="active")
    school.wait(10)
    school.bypass(101)
    school.wait(5)
    school.press(101, id="once", age_s=1)
    school.press(101, id="once", age_s=1, seq=1)
    school.press(101, id="once", age_s=3.5, seq=1)
    assert school.view.incidents == {}
    school.press(101, id="once", age_s=8, seq=1)
    assert len(school.view.incidents) == 1
    assert school.troubles("flaw-bypass") == ["flaw bypass room-101"]
    school.press(101, id="once", age_s=12, seq=1)
    (incident,) = school.view.incidents.values()
    assert len(incident.events) == 1


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_since_when_a_zone_is_bypassed_follows_the_clock(school: Rig, jump: float) -> None:
    """As until when does: by the clock on the wall it is a minute ago, over a restart, too."""
    school.bypass(101, hours=2)
    school.wait(60)
    school.wall_jumps(jump)
    for _ in range(2):
        bypass = school.view.bypasses["room-101", "wall"]
        assert school.now().wall - bypass.since == round(school.t * 1000)
        assert bypass.until - bypass.since == 2 * 3_600_000
        school.restart(5, of="hub")
