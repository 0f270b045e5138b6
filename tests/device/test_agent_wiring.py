"""The agent on supervised circuits: what goes out for a fault, what the lamp shows, what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from config.agent_settings import StrobeSettings, ZoneSettings
from config.contract import Event, Posture, encode
from config.topics import posture_topic
from device.actions import Drive, Forget, Keep, Publish, Remember
from device.facts import Heard, Kept, Restored
from device.signals import RECALLED_IN_S
from tests.device.room import Room, events, healths, of, states

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23),
    ZoneSettings(zone="desk", kind="panic", circuit="eol", channel=0),
    ZoneSettings(zone="help", kind="assist", circuit="no", pin=27, held_kind="panic"),
    ZoneSettings(zone="quiet", kind="duress", circuit="pair", pin=5, nc_pin=6),
    ZoneSettings(zone="door", kind="door", circuit="eol", channel=1, contact="nc"),
)


def room(**options: Any) -> Room:
    made = Room(zones=ZONES, **options)
    made.answers = True
    made.up()
    made.beat()
    return made


def kept(done: list[Any]) -> list[tuple[str, str, str, str | None]]:
    return [(e.zone, e.kind, e.what, e.cause) for e in events(done)]


def test_a_fault_goes_out_with_its_cause() -> None:
    """Within a second, with the zone's state; and the lamp is not ready until it is over."""
    made = room()
    made.becomes("desk", "cut")
    done = made.wait(0.6)
    assert kept(done) == [("desk", "panic", "tamper", "cut")]
    assert {z.zone: z.condition for z in states(done)[-1].zones}["desk"] == "cut"
    assert made.shows == "button-fault"
    made.becomes("desk", "normal")
    done = made.wait(0.6)
    assert kept(done) == [("desk", "panic", "tamper-restoral", "cut")]
    assert made.shows == "ready"


def test_pressed_or_cut_goes_out_before_the_disk_and_the_tamper() -> None:
    """It may be a press: it is sent like one."""
    made = room()
    made.becomes("wall", "cut")
    done = made.wait(0.3)
    assert kept(done) == [("wall", "panic", "alarm", "cut"), ("wall", "panic", "tamper", "cut")]
    first = next(i for i, each in enumerate(done) if isinstance(each, Publish) and each.what == "event")
    assert first < next(i for i, each in enumerate(done) if isinstance(each, Keep))
    assert made.shows == "pressed"


def test_a_duress_zone_gives_nothing_away_by_its_faults() -> None:
    """What may be a press of it changes no lamp; nor does one that stays pressed."""
    made = room()
    made.becomes("quiet", "cut")
    done = made.wait(0.5)
    assert kept(done)[0] == ("quiet", "duress", "alarm", "cut")
    assert made.shows == "ready"
    made.becomes("quiet", "active")
    for _ in range(40):
        done += made.wait(10.0)
        made.beat()
    assert ("quiet", "duress", "trouble", "stuck") in kept(done)
    assert made.shows == "ready"


def test_assist_held_is_an_emergency_by_the_second_alarm() -> None:
    made = room()
    done = made.press("help", seconds=3.5)
    sent = {event.id: event for event in events(done)}
    assert [(e.kind, e.what, e.held) for e in sent.values()] == [
        ("assist", "alarm", None),
        ("panic", "alarm", True),
        ("assist", "restoral", None),
    ]


def test_a_door_on_a_supervised_circuit() -> None:
    """Open, closed, and its wire; none of it touches the lamp."""
    made = room()
    made.becomes("door", "active")
    assert kept(made.wait(0.2)) == [("door", "door", "open", None)]
    made.becomes("door", "short")
    assert kept(made.wait(0.6)) == [("door", "door", "closed", None), ("door", "door", "tamper", "short")]
    assert made.shows == "ready"


def test_what_cannot_be_read_is_a_trouble_and_no_ready() -> None:
    made = room()
    assert kept(made.unreadable("desk")) == [("desk", "panic", "trouble", "unreadable")]
    assert kept(made.unreadable("desk")) == []
    assert made.shows == "button-fault"
    assert kept(made.becomes("desk", "normal")) == [("desk", "panic", "trouble-restoral", "unreadable")]
    assert made.shows == "ready"


def test_a_lost_move_is_found_and_counted() -> None:
    """A press whose edge was lost is told when the pins are read again; the health says that it was."""
    made = room()
    reading = (True, False)
    done = made.read("wall", reading, "again") + made.wait(0.1)
    assert kept(done) == [("wall", "panic", "alarm", None)]
    (health,) = healths(made.survey())
    assert (health.lost_edges, health.last_fault) == (0, None)  # its own word may still come
    made.wait(1.0)
    (health,) = healths(made.survey())
    assert health.lost_edges == 1
    assert health.last_fault == "pins: wall: 1 moves were found only by reading again"


def restarted(before: Room, **options: Any) -> Room:
    """Cut the power and start again a minute later, with what the outbox was given."""
    rows: dict[str, Kept] = {}
    memory: dict[str, str] = {}
    for done in before.done:
        match done:
            case Keep(event, word):
                rows[event.id] = event
                memory |= {} if word is None else {word.key: word.value}
            case Forget(id):
                rows.pop(id, None)
            case Remember(key, value):
                memory[key] = value
    at = before.now + 60
    found = Restored(mono=at, events=tuple(rows.values()), memory=memory)
    return Room(**{"zones": ZONES, "boot": "b2", "at": at, "restored": found, **options})


def test_a_fault_told_before_a_restart_is_restored_after_it() -> None:
    before = room()
    before.becomes("desk", "short")
    before.wait(1.0)
    after = restarted(before)
    assert ("desk", "panic", "tamper-restoral", "short") in kept(after.up())


def test_a_fault_told_before_a_restart_is_restored_when_its_word_is_read_late() -> None:
    """A slow disk: the zone has been pressed meanwhile, and the word is read after that."""
    before = room()
    before.becomes("desk", "short")
    before.wait(1.0)
    word = {keep.word.key: keep.word.value for keep in of(Keep, before.done) if keep.word}
    after = Room(zones=ZONES, boot="b2")
    after.answers = True
    after.up()
    after.press("desk")
    found = Restored(mono=after.now, events=(), memory=word)
    assert kept(after.tell(found)) == [("desk", "panic", "tamper-restoral", "short")]


def test_a_test_that_is_held_over_a_restart_is_real() -> None:
    """The walk test ended with the restart, and only a test was told of that press."""
    before = room()
    before.command("walk", "walk-test", for_s=600.0)
    before.becomes("desk", "active")
    before.wait(1.0)
    after = restarted(before, pressed=("desk",))
    after.answers = True
    after.up()
    after.wait(60.0)
    told = {e.id: (e.what, e.test, bool(e.held)) for e in events(after.done) if e.boot == "b2"}
    assert list(told.values()) == [("alarm", False, False), ("alarm", False, True)]


@pytest.mark.parametrize("is_early", [False, True])
def test_a_walk_test_that_ended_with_a_restart_is_not_begun_again(is_early: bool) -> None:
    """By the same command, which another broker may bring then: before the outbox is read or after it."""
    before = room()
    before.command("walk", "walk-test", for_s=600.0)
    after = restarted(before, **({"restored": None} if is_early else {}))
    after.up()
    after.command("walk", "walk-test", for_s=600.0)
    assert bool(after.agent.walk_test) is is_early
    word = next(each.value for each in of(Remember, before.done) if each.key == "walk tests")
    done = after.tell(Restored(mono=after.now, events=(), memory={"walk tests": word}))
    assert not after.agent.walk_test
    assert not is_early or not states(done)[-1].zones[0].walk_test
    after.command("walk-2", "walk-test", for_s=600.0)
    own = next(each.value for each in reversed(of(Remember, after.done)) if each.key == "walk tests")
    after.tell(Restored(mono=after.now, events=(), memory={"walk tests": own}))
    for each in (word, "[]", "no json", '{"boot": "b9", "ids": 7}'):
        after.tell(Restored(mono=after.now, events=(), memory={"walk tests": each}))
    assert after.agent.walk_test


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("missing", ["later", "held"])
def test_received_is_not_said_while_the_latest_press_is_owed(missing: str, *, restarts: bool) -> None:
    """One button is held, another pressed meanwhile: the second alarm of the first takes no lamp over."""
    made = room()
    done = made.becomes("desk", "active") + made.wait(1.0) + made.press("wall") + made.wait(2.0)
    alarms = {event.id: event for event in events(done) if event.what == "alarm"}
    assert [(event.zone, bool(event.held)) for event in alarms.values()] == [
        ("desk", False),
        ("wall", False),
        ("desk", True),
    ]
    first, later, held = alarms
    left = later if missing == "later" else held
    if restarts:
        made = restarted(made, pressed=("desk",))
    made.receipt(*{first, later, held} - {left})
    made.wait(6.0)
    assert made.shows == "not-received"
    made.receipt(left)
    assert made.shows == "received"


def test_no_walk_test_begins_before_it_is_known_which_are_over() -> None:
    """A broker may bring an old command again before the outbox is read: a press then is no test."""
    before = room()
    before.command("walk", "walk-test", for_s=600.0)
    word = next(each.value for each in of(Remember, before.done) if each.key == "walk tests")
    after = Room(zones=ZONES, boot="b2", reads_outbox=False)
    after.up()
    after.command("walk", "walk-test", for_s=600.0)
    assert not after.agent.walk_test
    alarm = next(event for event in events(after.press("desk")) if event.what == "alarm")
    assert not alarm.test
    after.tell(Restored(mono=after.now, events=(), memory={"walk tests": word}, is_whole=False))
    after.command("walk-2", "walk-test", for_s=600.0)
    assert not after.agent.walk_test
    after.tell(Restored(mono=after.now, events=(), memory={}))
    for name in ("walk", "walk-2"):
        after.command(name, "walk-test", for_s=600.0)
        assert not after.agent.walk_test
    after.command("walk-3", "walk-test", for_s=600.0)
    assert after.agent.walk_test


def test_a_walk_test_does_not_wait_for_ever_for_a_disk() -> None:
    """By then a broker has let go of every command that is older than this start."""
    made = Room(zones=ZONES, reads_outbox=False)
    made.up()
    made.wait(RECALLED_IN_S - 1.5)
    made.command("early", "walk-test", for_s=600.0)
    assert not made.agent.walk_test
    made.wait(1.0)
    made.command("walk", "walk-test", for_s=600.0)
    assert made.agent.walk_test


def test_a_press_that_is_held_over_a_restart_is_told_as_held() -> None:
    """Once: for assist it may be what makes it an emergency."""
    before = room()
    before.becomes("help", "active")
    before.wait(1.0)
    after = restarted(before, pressed=("help",))
    after.answers = True
    after.up()
    after.wait(60.0)
    told = {e.id: (e.kind, e.what, e.held) for e in events(after.done) if e.boot == "b2"}
    assert list(told.values()) == [("panic", "alarm", True)]
    again = restarted(after, pressed=("help",), boot="b3")
    again.answers = True
    again.up()
    again.wait(60.0)
    assert not [e for e in events(again.done) if e.boot == "b3"]


def test_a_damaged_event_that_may_be_an_alarm_goes_out() -> None:
    """In doubt it is a real alarm: the hub is told what could be read of it."""
    made = room()
    at = made.press("wall")  # any moment will do
    happened = of(Keep, at)[0].event.happened
    bodies = (b'{"v":9,"kind":"panic","what":"alarm","zone":"desk"}', b"not json at all")
    damaged = tuple(Kept(id=f"old-{n}", body=body, happened=happened) for n, body in enumerate(bodies))
    done = made.tell(Restored(mono=made.now, events=damaged, memory={}))
    (sent,) = [event for event in events(done) if event.id.startswith("old")]
    assert (sent.id, sent.zone, sent.kind, sent.what, sent.test) == ("old-0", "desk", "panic", "alarm", False)


def test_a_late_restore_without_words_undoes_nothing() -> None:
    """A file that was set aside brings its events a minute later, and no word on any zone."""
    before = room()
    before.becomes("wall", "active")
    before.wait(1.0)
    after = restarted(before, pressed=("wall",))
    after.answers = True
    after.up()
    after.tell(Restored(mono=after.now, events=(), memory={}))
    assert not [e for e in events(after.wait(60.0)) if e.boot == "b2" and e.what == "alarm" and not e.held]


LOCKDOWN = StrobeSettings(pin=21, postures=("lockdown",))


def posture(made: Room, name: Any, n: int, *, automatic: bool | None = None) -> list[Any]:
    since = "2026-11-23T10:00:00.000Z"
    said = Posture(v=1, n=n, posture=name, drill=False, since=since, automatic=automatic)
    topic = posture_topic("demo")
    return made.tell(Heard(mono=made.now, link="hub", topic=topic, payload=encode(said), retained=True))


def lit(made: Room) -> list[Drive]:
    """What was switched on since the start."""
    return [each for each in of(Drive, made.done) if each.level > 0]


def test_the_posture_drives_the_strobe() -> None:
    """And a press in this very room keeps it as it was."""
    made = Room(zones=ZONES, strobe=LOCKDOWN)
    made.up()
    assert Drive("strobe", 1.0) in posture(made, "lockdown", 5)
    assert Drive("strobe", 0.0) not in posture(made, "normal", 4)  # older
    assert Drive("strobe", 0.0) in posture(made, "normal", 6)
    made.press("wall")
    assert Drive("strobe", 1.0) not in posture(made, "lockdown", 7)


def test_every_event_says_whether_it_is_a_test() -> None:
    made = room()
    sent: list[Event] = events(made.press("wall"))
    assert {event.test for event in sent} == {False}


def test_a_call_that_was_resolved_holds_no_strobe_after_a_restart() -> None:
    """What the outbox remembers of a call is that it is over."""
    before = room(strobe=LOCKDOWN)
    sent = events(before.press("quiet"))
    before.command("c1", "lamp", lamp="resolved", events=(sent[0].id,))
    after = restarted(before, strobe=LOCKDOWN)
    assert Drive("strobe", 1.0) in posture(after, "lockdown", 7)


def called(zone: str) -> Room:
    """A room whose call was receipted in full before its power went."""
    made = room(strobe=LOCKDOWN)
    posture(made, "normal", 5)
    made.receipt(*(event.id for event in events(made.press(zone))))
    assert not made.agent.owed
    posture(made, "lockdown", 6, automatic=True)
    made.wait(3.0)
    assert Drive("strobe", 1.0) not in made.done
    return made


def what_was_kept(before: Room, at: float, *, is_whole: bool = True) -> Restored:
    memory: dict[str, str] = {}
    for done in before.done:
        match done:
            case Keep(_, Remember(key, value)) | Remember(key, value):
                memory[key] = value
    return Restored(mono=at, events=(), memory=memory, is_whole=is_whole)


@pytest.mark.parametrize("zone", ["wall", "quiet"])
def test_a_restart_shows_nothing_in_a_room_that_has_called(zone: str) -> None:
    """Neither strobe nor lamp: the posture and the beat come before the outbox is read, and long after."""
    before = called(zone)
    after = Room(zones=ZONES, boot="b2", at=before.now + 60, reads_outbox=False, strobe=LOCKDOWN)
    after.up()
    after.beat()
    posture(after, "lockdown", 6, automatic=True)
    after.tell(Restored(mono=after.now, events=(), memory={}, is_whole=False))  # set aside in a crash loop
    after.wait(5.0)
    assert lit(after) == []
    after.tell(what_was_kept(before, after.now, is_whole=False))
    after.tell(Restored(mono=after.now, events=(), memory={}))
    for _ in range(1000):
        after.wait(10.0)
        after.beat()
        assert Drive("strobe", 1.0) not in after.done
    assert after.shows == "ready"


def test_a_room_that_has_called_is_dark_after_a_restart() -> None:
    """For what is left of its hour, once the outbox is read as before that."""
    before = called("wall")
    after = Room(zones=ZONES, boot="b2", at=before.now + 60, reads_outbox=False)
    after.up()
    after.beat()
    after.wait(1.0)
    after.tell(what_was_kept(before, after.now))
    for _ in range(300):
        after.wait(10.0)
        after.beat()
    assert lit(after) == []


def test_the_strobe_is_after_a_restart_what_it_was() -> None:
    """On by a person's word before the room called: off by a plan's would tell who called."""
    before = room(strobe=LOCKDOWN)
    posture(before, "lockdown", 5, automatic=False)
    before.receipt(*(event.id for event in events(before.press("quiet"))))
    posture(before, "normal", 6, automatic=True)
    at = before.now + 60
    after = Room(zones=ZONES, boot="b2", at=at, restored=what_was_kept(before, at), strobe=LOCKDOWN)
    after.up()
    posture(after, "normal", 6, automatic=True)
    assert [drive.level for drive in of(Drive, after.done) if drive.output == "strobe"] == [0.0, 1.0]


def test_an_outbox_that_is_never_read_does_not_keep_the_lamp_dark() -> None:
    """A path to the hub is shown after a while, and a fault as well."""
    made = Room(zones=ZONES, reads_outbox=False)
    made.wait(28.0)
    assert made.shows == "dark"
    made.wait(2.0)
    assert made.shows == "fault"


def test_a_held_emergency_that_is_not_received_says_so() -> None:
    """The call for help was; the broker died before the emergency went out."""
    made = room()
    made.becomes("help", "active")
    made.wait(0.1)
    made.receipt("b1-1")
    made.down()
    made.wait(2.95)
    assert made.shows == "pressed"
    made.wait(5.0)
    assert made.shows == "not-received"
    made.up()
    made.receipt("b1-2")
    assert made.shows == "received"


@pytest.mark.parametrize("zone", ["wall", "quiet"])
def test_the_strobe_stays_off_after_a_power_cut_at_every_step_of_a_call(zone: str) -> None:
    """From the moment at which the press is on the disk."""
    before = room(strobe=LOCKDOWN)
    before.receipt(*(event.id for event in events(before.press(zone))))
    whole = before.done
    first = next(n for n, each in enumerate(whole) if isinstance(each, Keep))
    for step in range(first + 1, len(whole) + 1):
        before.done = whole[:step]
        after = restarted(before, strobe=LOCKDOWN)
        posture(after, "lockdown", 6, automatic=True)
        after.receipt(*(event.id for event in events(whole)))
        after.wait(7200.0)
        assert Drive("strobe", 1.0) not in after.done, f"step {step}"


def test_a_posture_after_which_none_could_come_is_not_obeyed() -> None:
    """A stranger's number would make the agent deaf to every lockdown."""
    made = Room(zones=ZONES, strobe=LOCKDOWN)
    made.up()
    posture(made, "normal", 2**53 - 1)
    assert Drive("strobe", 1.0) in posture(made, "lockdown", 5)
