"""The agent as a whole, on a fake clock: what it does, in which order, for each thing that happens."""

from __future__ import annotations

from config.contract import EVENT_EXPIRY, Event, decode
from device.actions import Forget, Hurry, Keep, Publish, Remember, Renew
from device.facts import Heard, Kept, OutboxFault, Restored
from device.owed import MOST_OWED
from tests.device.room import Room, events, healths, of, states


def up() -> Room:
    room = Room()
    room.up()
    room.beat()
    return room


def restart(before: Room, *, pressed: tuple[str, ...] = ()) -> Room:
    """Cut the power and start again a minute later, with what the outbox was given."""
    kept: dict[str, Kept] = {}
    memory: dict[str, str] = {}
    for done in before.done:
        if isinstance(done, Keep):
            kept[done.event.id] = done.event
            if done.word is not None:
                memory[done.word.key] = done.word.value
        elif isinstance(done, Forget):
            kept.pop(done.id, None)
        elif isinstance(done, Remember):
            memory[done.key] = done.value
    at = before.now + 60
    found = Restored(mono=at, events=tuple(kept.values()), memory=memory)
    return Room(boot="b2", at=at, pressed=pressed, restored=found)


def test_birth() -> None:
    """When a link is up the agent says who it is, retained, and how it does."""
    done = Room().up()
    (state,) = states(done)
    assert (state.online, state.boot, state.room) == (True, "b1", "Room 101")
    assert [(z.zone, z.label, z.kind, z.circuit, z.condition) for z in state.zones] == [
        ("wall", "wall button", "panic", "no", "normal"),
        ("desk", "desk button", "panic", "no", "normal"),
        ("door", "door", "door", "nc", "normal"),
    ]
    assert [each.retain for each in of(Publish, done)] == [True, False]
    (health,) = healths(done)
    assert (health.outbox, health.n) == (0, 1)


def test_a_press_is_sent_before_anything_else() -> None:
    """First the wire, then the disk, then the state: with all that the hub needs to tell a person."""
    room = up()
    room.move("desk", closed=True)
    done = room.wait(0.05)
    sent = done[0]
    assert isinstance(sent, Publish)
    assert (sent.what, sent.qos, sent.retain, sent.expiry_s) == ("event", 1, False, EVENT_EXPIRY)
    (event,) = events(done)
    assert (event.id, event.boot, event.seq) == ("b1-1", "b1", 1)
    assert (event.zone, event.label, event.kind, event.what) == ("desk", "desk button", "panic", "alarm")
    assert (event.room, event.test, event.held, event.at) == ("Room 101", False, None, None)
    assert event.age_ms == 40
    assert done.index(sent) < done.index(of(Keep, done)[0])
    assert states(done)[0].zones[1].condition == "active"


def test_seq_has_no_hole_and_ids_are_unique() -> None:
    """Presses, restorals and doors count from 1 in one row."""
    room = up()
    room.press("desk")
    room.press("wall", seconds=3.5)
    room.move("door", closed=False)
    room.wait(0.1)
    kept = [decode(Event, each.event.body) for each in of(Keep, room.done)]
    assert [event.seq for event in kept] == list(range(1, 7))
    assert [event.id for event in kept] == [f"b1-{n}" for n in range(1, 7)]
    assert [(event.what, event.held) for event in kept] == [
        ("alarm", None),
        ("restoral", None),
        ("alarm", None),
        ("alarm", True),
        ("restoral", None),
        ("open", None),
    ]


def test_offline_press_goes_out_with_its_age() -> None:
    """A press while no broker is reached ends the pause of every link, and tells its age when sent."""
    room = Room("one", "two")
    done = room.press("desk")
    assert events(done) == []
    assert {each.link for each in of(Hurry, done)} == {"one", "two"}
    assert [each.event.id for each in of(Keep, done)] == ["b1-1", "b1-2"]
    room.wait(60.0)
    first, second = events(room.up("two"))
    assert (first.what, second.what) == ("alarm", "restoral")
    assert first.age_ms == 60_300
    assert room.agent.owed == 2


def test_no_puback_opens_a_new_connection() -> None:
    """A press that no broker answers in 1 s gives the connection up; the next one sends it again."""
    room = up()
    room.press("desk", seconds=0.1)
    done = room.wait(1.0)
    assert [each.link for each in of(Renew, done)] == ["hub"]
    room.down()
    assert [event.what for event in events(room.up())] == ["alarm", "restoral"]


def test_the_receipt_ends_it() -> None:
    """With the hub's receipt the event leaves the outbox and is sent no more."""
    room = up()
    room.press()
    done = room.receipt("b1-1", "unknown")
    assert [each.id for each in of(Forget, done)] == ["b1-1"]
    room.receipt("b1-2")
    assert room.agent.owed == 0
    assert events(room.wait(600)) == []


def test_the_lamp_follows_the_truth() -> None:
    """Pressed is not received for a PUBACK; received is for the receipt, acknowledged for the person."""
    room = up()
    assert room.shows == "ready"
    room.move("desk", closed=True)
    room.wait(0.05)
    assert room.shows == "pressed"
    room.answer("b1-1")
    assert room.shows == "pressed"
    room.receipt("b1-1")
    assert room.shows == "received"
    room.command("c1", "lamp", lamp="acknowledged", events=("b1-1",))
    assert room.shows == "acknowledged"
    room.command("c2", "lamp", lamp="resolved", events=("b1-1",))
    assert room.shows == "ready"


def test_a_command_is_obeyed_once_and_never_when_retained() -> None:
    """A repeated id does nothing."""
    room = up()
    room.command("c1", "identify", for_s=5.0)
    assert room.shows == "identify"
    room.wait(6.0)
    room.command("c1", "identify", for_s=5.0)
    assert room.shows == "ready"


def test_ready_only_while_the_hub_is_heard() -> None:
    """A retained beat proves nothing; a live one lasts 30 s, and no longer than its link."""
    room = Room()
    room.up()
    room.beat(retained=True)
    assert room.shows == "fault"
    room.beat(ready=False)
    assert room.shows == "fault"
    room.beat(reach=False)
    assert room.shows == "fault"
    room.beat()
    assert room.shows == "ready"
    room.wait(29.9)
    assert room.shows == "ready"
    room.wait(0.1)
    assert room.shows == "fault"
    room.beat()
    assert room.shows == "ready"
    room.down()
    assert room.shows == "fault"


def test_a_beat_after_silence_brings_the_press_again() -> None:
    """What the broker took while the hub was away goes out at once when it is heard again."""
    room = up()
    room.wait(31.0)
    room.press()
    room.answer("b1-1")
    room.answer("b1-2")
    assert events(room.wait(100.0)) == []
    sent = events(room.beat())
    assert [event.id for event in sent] == ["b1-1", "b1-2"]
    assert sent[0].age_ms > 100_000


def test_refused_is_a_trouble_in_health() -> None:
    """A broker that refuses our events is named, until it takes one again."""
    room = up()
    room.press()
    room.answer("b1-1", refused="Not authorized")
    (health,) = healths(room.survey())
    assert health.troubles == ("publishing event over hub: the broker refused it: Not authorized",)
    assert health.last_fault == health.troubles[0]
    room.answer("b1-2")
    (health,) = healths(room.survey())
    assert health.troubles == ()
    assert health.last_fault is not None


def test_a_lost_session_is_said() -> None:
    """A broker that has forgotten us is the last fault; the very first session is none."""
    room = Room()
    room.up(session_present=False)
    assert healths(room.survey())[0].last_fault is None
    room.down()
    room.up(session_present=False)
    assert healths(room.survey())[0].last_fault == "link hub: the broker lost our session"


def test_a_new_trouble_is_told_within_a_second() -> None:
    """It doesn't wait for the next health, and a flood of troubles is no flood of healths."""
    room = up()
    room.survey()
    assert room.agent.survey_due_at() == room.now + 15.0
    room.tell(OutboxFault(mono=room.now, why="disk full"))
    room.tell(OutboxFault(mono=room.now, why="disk gone"))
    assert room.agent.survey_due_at() == room.now + 1.0
    room.wait(1.0)
    room.survey()
    assert room.agent.survey_due_at() == room.now + 15.0


def test_health_names_a_lost_link_over_the_other() -> None:
    """With two brokers the loss of one is told through the other."""
    room = Room("one", "two")
    room.up("one")
    room.up("two")
    room.down("one", "the broker refused the connection")
    (health,) = healths(room.survey(synced=True))
    assert health.troubles == ("link one: the broker refused the connection",)
    assert health.clock_synced is True


def test_health_tells_of_the_outbox() -> None:
    """How much waits, since when, and what is wrong with the disk."""
    room = up()
    room.press()
    room.tell(OutboxFault(mono=room.now, why="disk full"))
    (health,) = healths(room.survey(behind_s=7.0))
    assert health.outbox == 2
    assert health.oldest_ms == 300
    assert health.troubles == ("outbox: disk full", "disk: the disk has not answered for 7 s")


def test_doors_are_given_up_before_presses() -> None:
    """However much is owed, a press stays; doors give way, and the health says so."""
    room = Room()
    room.press()
    for n in range(MOST_OWED + 10):
        room.move("door", closed=n % 2 == 1)
        room.wait(3.0)
    assert room.agent.owed == MOST_OWED
    forgotten = [each.id for each in of(Forget, room.done)]
    assert forgotten == [f"b1-{n}" for n in range(3, 15)]
    room.up()
    (health,) = healths(room.survey())
    assert health.given_up == ("b1-3..14",)


def test_at_only_with_a_synchronised_clock() -> None:
    """The wall time of the press, never that of the copy."""
    room = up()
    room.survey(synced=True)
    (event, *_) = events(room.press())
    assert event.at is not None
    (again, *_) = events(room.wait(4.0) + room.down() + room.wait(60.0) + room.up())
    assert again.at == event.at
    assert again.age_ms > 60_000


def test_a_press_survives_the_power_cut() -> None:
    """It is sent after the restart with its true age, and its lamp says that it isn't received."""
    before = up()
    before.press()
    room = restart(before)
    assert room.shows == "not-received"
    sent = events(room.up())
    assert [(e.id, e.what) for e in sent] == [("b1-1", "alarm"), ("b1-2", "restoral")]
    assert sent[0].age_ms == round((room.now - 101.0) * 1000)
    room.receipt("b1-1")
    assert room.shows == "received"


def test_a_received_press_stays_received_after_the_restart() -> None:
    """The lamp stays dark as it was, and still hears that the press was acknowledged."""
    before = up()
    before.press()
    before.receipt("b1-1", "b1-2")
    room = restart(before)
    room.up()
    room.beat()
    assert room.shows == "received"
    room.command("c9", "lamp", lamp="resolved", events=("b1-1",))
    assert room.shows == "ready"


def test_a_receipt_written_just_before_the_end() -> None:
    """The row was gone but the lamp's memory not yet renewed: nothing is owed, so it was received."""
    before = up()
    before.press()
    before.receipt("b1-1")
    last = max(n for n, each in enumerate(before.done) if isinstance(each, Remember) and each.key == "press")
    before.done = before.done[:last]
    assert restart(before).shows == "received"


def test_still_pressed_after_the_restart_is_no_second_press() -> None:
    """A button that was reported as pressed and still is brings nothing but its restoral."""
    before = up()
    before.move("desk", closed=True)
    before.wait(0.2)
    room = restart(before, pressed=("desk",))
    assert [event.boot for event in events(room.up())] == ["b1"]
    room.move("desk", closed=False)
    assert [event.what for event in events(room.wait(0.1))] == ["restoral"]


def test_released_during_the_power_cut() -> None:
    """The restoral is told after the restart."""
    before = up()
    before.move("desk", closed=True)
    before.wait(0.2)
    assert [(e.boot, e.what) for e in events(restart(before).up())] == [("b1", "alarm"), ("b2", "restoral")]


def test_pressed_during_the_power_cut() -> None:
    """A button found pressed at the start is an alarm."""
    before = up()
    assert [e.what for e in events(restart(before, pressed=("wall",)).up())] == ["alarm"]


def test_unreadable_messages_are_said_and_do_nothing() -> None:
    """Whatever comes on a topic of ours, the agent goes on."""
    room = up()
    for topic in (
        "tocsin/v1/demo/room-101/receipt",
        "tocsin/v1/demo/room-101/command",
        "tocsin/v1/demo/posture",
        "x",
    ):
        for payload in (b"", b"\xff", b"[]", b'{"v":9}', b'{"v":1,"ids":[1]}'):
            room.tell(Heard(mono=room.now, link="hub", topic=topic, payload=payload, retained=False))
    assert [event.what for event in events(room.press())] == ["alarm", "restoral"]


def test_each_new_connection_brings_a_newer_state() -> None:
    """A hub that hears an agent over several brokers must not take its return for an old copy."""
    room = up()
    before = states(room.done)[-1].n
    room.down()
    (again,) = states(room.up())
    assert again.n is not None
    assert before is not None
    assert again.n > before
