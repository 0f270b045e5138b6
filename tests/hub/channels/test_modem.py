"""Texts and calls by a modem on a pseudo-terminal: the line, the thread and the channel as they run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from config.clock import SystemClock
from hub.asking import Acknowledge, Action, Answer
from hub.channels.call import Calls
from hub.channels.channel import Channel
from hub.channels.dispatcher import Dispatcher
from hub.channels.modem import Texts
from hub.channels.modem_port import Line, ModemPort
from hub.delivery import Outcome
from hub.inputs import TextReported
from hub.modem import modem as times
from hub.modem.simulated import said
from hub.text_words import TextCame, TextTaken
from hub.texts import code_of
from tests.hub.channels.making import delivery, until
from tests.modem import PtyModem

SMITH, JONES = "+15550100001", "+15550100002"
CODE = code_of("i-1", "sms", "smith")


class Office:
    """The dispatcher with a modem's two channels, and what the recorder would hear of them."""

    def __init__(self, path: Path, pin: str | None = None) -> None:
        numbers = {"smith": SMITH, "jones": JONES}
        people = {"smith": "Officer Smith", "jones": "jones"}
        port = ModemPort("sms", Line(str(path), 115_200), pin, SystemClock())
        self.texts = Texts("sms", port, numbers, people, "UTC")
        self.channels: dict[str, Channel] = {
            "sms": self.texts,
            "calls": Calls("calls", "sms", numbers, people),
        }
        self.outcomes: dict[str, Outcome] = {}
        self.asked: list[Action] = []
        self.reports: list[TextReported] = []
        self.reply = ""
        self.dispatcher = Dispatcher(self.channels, self.outcomes.__setitem__, None, desk=self)
        self.dispatcher.start()

    def ask(self, action: Action) -> Future[Answer]:
        self.asked.append(action)
        answer: Future[Answer] = Future()
        answer.set_result(TextTaken(self.reply))
        return answer

    def reported(self, fact: TextReported) -> None:
        self.reports.append(fact)

    def channel(self, name: str) -> Channel | None:
        return self.channels.get(name)

    def health(self) -> str:
        return self.texts._port.health()[1]

    def is_well(self) -> bool:
        return self.texts._port.health()[0]

    def text(self, number: int, target: str = "smith", urgency: int = 0) -> None:
        self.dispatcher.submit([delivery(number, channel="sms", target=target, urgency=urgency)])


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[PtyModem]:
    with PtyModem(tmp_path / "modem") as modem:
        yield modem


@pytest.fixture
def office(modem: PtyModem, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(times, "AGAIN_S", 0.2)
    monkeypatch.setattr(times, "ROUSE_S", 0.3)
    monkeypatch.setattr(times, "QUIET_S", 0.05)
    monkeypatch.setattr(times, "LOOK_EVERY_S", 0.3)
    office = Office(modem.path)
    yield office
    assert office.dispatcher.stop(5.0)


def test_a_press_is_a_text_with_its_code(office: Office, modem: PtyModem) -> None:
    """One message, the most important first; its reference is kept, and that it has come is reported."""
    office.text(1)
    until(lambda: office.outcomes.get("d-1"))
    assert office.outcomes["d-1"].reference == "1"
    assert office.outcomes["d-1"].verdict == "delivered"
    (seen,) = modem.modem.seen
    assert seen.to == SMITH
    assert seen.text == (f"PANIC Room 101 (desk), Main bldg, floor 1, 02:02:11. Reply ACK 41 {CODE}")
    modem.say(modem.modem.report(1, SMITH))
    until(lambda: office.reports)
    assert (office.reports[0].reached, office.reports[0].words) == (True, "the phone has it")
    assert office.reports[0].target.name == "smith"


def test_a_text_that_the_network_gave_up_is_reported(office: Office, modem: PtyModem) -> None:
    """After it had taken it: the phone was off for an hour."""
    office.text(1)
    until(lambda: office.outcomes.get("d-1"))
    modem.say(modem.modem.report(1, SMITH, 0x20))
    modem.say(modem.modem.report(1, SMITH, 0x46))
    until(lambda: office.reports)
    assert [(one.reached, one.words) for one in office.reports] == [
        (False, "the network gave it up (status 70)")
    ]


def test_what_is_most_urgent_goes_first(office: Office, modem: PtyModem) -> None:
    """A modem sends one at a time: a panic waits for no more than the one under way."""
    until(office.is_well)
    seen: list[int] = []
    modem.script = lambda octets, says: (time.sleep(0.1), says)[1] if octets.endswith(b"\x1a") else says
    for number in range(1, 6):
        office.text(number, urgency=90)
    office.text(6, urgency=0)
    until(lambda: len(office.outcomes) == 6)
    seen = [int(one.removeprefix("d-")) for one in office.outcomes]
    assert seen.index(6) <= 1


def test_an_answer_is_handed_on_as_that_persons_and_then_deleted(office: Office, modem: PtyModem) -> None:
    """And what its sender is to be told goes out as a text."""
    office.reply = "Reply ACK 41 73"
    until(office.is_well)
    modem.receive(SMITH, "ACK")
    until(lambda: office.asked)
    assert office.asked == [TextCame("sms", "smith", SMITH, "ACK", "Officer Smith")]
    until(lambda: not modem.modem.held)
    until(lambda: modem.modem.seen)
    assert (modem.modem.seen[0].to, modem.modem.seen[0].text) == (SMITH, "Reply ACK 41 73")


@pytest.mark.parametrize(
    ("sender", "target"),
    [
        (SMITH, "smith"),
        ("15550100001", "smith"),
        ("5550100001", "smith"),
        ("05550100001", "smith"),
        ("0100001", ""),
        ("+445550100001", ""),
        ("+15550100009", ""),
        ("Operator", ""),
    ],
)
def test_whose_number_it_is(office: Office, sender: str, target: str) -> None:
    """With or without the country's code; a few last digits are nobody's."""
    assert office.texts._whose(sender) == target


def test_a_stranger_is_not_answered(office: Office, modem: PtyModem) -> None:
    """Whatever is to be said."""
    office.reply = "Hello"
    until(office.is_well)
    modem.receive("+15550100009", "Win a prize")
    until(lambda: office.asked and not modem.modem.held)
    assert office.asked[0].target == ""  # type: ignore[union-attr]
    time.sleep(0.2)
    assert not modem.modem.seen


def test_unplugged_and_plugged_in_again(office: Office, modem: PtyModem) -> None:
    """Its texts fail meanwhile, in words, and go out once it is back."""
    until(office.is_well)
    modem.unplug()
    until(lambda: not office.is_well())
    office.text(1)
    until(lambda: office.outcomes.get("d-1"))
    assert office.outcomes["d-1"].verdict == "temporary"
    until(lambda: office.health() == "no modem: No such file or directory")
    modem.restart()
    modem.plug()
    until(office.is_well)
    office.text(2)
    until(lambda: office.outcomes.get("d-2"))
    assert office.outcomes["d-2"].verdict == "delivered"


@pytest.mark.parametrize("stalls", ["says nothing", "takes nothing"])
def test_a_modem_that_stalls_is_seen_and_comes_back(
    office: Office, modem: PtyModem, stalls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In silence, or with its line full: no thread waits for it for ever."""
    until(office.is_well)
    if stalls == "says nothing":
        modem.script = lambda _, __: b""
    else:
        modem.reads = False
    until(lambda: not office.is_well(), 20.0)  # of AT+COPS? 15 s are allowed
    modem.script, modem.reads = (lambda _, says: says), True
    until(office.is_well, 15.0)
    office.text(1)
    until(lambda: office.outcomes.get("d-1"))
    assert office.outcomes["d-1"].verdict == "delivered"


def test_a_modem_that_restarts_is_set_up_again(office: Office, modem: PtyModem) -> None:
    """It has forgotten that it is to say when a text comes."""
    until(office.is_well)
    modem.restart()
    modem.say(said("RDY"))
    until(lambda: modem.modem._notices == "2,1,0,1,0" and office.is_well())


def test_a_modem_that_talks_nonsense_stops_nobody(office: Office, modem: PtyModem) -> None:
    """And the hub's other channels know nothing of it."""
    until(office.is_well)
    for _ in range(50):
        modem.say(b'\xff\x00\r\n+CMTI: "SM",\r\n> > >\r\nOK\r\n+CDS: 99\r\nzz\r\n' * 20)
    until(office.is_well)
    office.text(1)
    until(lambda: office.outcomes.get("d-1"))
    assert modem.modem.seen or office.outcomes["d-1"].verdict == "temporary"


def test_a_call_is_acknowledged_by_a_key(office: Office, modem: PtyModem) -> None:
    """By the person of that number, for what the call was about."""
    until(office.is_well)
    office.dispatcher.submit([delivery(1, channel="calls", target="smith")])
    until(lambda: modem.modem.call)
    modem.modem.pick_up()
    until(lambda: office.texts._port._modem._call._answered)  # type: ignore[union-attr]
    modem.say(modem.modem.press("1"))
    until(lambda: office.outcomes.get("d-1"))
    assert office.outcomes["d-1"].said == "answered with a key"
    assert office.asked == [Acknowledge("i-1", "Officer Smith", "call", 1)]
    until(lambda: modem.modem.call is None)


def test_a_call_that_is_withdrawn_stops_ringing(office: Office, modem: PtyModem) -> None:
    """Somebody else has acknowledged."""
    until(office.is_well)
    office.dispatcher.submit([delivery(1, channel="calls", target="smith")])
    until(lambda: modem.modem.call)
    office.dispatcher.withdraw(["d-1"])
    until(lambda: office.outcomes.get("d-1"))
    assert office.outcomes["d-1"].said == "no longer wanted"
    until(lambda: modem.modem.call is None)


def test_a_hub_that_stops_leaves_no_phone_ringing(modem: PtyModem) -> None:
    """Nobody could answer it."""
    office = Office(modem.path)
    until(office.is_well)
    office.dispatcher.submit([delivery(1, channel="calls", target="smith")])
    until(lambda: modem.modem.call)
    assert office.dispatcher.stop(5.0)
    until(lambda: modem.modem.call is None)


def test_people_are_rung_in_turn(office: Office, modem: PtyModem) -> None:
    """The first is busy: then the second rings."""
    until(office.is_well)
    office.dispatcher.submit(
        [delivery(n, channel="calls", target=name, owed_at=n) for n, name in ((1, "smith"), (2, "jones"))]
    )
    until(lambda: modem.modem.called == [SMITH])
    modem.say(modem.modem.hang_up("BUSY"))
    until(lambda: modem.modem.called == [SMITH, JONES])
    assert office.outcomes["d-1"].said == "busy"


def test_a_modem_that_another_program_has_is_said_so(modem: PtyModem, office: Office, tmp_path: Path) -> None:
    """Only one may have its line."""
    until(office.is_well)
    other = Office(modem.path)
    until(lambda: "another program" in other.health())
    assert office.is_well()
    assert other.dispatcher.stop(5.0)
