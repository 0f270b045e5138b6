"""The channel to alarm receivers: against pysiaalarm's, and against one of ours that misbehaves."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pysiaalarm import CommunicationsProtocol, SIAAccount, SIAClient, SIAEvent

from config.clock import Clock, Now, SystemClock
from hub.channels.alarm_receiver import PROBE_S, AlarmReceiver
from hub.dc09.frame import packed
from hub.dc09.line import Line
from hub.dc09.signal import Signal
from hub.delivery import Delivery, Outcome
from tests.alarm_receiver import Does, OurReceiver
from tests.hub.channels.making import delivery, until
from tests.hub.dc09.judge import KEYS

NOW: Final = 1_795_485_731_000
KEY: Final = b"0123456789ABCDEF"
PANIC: Final = Signal("panic", 41, 17, text="Room 101 (desk), Main bldg, floor 1")
CANCEL: Final = Signal("cancel", 42)
RESTORAL: Final = Signal("panic", 43, 17, restoral=True, text="Room 101 (desk)")
Transport = Literal["tcp", "udp"]


class StandingClock:
    """A wall clock that stands, and may be wrong."""

    def __init__(self, wall: int = NOW) -> None:
        self.wall = wall

    def now(self) -> Now:
        return Now(time.monotonic(), self.wall)


def of(*signals: Signal, number: int = 1) -> Delivery:
    """A delivery of these signals."""
    body = msgspec.json.encode({"type": "incident.opened", "signals": signals})
    return replace(delivery(number, channel="station"), body=body)


def channel(
    *places: tuple[str, int],
    line: Line | None = None,
    transport: Transport = "tcp",
    timeout_s: float = 0.5,
    tries: int = 2,
    clock: Clock | None = None,
) -> AlarmReceiver:
    return AlarmReceiver(
        "station", line or Line("1234"), places, transport, timeout_s, tries, clock or StandingClock()
    )


def told(one: AlarmReceiver, *deliveries: Delivery) -> list[Outcome]:
    """Deliver one after the other."""

    async def tell() -> list[Outcome]:
        found = [await one.deliver(each) for each in deliveries]
        await one.close()
        return found

    return asyncio.run(tell())


def probed(one: AlarmReceiver) -> Outcome:
    async def ask() -> Outcome:
        found = await one.probe()
        await one.close()
        return found

    return asyncio.run(ask())


@pytest.fixture
def free_port() -> int:
    """A port at which nobody answers."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def pysiaalarm(key: str | None, transport: Transport, port: int) -> Iterator[list[SIAEvent]]:
    """pysiaalarm's receiver with one account; yields what it takes."""
    events: list[SIAEvent] = []
    protocol = CommunicationsProtocol.TCP if transport == "tcp" else CommunicationsProtocol.UDP
    account = SIAAccount("1234", key)
    with SIAClient("127.0.0.1", port, [account], events.append, protocol):
        yield events


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("payload", ["SIA-DCS", "ADM-CID"])
@pytest.mark.parametrize("bits", [None, *KEYS])
def test_pysiaalarm_takes_an_alarm_a_cancel_and_a_restoral(
    transport: Transport, payload: Any, bits: int | None, free_port: int
) -> None:
    """Plain and by every length of key, over TCP and UDP, in order; and the supervision message."""
    key = None if bits is None else KEYS[bits]
    line = Line("1234", payload=payload, key=None if key is None else key.encode())
    station = channel(
        ("127.0.0.1", free_port), line=line, transport=transport, timeout_s=5, clock=SystemClock()
    )
    with pysiaalarm(key, transport, free_port) as events:
        null = probed(station)
        (outcome,) = told(station, of(PANIC, CANCEL, RESTORAL))
        until(lambda: len(events) == 4)
    assert (null.verdict, null.impaired) == ("delivered", None)
    assert outcome.verdict == "delivered"
    assert (outcome.said, outcome.reference) == ("E120 zone 17, E406, R120 zone 17: ACK", "0041-0043")
    events.sort(key=lambda event: event.sequence or "")  # it answers first and reports from a thread each
    assert [event.code for event in events] == ["RP", "PA", "OC", "PH"]
    assert [event.sequence for event in events] == ["0000", "0041", "0042", "0043"]
    if payload == "SIA-DCS":
        assert events[1].message == "17^Room 101 (desk), Main bldg, floor 1^"
    else:
        assert (events[1].event_type, events[1].partition, events[1].ri) == ("120", "01", "017")


def test_a_clock_that_is_wrong_is_put_right_by_pysiaalarms_nak(free_port: int) -> None:
    """Its NAK tells its time; the same message goes out again with that, and what follows with it."""
    line = Line("1234", key=KEYS[128].encode())
    clock = StandingClock(round(time.time() * 1000) - 7_200_000)
    station = channel(("127.0.0.1", free_port), line=line, timeout_s=5, tries=1, clock=clock)
    with pysiaalarm(KEYS[128], "tcp", free_port) as events:
        outcomes = told(station, of(PANIC), of(RESTORAL, number=2))
        until(lambda: len(events) == 2)
    assert [one.verdict for one in outcomes] == ["delivered", "delivered"]


def test_a_key_that_the_station_has_not_is_no_delivery(free_port: int) -> None:
    """pysiaalarm answers what it can't decipher with a bare NAK or nothing that is a frame."""
    station = channel(("127.0.0.1", free_port), line=Line("1234", key=KEY), tries=1, clock=SystemClock())
    with pysiaalarm(KEYS[128], "tcp", free_port) as events:
        (outcome,) = told(station, of(PANIC))
    assert outcome.verdict == "temporary"
    assert not events


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("script", "verdict", "said", "times"),
    [
        (["ack"], "delivered", "ACK", 1),
        (["drop", "ack"], "delivered", "ACK", 2),
        (["drop"], "temporary", "no answer in 0.5 s", 2),
        (["nak", "ack"], "delivered", "ACK", 2),
        (["nak"], "temporary", "NAK", 2),
        (["duh"], "permanent", "DUH: it can't process this message, though it came whole", 1),
        (["garbage", "ack"], "delivered", "ACK", 2),
        (["empty"], "temporary", "its answer is no frame of DC-09: it is empty", 2),
        (["other-first"], "delivered", "ACK", 1),
        (["wrong-account"], "temporary", "no answer in 0.5 s", 2),
    ],
)
def test_a_receiver_that_misbehaves(
    transport: Transport, script: list[Does], verdict: str, said: str, times: int
) -> None:
    """What it doesn't acknowledge is sent again under the same number, and never said to be delivered."""
    with OurReceiver(script, transport) as receiver:
        (outcome,) = told(channel(receiver.place, transport=transport), of(PANIC))
        assert receiver.sequences == [41] * times
    assert (outcome.verdict, outcome.said) == (verdict, f"E120 zone 17: {said}")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("half-close", "it closed the connection without an answer"),
        ("close", "it closed the connection without an answer"),
        ("reset", "connection reset"),
        ("cut-off", "its answer is no frame of DC-09: its length says 18 bytes and it has 10"),
        ("late", "no answer in 0.5 s"),
    ],
)
def test_a_connection_that_breaks(does: Does, said: str) -> None:
    """Half-closed, closed, reset, cut off, or too late: it is no delivery, and the next try may be one."""
    with OurReceiver([does], late_s=3) as receiver:
        (outcome,) = told(channel(receiver.place, tries=1), of(PANIC))
        assert (outcome.verdict, outcome.said) == ("temporary", f"E120 zone 17: {said}")
    with OurReceiver([does, "ack"], late_s=3) as receiver:
        (outcome,) = told(channel(receiver.place), of(PANIC))
        assert outcome.verdict == "delivered"


def test_an_ack_in_pieces_is_one() -> None:
    """One byte at a time."""
    with OurReceiver(["in-pieces"]) as receiver:
        assert told(channel(receiver.place), of(PANIC))[0].verdict == "delivered"


def test_a_plain_ack_is_none_where_a_key_is_set() -> None:
    """Anybody on the way could have sent it; that of the key is believed."""
    line = Line("1234", key=KEY)
    with OurReceiver(["plain-ack", "ack"], key=KEY, time_ms=NOW) as receiver:
        (outcome,) = told(channel(receiver.place, line=line), of(PANIC))
        assert (outcome.verdict, receiver.sequences) == ("delivered", [41, 41])


def test_a_nak_with_a_time_costs_no_try() -> None:
    """The stamp is put right, and stays so; a second such NAK is one of its tries."""
    line = Line("1234", key=KEY)
    with OurReceiver(["nak-time", "ack"], key=KEY, time_ms=NOW + 3_600_000) as receiver:
        outcomes = told(channel(receiver.place, line=line, tries=1), of(PANIC), of(RESTORAL, number=2))
        assert [one.verdict for one in outcomes] == ["delivered", "delivered"]
        assert receiver.sequences == [41, 41, 43]
    with OurReceiver(["nak-time"], key=KEY, time_ms=NOW + 3_600_000) as receiver:
        (outcome,) = told(channel(receiver.place, line=line, tries=1), of(PANIC))
        assert (outcome.verdict, len(receiver.heard)) == ("temporary", 2)


def test_what_got_through_is_not_sent_again() -> None:
    """Of three signals the second fails: the next attempt begins with it."""
    with OurReceiver(["ack", "drop", "ack"]) as receiver:
        station = channel(receiver.place, tries=1)
        first, second = told(station, of(PANIC, CANCEL, RESTORAL), of(PANIC, CANCEL, RESTORAL))
        assert receiver.sequences == [41, 42, 42, 43]
    assert (first.verdict, first.said) == ("temporary", "E406, R120 zone 17: no answer in 0.5 s")
    assert second.verdict == "delivered"


def test_the_back_up_takes_what_the_primary_does_not(free_port: int) -> None:
    """And is asked first from then on, until the primary acknowledges a supervision message again."""
    with ExitStack() as stack:
        backup = stack.enter_context(OurReceiver())
        station = channel(("127.0.0.1", free_port), backup.place)
        first, second = told(station, of(PANIC), of(RESTORAL, number=2))
        assert first.said == "E120 zone 17: ACK of the back-up; primary: connection refused"
        assert second.said == "R120 zone 17: ACK of the back-up"
        null = probed(station)
        assert (null.verdict, null.impaired) == (
            "delivered",
            "primary: connection refused; back-up: ACK",
        )


def test_a_dead_receiver_is_known_within_90_s() -> None:
    """Two supervision messages that fail, each after a pause, whatever the settings' own time-outs."""
    assert 2 * (AlarmReceiver.probe_every_s + PROBE_S) <= 90


def test_both_receivers_are_supervised(free_port: int) -> None:
    """Each is sent a NULL, which bears no number; none that answers is a failure, one is half of one."""
    with OurReceiver() as primary, OurReceiver() as backup:
        null = probed(channel(primary.place, backup.place))
        assert (null.verdict, null.impaired) == ("delivered", None)
        assert [frame.kind for frame in (*primary.heard, *backup.heard)] == ["NULL", "NULL"]
        assert primary.sequences == backup.sequences == [0]
    null = probed(channel(("127.0.0.1", free_port), tries=1))
    assert (null.verdict, null.said) == ("temporary", "NULL connection refused")


def test_deliveries_go_beside_each_other() -> None:
    """One that hangs holds up no other: each message has a connection of its own."""

    async def tell(station: AlarmReceiver) -> tuple[Outcome, float, Outcome]:
        began = time.monotonic()
        slow = asyncio.create_task(station.deliver(of(RESTORAL, number=2)))
        await asyncio.sleep(0.1)
        quick = await station.deliver(of(PANIC))
        took = time.monotonic() - began
        return quick, took, await slow

    with OurReceiver(["drop", "ack"]) as receiver:
        quick, took, slow = asyncio.run(tell(channel(receiver.place, timeout_s=1.5)))
    assert quick.verdict == slow.verdict == "delivered"
    assert took < 1


ACK: Final = packed('"ACK"0041L0#1234[]')
pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [ACK[:12], ACK[12:], ACK.replace(b"0041", b"0042"), b"\r", b"\n\r", b'"NAK"', b"\x00" * 5000]
    ),
)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_whatever_a_receiver_says_nothing_hangs_and_nothing_is_delivered(transport: Transport) -> None:
    """Any bytes in any pieces: an outcome within its time, and delivered only by an ACK that was sent."""
    with OurReceiver(["raw"], transport) as receiver:

        @settings(max_examples=60, deadline=None)
        @given(st.lists(pieces, max_size=5))
        def say(raw: list[bytes]) -> None:
            receiver.raw = tuple(raw)
            began = time.monotonic()
            one = channel(receiver.place, transport=transport, timeout_s=0.1, tries=1)
            (outcome,) = told(one, of(PANIC))
            assert time.monotonic() - began < 5
            whole = b"".join(raw) if transport == "tcp" else b"|".join(raw)
            assert outcome.verdict != "delivered" or ACK.strip() in whole
            assert outcome.said

        say()


def test_what_is_nothing_for_a_station_is_refused_in_words() -> None:
    """And what can't be read."""
    station = channel(("127.0.0.1", 1))
    empty = replace(delivery(1), body=b'{"type":"record.head","title":"t","text":"t"}')
    bad = replace(delivery(2), body=b"{")
    outcomes = told(station, empty, bad)
    assert [one.verdict for one in outcomes] == ["permanent", "permanent"]
    assert outcomes[0].said == "it holds nothing that an alarm receiver is told"
