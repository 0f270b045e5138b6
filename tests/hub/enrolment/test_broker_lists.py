"""The broker's lists as a running hub keeps them: asked for at each start, and no session ended twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.hub_settings import HubSettings, NamedBroker
from config.shared_settings import Broker
from hub.authority import closing
from hub.authority.authority import FOLDER, Authority
from hub.authority.beginning import broker_files, broker_folder
from hub.authority.broker_files import ASKED
from hub.authority.closing import ClosingError
from hub.enrolment import broker_lists
from hub.enrolment.asking import SessionOver
from hub.enrolment.broker_lists import BrokerLists
from hub.enrolment.identity import Identity, Rights
from hub.inputs import ListsTaken
from tests.scenarios.rig import site_settings
from tests.site import until

OLD = Identity(
    "1f",
    "room-101",
    "lincoln.room-101",
    "revoked",
    "key",
    "PEM",
    "code",
    "digest",
    0,
    0,
    "Lee",
    "command",
    session_open=True,
)
ROOM = Rights(frozenset({"room-101"}), (), ())
REPLACED = Rights(frozenset({"room-101"}), ("1f",), (OLD,))


class Far:
    """The brokers, as they are reached."""

    def __init__(self) -> None:
        self.down: set[int] = set()
        """Ports where nobody answers."""
        self.ended: list[tuple[int, str]] = []

    def refuses_probe(self, broker: Broker, _: Path) -> bool:
        if broker.port in self.down:
            raise ClosingError("nobody there")
        return True

    def end_session(self, broker: Broker, _: Authority, __: Path, name: str) -> None:
        self.ended.append((broker.port, name))


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Far:
    made = Far()
    monkeypatch.setattr(closing, "refuses_probe", made.refuses_probe)
    monkeypatch.setattr(broker_lists, "end_session", made.end_session)
    monkeypatch.setattr(broker_lists, "AGAIN_S", 0.05)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    one, two = NamedBroker(own_tls=True), NamedBroker(name="annex", port=1884, own_tls=True)
    return replace(site_settings(broker=one, more_brokers=(two,)), data=tmp_path)


@pytest.fixture
def asked(settings: HubSettings) -> Path:
    """The word that the broker's machine waits for."""
    file = broker_folder(settings) / ASKED
    file.parent.mkdir(parents=True)
    return file


Running = Callable[[Rights], tuple[BrokerLists, list[SessionOver | ListsTaken]]]


@pytest.fixture
def running(settings: HubSettings, far: Far) -> Iterator[Running]:
    """Start what a hub runs with, as often as it starts."""
    with ExitStack() as stack:

        def start(rights: Rights) -> tuple[BrokerLists, list[SessionOver | ListsTaken]]:
            said: list[SessionOver | ListsTaken] = []
            lists = BrokerLists(settings, Authority.open(settings.data / FOLDER, settings.site), said.append)
            lists.start(rights)
            stack.callback(lists.stop, 5)
            return lists, said

        yield start


def test_the_broker_is_asked_at_each_start(running: Running, settings: HubSettings, asked: Path) -> None:
    """The hub before may have been killed between the lists and that word; nobody is cut off by it."""
    authority = Authority.open(settings.data / FOLDER, settings.site)
    broker_files(settings, authority).keep_lists(ROOM.devices, ())
    asked.unlink()
    lists, said = running(ROOM)
    assert lists.wait(10)
    assert asked.exists()
    asked.unlink()
    lists.take(ROOM)
    assert lists.wait(10)
    assert not asked.exists()  # while it runs, it knows what it has asked for
    assert said == []


def test_the_broker_is_asked_again_until_it_has_taken_the_lists(
    running: Running, far: Far, asked: Path
) -> None:
    """Each try anew: the last one's word may be lost."""
    far.down.add(1883)
    lists, said = running(ROOM)
    until("it has tried", lambda: ListsTaken("nobody there") in said)
    asked.unlink()
    until("it asks again", asked.exists)
    far.down.clear()
    assert lists.wait(10)
    assert said[-1] == ListsTaken(None)


@pytest.mark.parametrize(("down", "up"), [(1884, 1883), (1883, 1884)])
def test_a_session_is_ended_once_on_each_broker(running: Running, far: Far, down: int, up: int) -> None:
    """While either is down, whoever came in a replaced room's place isn't thrown off again at the other."""
    far.down.add(down)
    lists, said = running(REPLACED)
    until("it has tried five times", lambda: said.count(ListsTaken("nobody there")) >= 5)
    assert far.ended == [(up, "lincoln.room-101")]
    assert SessionOver("1f") not in said
    far.down.clear()
    assert lists.wait(10)
    assert far.ended == [(up, "lincoln.room-101"), (down, "lincoln.room-101")]
    assert said[-2:] == [SessionOver("1f"), ListsTaken(None)]
    other = replace(OLD, serial="2f")
    lists.take(Rights(frozenset(), ("1f", "2f"), (other,)))
    assert lists.wait(10)
    assert far.ended[2:] == [(1883, "lincoln.room-101"), (1884, "lincoln.room-101")]


def test_a_session_still_owed_is_ended_after_the_hubs_restart(running: Running, far: Far) -> None:
    """Also where the hub before had ended it on one broker: it alone knew."""
    far.down.add(1884)
    first, said = running(REPLACED)
    until("it has tried", lambda: ListsTaken("nobody there") in said)
    first.stop(5)
    far.down.clear()
    far.ended.clear()
    second, said = running(REPLACED)
    assert second.wait(10)
    assert far.ended == [(1883, "lincoln.room-101"), (1884, "lincoln.room-101")]
    assert said == [SessionOver("1f")]
