"""Several brokers as one: everything to each, each acknowledgement to its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.clock import SystemClock
from config.contract import Command, Posture
from config.hub_settings import HubSettings, NamedBroker
from hub.broker_session import BrokerSession
from hub.inputs import Ack
from hub.intake import NO_EVENTS, Intake

SETTINGS = HubSettings(
    site="lincoln",
    name="Lincoln",
    data=Path("/nowhere"),
    more_brokers=(NamedBroker(name="annex", port=1884), NamedBroker(name="gym", port=1885)),
)


class Played:
    """What is published over one broker, and whether there is a connection to do it over."""

    def __init__(self, session: BrokerSession, monkeypatch: pytest.MonkeyPatch) -> None:
        self.session = session
        self.up = True
        self.said: list[tuple[str, Any, bool]] = []
        self.acked: list[Ack] = []
        monkeypatch.setattr(session, "publish", self.publish)
        monkeypatch.setattr(session, "committed", lambda acks: self.acked.extend(acks))

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> bool:
        if self.up:
            self.said.append((topic.rpartition("/")[2], msgspec.json.decode(payload), retain))
        return self.up

    @property
    def receipts(self) -> list[list[str]]:
        return [body["ids"] for what, body, _ in self.said if what == "receipt"]


@pytest.fixture
def intake() -> Intake:
    return Intake(SETTINGS, "boot", SystemClock(), lambda _: None, {}, lambda _: True)


@pytest.fixture
def brokers(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> list[Played]:
    return [Played(session, monkeypatch) for session in intake._brokers]


def test_receipts_commands_and_posture_go_to_every_broker(intake: Intake, brokers: list[Played]) -> None:
    """An agent may be reached by one alone."""
    intake.receipt("room-101", ["a", "b"])
    intake.command("room-101", Command(v=1, id="c", do="identify"))
    intake.posture(Posture(v=1, n=1, posture="normal", drill=False, since="2026-01-01T00:00:00.000Z"))
    for broker in brokers:
        assert [(what, retain) for what, _, retain in broker.said] == [
            ("receipt", False),
            ("command", False),
            ("posture", True),
        ]


def test_receipts_wait_for_a_broker_that_is_down_though_others_took_them(
    intake: Intake, brokers: list[Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, the newest of them where there are too many; a command is now or never."""
    brokers[1].up = False
    for session in intake._brokers:
        monkeypatch.setattr(session, "_receipts_kept", 3)
    for ids in (["a"], ["b", "a"], ["c", "d"], ["d"]):
        intake.receipt("room-101", ids)
    intake.command("room-101", Command(v=1, id="c", do="identify"))
    brokers[1].up = True
    for broker in brokers:
        broker.session._send_owed_receipts()
    assert brokers[0].receipts == [["a"], ["b", "a"], ["c", "d"], ["d"]]
    assert brokers[1].receipts == [["b", "c", "d"]]
    assert [what for what, _, _ in brokers[1].said] == ["receipt"]


def test_an_acknowledgement_goes_to_the_broker_that_brought_the_message(
    intake: Intake, brokers: list[Played]
) -> None:
    """They all count their messages from 1."""
    intake.committed([Ack(0, 1, 1), Ack(2, 1, 1), Ack(0, 1, 2)])
    assert [broker.acked for broker in brokers] == [[Ack(0, 1, 1), Ack(0, 1, 2)], [], [Ack(2, 1, 1)]]


def test_ready_is_said_only_where_events_arrive(intake: Intake, brokers: list[Played]) -> None:
    """A lamp that hears the beat of a broker whose events don't arrive must show fault."""
    for played, up in zip(brokers, (True, False, True), strict=True):
        played.session._events.up = up
    intake.beat(ready=True, why=None, reach=True)
    intake.beat(ready=False, why="the record cannot be written", reach=True)
    said = [[(b["n"], b["ready"], b.get("why")) for _, b, _ in played.said] for played in brokers]
    sick = (2, False, "the record cannot be written")
    assert said == [[(1, True, None), sick], [(1, False, NO_EVENTS), sick], [(1, True, None), sick]]


def test_a_fault_of_ours_at_one_broker_holds_up_no_other(
    intake: Intake, brokers: list[Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised, to be counted, when all had their turn."""
    monkeypatch.setattr(brokers[0].session, "publish", lambda *_, **__: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        intake.receipt("room-101", ["a"])
    assert [broker.receipts for broker in brokers[1:]] == [[["a"]], [["a"]]]
