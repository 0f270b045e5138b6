"""The event session's PUBACKs: in order, after the commit, and only over the connection that brought them."""

from __future__ import annotations

import pytest

from config.clock import Now
from config.connection import Received
from config.contract import (
    EVENT_EXPIRY,
    MessageError,
    Posture,
    encode,
)
from config.topics import posture_topic
from hub import broker_session
from hub.broker_session import EventSession, RestListener
from hub.inputs import Ack, DeviceMessage, EventCame, Link, PostureHeard
from hub.quota import EVENTS, RATES, Quotas

PAYLOAD = (
    b'{"v":1,"id":"a","boot":"b","seq":1,"zone":"wall","kind":"panic","what":"alarm","age_ms":0,"test":false}'
)
TOPIC = "tocsin/v1/school/room-101/event"


class OneLine:
    """A line as the listener sees it: acknowledges over its present connection, or says that it can't."""

    def __init__(self) -> None:
        self.connection = 1
        self.acked: list[int] = []

    def ack(self, connection: int, mid: int) -> bool:
        if connection != self.connection:
            return False
        self.acked.append(mid)
        return True


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = Now(0.0, 1_000_000)

    def now(self) -> Now:
        return self.at


@pytest.fixture
def put() -> list[object]:
    return []


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def line() -> OneLine:
    return OneLine()


@pytest.fixture
def events(put: list[object], clock: Hands, line: OneLine) -> EventSession:
    events = EventSession(0, clock, put.append, None, Quotas(lambda _: True))
    events.line = line  # type: ignore[assignment]
    return events


def bring(
    events: EventSession,
    *mids: int,
    connection: int = 1,
    qos: int = 1,
    expiry: int | None = None,
    payload: bytes = PAYLOAD,
) -> None:
    for mid in mids:
        events.on_message(Received(connection, mid, TOPIC, payload, False, qos, expiry))


def acks(*owed: tuple[int, int]) -> list[Ack]:
    """Connection and mid of each."""
    return [Ack(0, *one) for one in owed]


def test_nothing_is_acknowledged_before_its_commit(
    events: EventSession, line: OneLine, put: list[object]
) -> None:
    bring(events, 1, 2)
    assert [fact.ack for fact in put if isinstance(fact, EventCame)] == [(0, 1, 1), (0, 1, 2)]
    assert line.acked == []


def test_what_is_committed_out_of_turn_waits_for_what_came_before(
    events: EventSession, line: OneLine
) -> None:
    bring(events, 1, 2, 3, 4)
    events.committed(acks((1, 3), (1, 2)))
    assert line.acked == []
    events.committed(acks((1, 1)))
    assert line.acked == [1, 2, 3]
    events.committed(acks((1, 4)))
    assert line.acked == [1, 2, 3, 4]


def test_a_late_commit_acknowledges_nothing_of_a_newer_connection(
    events: EventSession, line: OneLine
) -> None:
    """The broker may have lost its session and given packet id 1 to another message."""
    bring(events, 1, 2)
    events.on_down(1, "gone")
    line.connection = 2
    bring(events, 1, connection=2)
    events.committed(acks((1, 1), (1, 2)))
    assert line.acked == []
    events.committed(acks((2, 1)))
    assert line.acked == [1]


def test_a_message_at_qos_0_holds_up_nobody(events: EventSession, line: OneLine) -> None:
    bring(events, 0, qos=0)
    bring(events, 7)
    events.committed(acks((1, 0), (1, 7)))
    assert line.acked == [7]


def test_a_message_that_can_not_be_read_keeps_its_place(
    events: EventSession, line: OneLine, put: list[object]
) -> None:
    bring(events, 1, payload=b"\xff")
    bring(events, 2)
    assert isinstance(put[0], EventCame)
    assert isinstance(put[0].event, MessageError)
    events.committed(acks((1, 2)))
    assert line.acked == []
    events.committed(acks((1, 1)))
    assert line.acked == [1, 2]


def test_a_fault_in_reading_is_taken_as_what_it_may_be(
    events: EventSession, put: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_session, "decode", lambda *_: 1 // 0)
    bring(events, 1, payload=b'{"what":"alarm"')
    bring(events, 2, payload=b"{")
    assert [fact.is_alarm for fact in put if isinstance(fact, EventCame)] == [True, False]


def test_the_wait_in_the_broker_is_bounded_by_our_own_absence(
    events: EventSession, put: list[object], clock: Hands
) -> None:
    def waited() -> int:
        assert isinstance(put[-1], EventCame)
        return put[-1].waited_ms

    bring(events, 1, expiry=EVENT_EXPIRY - 50)
    assert waited() == 0, "we never held the session before"
    events.on_down(1, "gone")
    clock.at = Now(10.0, 1_010_000)
    bring(events, 1, connection=2, expiry=EVENT_EXPIRY - 7)
    assert waited() == 7000
    bring(events, 2, connection=2, expiry=EVENT_EXPIRY - 3600)
    assert waited() == 10_000
    bring(events, 3, connection=2)
    assert waited() == 0
    clock.at = Now(11.0, 900_000)
    bring(events, 4, connection=2, expiry=EVENT_EXPIRY - 5)
    assert waited() == 5000, "a clock that went back says nothing of how long we were away"
    clock.at = Now(12.0, 1_790_000_000_000)
    bring(events, 5, connection=2, expiry=EVENT_EXPIRY - 1_700_000_000)
    assert waited() == 12_000, "nor does one that was set years forward"


def test_links_are_told(events: EventSession, put: list[object]) -> None:
    events.on_up(1, session_present=True)
    events.on_down(1, "gone")
    assert put == [Link("events", True, "", True), Link("events", False, "gone")]


def test_a_connection_that_never_came_up_held_no_session(
    events: EventSession, clock: Hands, put: list[object]
) -> None:
    """Failed attempts before the first connection don't shorten the time a press is known to have waited."""
    held_until = events._held_until = clock.now().mono - 600
    events.on_down(1, "cannot connect")
    assert events._held_until == held_until
    events.on_up(2, True)
    events.on_down(2, "connection lost")
    assert events._held_until == clock.now().mono


def test_what_a_broker_keeps_as_the_posture_is_heard(put: list[object], clock: Hands) -> None:
    """What agents can't read they don't obey either: nothing is made of it."""
    rest = RestListener(1, "school", clock, put.append, lambda: None, Quotas(lambda _: True))
    posture = Posture(v=1, n=7, posture="lockdown", drill=False, since="2026-11-23T10:00:00.000Z")
    topic = posture_topic("school")
    for payload in (encode(posture), b"", b"no posture", b'{"v":1,"n":8,"posture":"lunch"}'):
        rest.on_message(Received(1, 0, topic, payload, retained=True, qos=1, expiry_s=None))
    assert put == [PostureHeard(posture, 1)]


def test_what_is_over_a_quota_is_marked_and_an_alarm_in_it_still_seen(
    events: EventSession, put: list[object]
) -> None:
    """A message of 300 kB is not read any more, only looked at: in doubt it is an alarm."""
    for mid in range(1, round(EVENTS.at_once) + 3):
        bring(events, mid)
    came = [fact for fact in put if isinstance(fact, EventCame)]
    assert [fact.over for fact in came] == [None] * round(EVENTS.at_once) + ["own", "own"]
    assert all(fact.is_alarm for fact in came)
    large = b'{"id":"big","what":"%s","text":"' + b"x" * 300_000 + b'"}'
    for word in (b"alarm", b"closed"):
        bring(events, 1, payload=large.replace(b"%s", word))
    alarm, other = [fact for fact in put[-2:] if isinstance(fact, EventCame)]
    assert (alarm.is_alarm, other.is_alarm) == (True, False)
    assert isinstance(alarm.event, MessageError)
    assert alarm.event.readable.id is None, "it was not read"


def test_states_and_healths_have_quotas_of_their_own(put: list[object], clock: Hands) -> None:
    rest = RestListener(0, "school", clock, put.append, lambda: None, Quotas(lambda _: True))
    for what in ("state", "health"):
        most = round(RATES[what].at_once)  # type: ignore[index]
        for _ in range(most + 1):
            rest.on_message(Received(1, 0, f"tocsin/v1/school/room-101/{what}", b"{}", False, 1, None))
        came = [fact.over for fact in put if isinstance(fact, DeviceMessage) and fact.what == what]
        assert came == [None] * most + ["own"]
