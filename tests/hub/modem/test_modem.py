"""The modem's state machine: texts, calls, and a modem that stalls, forgets, or goes away."""

from __future__ import annotations

import pytest

from hub.modem.call import ANSWERED_S, RING_S, CallOver
from hub.modem.modem import AGAIN_S, LOOK_EVERY_S, SILENT_S, Came, KeyPressed, Modem, Reopen, Reported, Sent
from hub.modem.scripts import PIN_TRIES, SEND_WITHIN_S, Handed
from hub.modem.simulated import Seen, SimulatedModem, said

from .wire import Wire, ready

SMITH = "+15550100001"


def test_a_text_is_sent_and_its_reference_kept() -> None:
    """From a modem that was just plugged in."""
    wire = ready()
    assert wire.modem.health(wire.now) == (True, "registered with Simulated, signal -77 dBm")
    wire.text("one", SMITH, "PANIC Room 101. Reply ACK 41 73")
    assert wire.all(Sent) == [Sent("one", Handed((1,)))]
    assert wire.simulated.seen == [Seen(SMITH, "PANIC Room 101. Reply ACK 41 73", (1,))]


@pytest.mark.parametrize("echo", [True, False])
def test_echo_makes_no_difference(echo: bool) -> None:
    """Some modems echo until they are told not to, and some for ever."""
    simulated = SimulatedModem()
    wire = Wire(simulated=simulated, hold=lambda _, heard: (setattr(simulated, "echo", echo), heard)[1])
    simulated.echo = echo
    wire.run(5.0)
    wire.text("one", SMITH, "a" * 200)
    assert wire.all(Sent) == [Sent("one", Handed((1, 2)))]
    assert wire.simulated.seen[0].text == "a" * 200


def test_lines_that_nobody_asked_for_come_in_the_middle_of_any_answer() -> None:
    """And none of them is lost, nor taken for the answer."""
    simulated = SimulatedModem()
    noise = [
        said("RING"),
        said('+CMTI: "SM",9'),
        simulated.report(1, SMITH),
        said("+CREG: 1"),
        said("NO CARRIER"),
    ]

    def hold(_: bytes, heard: bytes) -> bytes:
        return noise[len(heard) % len(noise)] + heard if heard.startswith(b"\r\n+") else heard

    wire = ready(simulated=simulated, hold=hold)
    wire.text("one", SMITH, "hello")
    assert wire.all(Sent) == [Sent("one", Handed((1,)))]
    assert all(one.report.progress == "delivered" for one in wire.all(Reported))
    assert wire.all(Reported)


@pytest.mark.parametrize(
    ("said_to_unit", "why", "for_good"),
    [
        (said("+CMS ERROR: 38"), "the network is out of order (+CMS ERROR: 38)", False),
        (said("+CMS ERROR: 1"), "no such number (+CMS ERROR: 1)", True),
        (said("ERROR"), "ERROR", False),
        (said("OK"), "no reference from the network", False),
        (said("+CMGS: ", "OK"), "no reference from the network", False),
        (said("+CMGS: x", "OK"), "no reference from the network", False),
        (said("+CMGS: 7", "+CMS ERROR: 41"), "a passing fault of the network (+CMS ERROR: 41)", False),
    ],
)
def test_what_is_no_delivery(said_to_unit: bytes, why: str, for_good: bool) -> None:
    """A reference and OK behind it: nothing less."""
    simulated = SimulatedModem()
    simulated.answer_unit = lambda _: said_to_unit  # type: ignore[method-assign]
    wire = ready(simulated=simulated)
    wire.text("one", SMITH, "hello")
    assert wire.all(Sent) == [Sent("one", Handed(why=why, for_good=for_good))]


def test_a_text_of_several_parts_is_sent_only_once_all_are() -> None:
    """The second part fails: the whole text does."""
    simulated = SimulatedModem()
    whole = simulated.answer_unit
    simulated.answer_unit = lambda line: (  # type: ignore[method-assign]
        whole(line) if not simulated._reference else said("+CMS ERROR: 42")
    )
    wire = ready(simulated=simulated)
    wire.text("one", SMITH, "a" * 300)
    why = "the network is congested (+CMS ERROR: 42) after 1 of 2 parts"
    assert wire.all(Sent) == [Sent("one", Handed(why=why))]


def test_the_pin_is_given_once() -> None:
    """And never again once the SIM has refused it: the third wrong one locks it."""
    right = ready(modem=Modem("1234"), simulated=SimulatedModem("1234"))
    assert right.simulated.sim == "READY"
    wrong = Wire(Modem("1111"), SimulatedModem("1234"))
    wrong.run(600.0)
    assert sum(b'AT+CPIN="' in octets for octets in wrong.written) == 1
    why = "the SIM did not take the PIN of the settings; it is not tried again"
    assert wrong.modem.health(wrong.now) == (False, why)


def test_the_pin_is_given_again_after_a_loss_of_power() -> None:
    """The SIM took it before, so it is right."""
    wire = ready(modem=Modem("1234"), simulated=SimulatedModem("1234"))
    for _ in range(5):
        wire.simulated.sim = "SIM PIN"
        wire.say(said("RDY"))
        wire.run(AGAIN_S + 5)
        assert wire.modem.why_not == ""


def test_a_pin_that_gets_no_answer_is_tried_twice_at_most() -> None:
    """In doubt one try is left, for a person."""
    wire = Wire(Modem("1234"), SimulatedModem("1234"), lambda w, heard: b"" if b'CPIN="' in w else heard)
    wire.simulated.sim = "SIM PIN"
    wire.simulated._pin = "no other"
    wire.run(600.0)
    assert sum(b'AT+CPIN="' in octets for octets in wire.written) == PIN_TRIES


@pytest.mark.parametrize(
    ("sim", "why"),
    [
        ("SIM PIN", "the SIM wants its PIN"),
        ("SIM PUK", "the SIM is locked: it wants its PUK"),
        ("PH-NET PIN", "PH-NET PIN"),
    ],
)
def test_a_sim_that_is_not_ready(sim: str, why: str) -> None:
    """It says what it wants."""
    wire = Wire()
    wire.simulated.sim = sim
    wire.run(10.0)
    assert wire.modem.health(wire.now) == (False, why)
    wire.text("one", SMITH, "hello")
    wire.run(20.0)
    assert wire.all(Sent)[0].handed.why == why


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (0, "not registered, and not searching"),
        (2, "searching for a network"),
        (3, "the network refused the SIM"),
        (4, "out of coverage"),
        (8, "emergency calls only"),
    ],
)
def test_without_a_network_nothing_is_tried(state: int, why: str) -> None:
    """TS 27.007 7.2; it is known within one look, and so is that it's back."""
    wire = ready()
    wire.simulated.registration = state
    wire.run(LOOK_EVERY_S)
    assert wire.modem.health(wire.now) == (False, why)
    wire.text("one", SMITH, "hello")
    assert wire.all(Sent) == [Sent("one", Handed(why=why))]
    wire.simulated.registration = 5
    wire.run(LOOK_EVERY_S)
    assert wire.modem.health(wire.now) == (True, "registered with Simulated, roaming, signal -77 dBm")


def test_a_modem_that_stalls_in_silence_is_found_by_looking() -> None:
    """Within its time; its text fails, and once it answers again it is set up anew."""
    wire = ready()
    wire.hold = lambda _, __: b""
    wire.run(LOOK_EVERY_S + 1.0)
    assert wire.modem.health(wire.now) == (False, "the modem did not answer AT+CNMI?")
    assert wire.all(Reopen)
    wire.text("one", SMITH, "hello")
    assert wire.all(Sent)[0].handed.why == "the modem did not answer AT+CNMI?"
    wire.run(30.0)
    assert wire.modem.health(wire.now) == (False, "the modem does not answer")
    wire.hold = lambda _, heard: heard
    wire.run(20.0)
    assert wire.modem.health(wire.now)[0]
    wire.text("two", SMITH, "hello")
    assert wire.all(Sent)[-1] == Sent("two", Handed((1,)))


def test_a_modem_that_stalls_over_a_text() -> None:
    """It is told of as one that hangs long before the text is given up."""
    wire = ready()
    wire.hold = lambda octets, heard: b"" if octets.endswith(b"\x1a") else heard
    wire.text("one", SMITH, "hello")
    wire.run(SILENT_S + 1)
    assert wire.modem.health(wire.now) == (False, "the modem has not answered the text for 16 s")
    assert not wire.all(Sent)
    wire.run(SEND_WITHIN_S)
    assert wire.all(Sent) == [Sent("one", Handed(why="the modem did not answer the text"))]


def test_a_late_answer_is_no_answer_to_the_next_text() -> None:
    """A stalled modem says at last that the first was sent: the second isn't by that."""
    wire = ready()
    late: list[bytes] = []

    def stall(octets: bytes, heard: bytes) -> bytes:
        if octets.endswith(b"\x1a"):
            late.append(heard)
            return b""
        return heard

    wire.hold = stall
    wire.text("one", SMITH, "hello")
    wire.run(SEND_WITHIN_S + AGAIN_S)
    assert [one.handed.references for one in wire.all(Sent)] == [()]
    wire.say(late.pop())
    wire.run(2.0)
    wire.text("two", SMITH, "hello again")
    wire.run(1.0)
    assert len(wire.all(Sent)) == 1


def test_unplugged_and_plugged_in() -> None:
    """What was under way fails, and all is set up when it is back."""
    wire = ready()
    wire.plugged = False
    wire.take(wire.modem.closed("unplugged", wire.now))
    wire.text("one", SMITH, "hello")
    assert wire.all(Sent)[0].handed.why == "unplugged"
    wire.run(60.0)
    assert wire.modem.health(wire.now) == (False, "no such device")
    assert not wire.all(Reopen)
    wire.simulated, wire.plugged = SimulatedModem(), True
    wire.run(AGAIN_S + 5.0)
    assert wire.modem.health(wire.now)[0]


@pytest.mark.parametrize("says", [True, False])
def test_a_modem_that_starts_anew_is_set_up_anew(says: bool) -> None:
    """By its own word, or because it has forgotten what it was told."""
    wire = ready()
    wire.simulated = SimulatedModem()
    if says:
        wire.say(said("RDY"))
    wire.run(LOOK_EVERY_S + AGAIN_S + 5.0)
    assert wire.simulated._notices == "2,1,0,1,0"
    assert wire.modem.health(wire.now)[0]
    assert [one.why for one in wire.all(Reopen)] == [
        "the modem started anew" if says else "the modem has forgotten its settings"
    ]


def test_a_text_comes_and_is_deleted_only_once_it_is_taken() -> None:
    """What it said must be written down first."""
    wire = ready()
    wire.say(wire.simulated.receive(SMITH, "ACK 41 73"))
    assert wire.all(Came) == [Came(SMITH, "ACK 41 73", (1,))]
    wire.run(200.0)
    assert wire.all(Came) == [Came(SMITH, "ACK 41 73", (1,))]
    assert list(wire.simulated.held) == [1]
    wire.take(wire.modem.taken((1,), wire.now))
    assert not wire.simulated.held


def test_a_text_that_came_while_nobody_was_there_is_read() -> None:
    """And one in parts is put together."""
    simulated = SimulatedModem()
    simulated.receive(SMITH, "b" * 200)
    wire = ready(simulated=simulated)
    assert wire.all(Came) == [Came(SMITH, "b" * 200, (1, 2))]
    wire.take(wire.modem.taken((1, 2), wire.now))
    assert not wire.simulated.held


def test_a_text_that_nobody_said_came_is_found() -> None:
    """A line is lost now and then."""
    wire = ready()
    wire.simulated.receive(SMITH, "ACK 41 73")
    wire.run(60.0)
    assert wire.all(Came) == [Came(SMITH, "ACK 41 73", (1,))]


def test_a_text_that_cannot_be_read_blocks_no_other() -> None:
    """It is deleted: else the memory is full one day."""
    wire = ready()
    wire.simulated.held[1] = "00" * 12
    wire.say(wire.simulated.receive(SMITH, "ACK 41 73"))
    assert wire.all(Came) == [Came(SMITH, "ACK 41 73", (2,))]
    assert list(wire.simulated.held) == [2]


def test_a_panic_waits_for_no_look() -> None:
    """Between two questions of how it is, a text goes first."""
    wire = ready()
    held: list[bytes] = []
    wire.hold = lambda octets, heard: (held.append(heard), b"")[1] if b"CNMI?" in octets else heard
    wire.run(LOOK_EVERY_S - 4.0)
    wire.text("one", SMITH, "PANIC")
    wire.say(held.pop())
    assert wire.all(Sent) == [Sent("one", Handed((1,)))]
    assert wire.written[-1].endswith(b"\x1a")


def test_a_text_that_waits_while_a_modem_is_set_up_anew_is_sent() -> None:
    """What was asked of it before it forgot everything ends nothing of that."""
    wire = ready()
    wire.hold = lambda octets, heard: said("OK") if b"CNMI?" in octets else heard
    wire.run(LOOK_EVERY_S - 4.0)
    wire.hold = lambda _, heard: heard
    wire.run(AGAIN_S - 0.4)
    wire.text("one", SMITH, "PANIC")
    wire.run(5.0)
    assert wire.all(Sent) == [Sent("one", Handed((1,)))]


def test_a_call_rings_is_answered_and_acknowledged_by_a_key() -> None:
    """While the call stands; then it is ended."""
    wire = ready()
    wire.call("call", SMITH)
    assert wire.simulated.called == [SMITH]
    wire.run(10.0)
    assert not wire.all(CallOver)
    wire.simulated.pick_up()
    wire.run(3.0)
    wire.say(wire.simulated.press("1"))
    assert wire.all(KeyPressed) == [KeyPressed("call", "1")]
    assert wire.all(CallOver) == [CallOver("call", "", stands=True)]
    assert wire.simulated.call is None


def test_texts_go_out_while_a_call_rings() -> None:
    """Nobody waits for somebody else's phone."""
    wire = ready()
    wire.call("call", SMITH)
    wire.run(2.0)
    wire.text("one", "+15550100002", "PANIC")
    assert wire.all(Sent) == [Sent("one", Handed((1,)))]
    assert wire.simulated.call is not None


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("BUSY", "busy"),
        ("NO ANSWER", "nobody answered"),
        ("NO CARRIER", "the call ended"),
        (None, "rang for 45 s, and nobody answered"),
    ],
)
def test_a_call_that_is_not_answered(end: str | None, why: str) -> None:
    """It says why."""
    wire = ready()
    wire.call("call", SMITH)
    wire.run(5.0)
    if end is not None:
        wire.say(wire.simulated.hang_up(end))
    wire.run(RING_S + 2)
    assert [one.why for one in wire.all(CallOver)] == [why]
    assert wire.simulated.call is None


def test_a_call_that_a_mailbox_answers_is_no_delivery() -> None:
    """Nobody has pressed a key."""
    wire = ready()
    wire.call("call", SMITH)
    wire.run(5.0)
    wire.simulated.pick_up()
    wire.run(ANSWERED_S + 5)
    assert [one.why for one in wire.all(CallOver)] == [
        "answered, but no key was pressed: it may have been a mailbox"
    ]
    assert wire.simulated.call is None


def test_a_call_that_ends_without_a_word_is_noticed() -> None:
    """By asking how it stands."""
    wire = ready()
    wire.call("call", SMITH)
    wire.run(5.0)
    wire.simulated.call = None
    wire.run(2.0)
    assert [one.why for one in wire.all(CallOver)] == ["the call ended"]


def test_a_call_that_is_no_longer_wanted_is_ended() -> None:
    """Somebody acknowledged meanwhile."""
    wire = ready()
    wire.call("call", SMITH)
    wire.run(5.0)
    wire.take(wire.modem.withdraw("call", wire.now))
    assert wire.all(CallOver) == [CallOver("call", "no longer wanted", stands=True)]
    assert wire.simulated.call is None


def test_a_call_left_standing_by_an_earlier_run_is_ended() -> None:
    """The hub was killed while it rang."""
    simulated = SimulatedModem()
    simulated.call = (SMITH, 3)
    ready(simulated=simulated)
    assert simulated.call is None


def test_a_second_call_is_refused() -> None:
    """One at a time."""
    wire = ready()
    wire.call("one", SMITH)
    wire.call("two", SMITH)
    assert wire.all(CallOver) == [CallOver("two", "another call stands")]
