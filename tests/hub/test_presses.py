"""Which events are known: repeats, clashes, and copies that reckon an earlier time."""

from __future__ import annotations

import pytest

from config.clock import stamp
from hub.loaded import Loaded
from hub.presses import Seen, digests
from hub.quota import PAYLOAD_KEPT
from hub.view import Trouble
from tests.hub.making import T0, at, came, event_bytes, new_site, reasons, shown, take


def test_a_new_press_is_recorded_and_receipted() -> None:
    """One row, one incident, one receipt, its PUBACK owed, its payload as it came."""
    payload = event_bytes()
    decision = take(new_site(), payload)
    row = decision.events[0]
    assert (row.device, row.what, row.kind, row.zone, row.flaws) == (
        "room-101",
        "alarm",
        "panic",
        "wall",
        None,
    )
    assert (row.payload, row.size) == (payload, len(payload))
    assert list(decision.incidents) == [row.incident]
    assert decision.receipts == [("room-101", "e1")]
    assert decision.ack == (0, 1, 7)
    assert [delivery.target.audience for delivery in decision.owed] == ["sro"]


@pytest.mark.parametrize(
    "copy",
    [
        event_bytes(),
        event_bytes(age_ms=2500),
        event_bytes(at=stamp(T0 + 3500)),
        event_bytes(room="Elsewhere", label="Other"),
    ],
)
def test_a_repeat_is_receipted_and_not_recorded(copy: bytes) -> None:
    """Age, time, room and label may differ between copies."""
    site = new_site()
    take(site, event_bytes(), 0)
    decision = take(site, copy, 3)
    assert decision.receipts == [("room-101", "e1")]
    assert decision.ack == (0, 1, 7)
    assert (decision.events, decision.incidents, decision.owed, decision.record) == ([], {}, [], [])


@pytest.mark.parametrize(
    "other",
    [{"seq": 2}, {"zone": "desk"}, {"held": True}, {"boot": "c"}, {"what": "restoral"}, {"test": True}],
)
def test_the_same_id_with_other_content_is_new_and_a_trouble(other: dict[str, object]) -> None:
    """Under id and content, so that its own repeats are dropped; an alarm among them alarms."""
    site = new_site()
    first = take(site, event_bytes())
    clash = take(site, event_bytes(**other), 1)
    assert clash.events[0].digest != first.events[0].digest
    assert "flaw same-id room-101" in [trouble.key for trouble in clash.troubles]
    assert bool(clash.incidents) is (other.get("what") != "restoral")
    assert take(site, event_bytes(**other), 2).events == []
    assert take(site, event_bytes(), 2).events == []


def test_the_same_id_of_another_device_is_another_event() -> None:
    """The key is site, device and id."""
    site = new_site()
    take(site, event_bytes())
    assert len(take(site, event_bytes(), 1, device="room-102").events) == 1


def test_noise_is_kept_once() -> None:
    """Without an id the bytes themselves are the key."""
    site = new_site()
    decision = take(site, b"\xffnoise")
    assert (decision.events[0].payload, decision.receipts, decision.incidents) == (b"\xffnoise", [], {})
    assert [trouble.what for trouble in decision.troubles] == ["flaw-message"]
    assert take(site, b"\xffnoise", 1).events == []


def test_a_large_payload_is_cut_with_its_size_and_hash() -> None:
    """What is cut is still told apart."""
    one, two = (take(new_site(), b"x" * 1_000_000 + tail).events[0] for tail in (b"1", b"2"))
    assert len(one.payload) == PAYLOAD_KEPT
    assert one.size == 1_000_001
    assert one.payload_hash != two.payload_hash


def test_what_the_store_knows_is_a_repeat() -> None:
    """After a restart memory is empty and the record is asked."""
    first = new_site()
    row = take(first, event_bytes()).events[0]
    known = {row.digest: Seen(row.content, row.at, row.incident)}
    decision = take(new_site(), event_bytes(), 5, known)
    assert (decision.events, decision.receipts) == ([], [("room-101", "e1")])


def test_a_store_that_cannot_say_makes_it_new_and_a_trouble() -> None:
    """In doubt it is a real alarm."""
    fact = came(event_bytes())
    decision = new_site().decide(fact, at(0), None)
    assert len(decision.incidents) == 1
    assert "flaw store room-101" in [trouble.key for trouble in decision.troubles]


def test_a_copy_that_reckons_an_earlier_time_moves_it() -> None:
    """The earliest reckoning stands, in the record and in the incident; no new revision, nobody told."""
    site = new_site()
    row = take(site, event_bytes(), 10).events[0]
    decision = take(site, event_bytes(age_ms=8000), 12)
    assert decision.earlier == {row.digest: T0 + 4000}
    incident, _ = decision.incidents[str(row.incident)]
    assert (incident.opened_at, incident.events[0].at, incident.revision) == (T0 + 4000, T0 + 4000, 1)
    assert decision.owed == []
    assert reasons(decision, "reckoned-earlier") == [
        "its press was 6 s earlier than first reckoned: at 2026-09-21T14:13:24.000Z"
    ]
    room = incident.rooms[0]
    assert (room.asked_at, room.waits_from) == (T0 + 4000, T0 + 4000)


@pytest.mark.parametrize("age", [0, 1000, 2000, 2999])
def test_a_copy_within_a_second_or_later_moves_nothing(age: int) -> None:
    """The broker counts in whole seconds; a later reckoning never stands."""
    site = new_site()
    take(site, event_bytes(), 10)
    decision = take(site, event_bytes(age_ms=age), 12)
    assert decision.earlier == {}
    assert decision.incidents == {}


def test_the_digests_asked_for_are_those_recorded_under() -> None:
    """What the recorder asks the record beforehand is what the decision looks up."""
    site = new_site()
    for payload in (event_bytes(), event_bytes(seq=2), b"noise"):
        assert take(site, payload).events[0].digest in digests(came(payload), "lincoln")


def test_an_alarm_that_may_be_a_fault_opens_an_incident_at_once() -> None:
    """Told like any other, with its cause; the tamper beside it is a trouble."""
    site = new_site()
    decision = take(site, event_bytes(cause="cut", zone="desk"))
    take(site, event_bytes(id="t", what="tamper", cause="cut", zone="desk"))
    (incident,) = site.view.incidents.values()
    assert [event.cause for event in incident.events] == ["cut"]
    assert [delivery.target.audience for delivery in decision.owed] == ["sro"]
    assert b'"cause":"cut"' in decision.owed[0].body
    assert reasons(decision, "alarm") == ["pressed or cut: check the room"]
    sure = take(site, event_bytes(id="e2", zone="desk"), 1)
    assert reasons(sure, "alarm")[0].endswith("certain from now on")


def test_tamper_and_trouble_open_and_close() -> None:
    """Each under its zone and cause, restored by its own restoral, named by its room and button in words."""
    site = new_site()
    for n, what in enumerate(("tamper", "trouble")):
        opened = take(site, event_bytes(id=f"a{n}", what=what, cause="cut", zone="desk", label="desk button"))
        key = f"{what} room-101 desk cut"
        assert [(t.key, t.detail) for t in opened.troubles] == [(key, "Room 101, desk button: wire cut")]
        assert opened.incidents == {}
        other = take(site, event_bytes(id=f"b{n}", what=f"{what}-restoral", cause="cut", zone="wall"))
        assert other.troubles == []
        ended = take(site, event_bytes(id=f"c{n}", what=f"{what}-restoral", cause="cut", zone="desk"))
        assert [(t.key, t.restored is None) for t in ended.troubles] == [(key, False)]


@pytest.mark.parametrize(
    ("what", "cause", "words"),
    [
        ("tamper", "short", "wire shorted"),
        ("tamper", "conflict", "contacts contradict each other"),
        ("trouble", "stuck", "pressed for more than 5 min: can't call again until it is released"),
        ("trouble", "chatter", "opens and closes again and again"),
        ("trouble", "unreadable", "can't be read"),
        ("trouble", "mice", "mice"),
        ("tamper", None, "a fault of its wiring, cause not told"),
        ("trouble", None, "cause not told"),
        ("trouble", "X" * 5000, "X" * 128),
    ],
)
def test_a_fault_is_told_in_words(what: str, cause: str | None, words: str) -> None:
    """One that nobody knows as it came, cut to what is shown."""
    payload = event_bytes(what=what, cause=cause, zone="wall")
    assert [t.detail for t in take(new_site(), payload).troubles] == [f"Room 101, wall: {words}"]


def test_a_zone_may_have_several_troubles_at_once() -> None:
    """A restoral ends the one it names; one without a cause ends all of its zone and kind of fault."""
    site = new_site()

    def say(what: str, cause: str | None = None, zone: str = "wall") -> set[str]:
        take(site, event_bytes(id=f"{what} {cause} {zone}", what=what, cause=cause, zone=zone))
        return set(site.view.troubles)

    for cause in ("stuck", "chatter", "unreadable"):
        say("trouble", cause)
    say("tamper", "cut")
    say("trouble", "stuck", "desk")
    others = {"tamper room-101 wall cut", "trouble room-101 desk stuck"}
    assert say("trouble-restoral", "chatter") == others | {
        "trouble room-101 wall stuck",
        "trouble room-101 wall unreadable",
    }
    assert say("trouble-restoral") == others


@pytest.mark.parametrize("cause", ["cut", None])
def test_the_latest_word_on_a_fault_stands(cause: str | None) -> None:
    """Over two brokers a tamper may come after its own restoral, and that after the next tamper."""
    site = new_site()

    def say(what: str, seq: int, cause: str | None = "cut", boot: str = "b") -> bool:
        decision = take(site, event_bytes(id=f"{boot}{seq}", boot=boot, what=what, cause=cause, seq=seq))
        assert len(decision.events) == 1
        return "tamper room-101 wall cut" in site.view.troubles

    assert say("tamper", 1)
    assert not say("tamper-restoral", 4, cause)
    assert not say("tamper", 3)
    assert say("tamper", 5)
    assert say("tamper-restoral", 2, cause)
    assert not say("tamper-restoral", 6, cause)
    assert say("tamper", 1, boot="c")  # of another boot: in doubt it is a fault


@pytest.mark.parametrize("cause", ["cut", None])
def test_a_trouble_opened_by_an_older_release_is_ended_by_any_restoral(cause: str | None) -> None:
    """Its key bears no cause."""
    key = "tamper room-101 desk"
    old = Trouble(key, "tamper", "room-101", "desk", "desk: cut", since=T0, last=T0)
    site = new_site(loaded=Loaded(troubles=[old]))
    assert key in site.view.troubles
    take(site, event_bytes(what="tamper-restoral", cause=cause, zone="desk"))
    assert site.view.troubles == {}


def test_a_restoral_closes_no_incident() -> None:
    """Letting go of the button is not an answer."""
    site = new_site()
    take(site, event_bytes())
    take(site, event_bytes(id="e2", what="restoral"), 1)
    assert [incident.state for incident in site.view.incidents.values()] == ["open"]


def test_a_flawed_word_that_is_no_alarm_is_only_kept() -> None:
    """It opens no door and restores no fault: what can't be read whole is not to be believed."""
    site = new_site()
    take(site, event_bytes(what="tamper", cause="cut"))
    door = take(site, event_bytes(id="d", kind="door", zone="door", what="open", seq=0))
    ended = take(site, event_bytes(id="r", what="tamper-restoral", seq=0))
    assert (door.doors, site.view.doors) == ({}, {})
    assert "tamper room-101 wall cut" in site.view.troubles
    assert [d.receipts[0][1] for d in (door, ended)] == ["d", "r"]
    assert all(len(d.events) == 1 for d in (door, ended))


def test_a_flaw_that_has_not_come_for_a_day_is_restored() -> None:
    """Looked at by the hour."""
    site = new_site()
    take(site, event_bytes(room="Elsewhere"))
    key = "flaw room room-101"
    assert key in site.view.troubles
    for hour in range(1, 24):
        _let_out(site, hour * 3600)
    take(site, event_bytes(id="e2", room="Elsewhere"), 23 * 3600 + 1)
    for hour in range(24, 47):
        _let_out(site, hour * 3600)
    assert key in site.view.troubles
    for hour in (47, 48, 49):
        _let_out(site, hour * 3600)
    assert key not in site.view.troubles


def _let_out(site: object, second: float) -> None:
    from tests.hub.making import tick

    tick(site, second)  # type: ignore[arg-type]


def test_what_is_not_known_to_be_new_opens_an_incident_of_another_id() -> None:
    """It may have opened one that is over by now: a receiver that heard of that would drop a second."""
    site = new_site()
    first = take(site, event_bytes()).events[0].incident
    for known, same in (({}, True), (None, False)):
        again = shown(new_site().decide(came(event_bytes()), at(5), known))
        assert (again.events[0].incident == first) is same
        assert len(again.owed) == 1
