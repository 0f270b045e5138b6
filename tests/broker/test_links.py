"""Two brokers side by side: whatever befalls one, a press goes out at once over the other.

The loss of a link is a trouble in time, and over when it is back; with both gone a press arrives as
soon as one is back.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from config import broker as broker_settings
from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.connection import LONGEST_PAUSE_S
from config.settings import read
from tests.linked_room import SITE, LinkedRoom, Receipting
from tests.mosquitto import HOST, Mosquitto, free_port
from tests.proxy import Proxy, blackhole
from tests.site import until
from tests.tls import Authority, tls_mosquitto

pytestmark = pytest.mark.broker
AT_ONCE_S = 0.5
"""From the press of a contact, which must rest for 40 ms, to its event at the other broker."""
SUPERVISED_S = 15.0
TOLD_S = 1.5
"""A trouble goes out with the next health: 1 s after the last at the soonest."""
BACK_S = LONGEST_PAUSE_S + 2.0
"""From a broker's return to its link: the longest pause, and connecting."""


@dataclass
class Pair:
    """A room with a link to a broker that will fall sick, by a proxy, and one to a broker that is well."""

    sick: Mosquitto
    proxy: Proxy
    well: Mosquitto
    room: LinkedRoom
    wire: Receipting
    """Hears and receipts at the broker that is well."""

    def press(self, zone: str = "desk") -> float:
        """Press a button and let it go; return how long its event took to the broker that is well."""
        heard = len(self.wire.messages)
        pressed = time.monotonic()
        self.room.tap(zone)
        taken = self.wire.press(zone, after=heard).at - pressed
        self.wire.restoral(zone, after=heard)
        return taken

    def condition(self, zone: str) -> str | None:
        """What the agent takes a zone to be."""
        found = next(each for each in self.room.look()["zones"] if each["zone"] == zone)
        return found["condition"] if not found["active"] else "active"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        sick, well = enter(Mosquitto(tmp_path / "sick")), enter(Mosquitto(tmp_path / "well"))
        proxy = enter(Proxy(sick.port, buffer=8192))
        wire = enter(Receipting(well))
        wire.beat()
        room = enter(LinkedRoom(tmp_path / "room", sick=proxy.port, well=well.port))
        room.wait_up("sick", "well")
        yield Pair(sick, proxy, well, room, wire)
        if sick.running:
            sick.resume()
        proxy.fault = None


def swallow(pair: Pair) -> None:
    pair.proxy.fault = "swallow"


def stall(pair: Pair) -> None:
    pair.proxy.fault = "stall"


def pass_on(pair: Pair) -> None:
    pair.proxy.fault = None


@pytest.mark.parametrize(
    ("fall", "rise"),
    [
        pytest.param(lambda p: p.sick.stop(), lambda p: p.sick.start(), id="stopped"),
        pytest.param(lambda p: p.sick.kill(), lambda p: p.sick.start(), id="killed"),
        pytest.param(lambda p: p.sick.pause(), lambda p: p.sick.resume(), id="paused"),
        pytest.param(lambda p: p.proxy.refuse(), lambda p: p.proxy.open(), id="unreachable"),
        pytest.param(swallow, pass_on, id="half-open"),
        pytest.param(stall, pass_on, id="reads-nothing"),
    ],
)
def test_one_falls_sick(pair: Pair, fall: Callable[[Pair], None], rise: Callable[[Pair], None]) -> None:
    fall(pair)
    fell = time.monotonic()
    assert pair.press() < AT_ONCE_S
    until("its receipt came", lambda: pair.room.look()["lamp"]["pattern"] == "received", 2)
    told = pair.wire.trouble("link sick: ", SUPERVISED_S + TOLD_S)
    assert told.at - fell < SUPERVISED_S + TOLD_S
    assert pair.press("wall") < AT_ONCE_S
    heard = len(pair.wire.messages)
    rise(pair)
    pair.room.wait_up("sick", "well", deadline_s=15)
    pair.wire.no_trouble("link sick: ", 5, after=heard)
    assert pair.press() < AT_ONCE_S


@pytest.mark.parametrize(
    ("fall", "words"),
    [
        (lambda p: p.sick.pause(), "has not answered for 12 s"),
        (swallow, "has not answered for 12 s"),
    ],
    ids=["paused", "half-open"],
)
def test_silence_is_found_without_a_press(pair: Pair, fall: Callable[[Pair], None], words: str) -> None:
    fall(pair)
    fell = time.monotonic()
    pair.room.wait_up("well", deadline_s=SUPERVISED_S)
    assert time.monotonic() - fell < SUPERVISED_S
    pair.wire.trouble(words, TOLD_S)
    assert pair.press() < AT_ONCE_S


def test_a_restart_is_a_trouble_and_its_end(pair: Pair) -> None:
    """Be it ever so short: what was over before the next health is its last fault."""
    heard = len(pair.wire.messages)
    pair.sick.restart()
    pair.wire.wait_for(
        lambda m: m.topic.endswith("/health") and "link sick: " in m.json.get("last_fault", ""),
        TOLD_S + 1,
        after=heard,
    )
    pair.room.wait_up("sick", "well", deadline_s=BACK_S)
    pair.wire.no_trouble("link sick: ", TOLD_S, after=heard)


def test_a_slow_one(pair: Pair) -> None:
    """3 s there and back: no trouble, and no delay over the other."""
    pair.proxy.delay_s = 1.5
    heard = len(pair.wire.messages)
    for zone in ("desk", "wall", "desk"):
        assert pair.press(zone) < AT_ONCE_S
    pair.wire.receipting = False
    # Without a receipt the slow one is renewed after 1 s without an answer; that costs nobody anything.
    assert pair.press("wall") < AT_ONCE_S
    pair.wire.trouble("did not answer in time; trying anew", 4, after=heard)
    assert pair.press("desk") < AT_ONCE_S


def test_one_drops_every_connection_as_soon_as_it_is_made(pair: Pair) -> None:
    """A link that comes and goes delays nothing on the other."""
    for times in range(10):
        pair.proxy.drop()
        assert pair.press("desk" if times % 2 else "wall") < AT_ONCE_S
    pair.room.wait_up("sick", "well")


def test_a_storm_over_a_link_that_reads_nothing(pair: Pair) -> None:
    """Events of every kind pile up for the sick one; each press goes out over the other, at once."""
    pair.proxy.fault = "stall"
    pair.wire.receipting = False
    for times in range(100):
        opened = times % 2 == 0
        pair.room.set_active("door", opened)
        want = "active" if opened else "normal"
        until("the door moved", lambda want=want: pair.condition("door") == want)  # type: ignore[misc]
        if times % 10 == 0:
            assert pair.press("desk" if times % 20 else "wall") < AT_ONCE_S


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    yield free_port()


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """A broker that knows nobody."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        user = broker_settings.own_user()
        conf = f"listener {port} {HOST}\nallow_anonymous false\n" + (f"user {user}\n" if user else "")
        with Mosquitto(Path(folder), port=port, conf=conf):
            yield port


@pytest.mark.parametrize(
    ("sick", "words"),
    [
        (nobody, "nothing listens there; start the broker"),
        (blackhole, "no answer; is that machine on"),
        (refusing, "refused the connection (Not authorized): it does not know demo.room-101"),
    ],
)
def test_one_was_never_there(
    tmp_path: Path, broker: Mosquitto, sick: Callable[[], AbstractContextManager[int]], words: str
) -> None:
    with (
        sick() as port,
        Receipting(broker) as wire,
        LinkedRoom(tmp_path / "room", sick=port, well=broker.port) as room,
    ):
        plugged = time.monotonic()
        room.wait_up("well")
        pressed = time.monotonic()
        room.tap("desk")
        assert wire.press("desk").at - pressed < AT_ONCE_S
        assert wire.trouble(words, SUPERVISED_S + TOLD_S).at - plugged < SUPERVISED_S + TOLD_S


def test_one_refuses_what_is_published(tmp_path: Path, broker: Mosquitto) -> None:
    """A link that is up, and says no to the press: that is told, and the other brings it."""
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite #\ntopic deny tocsin/v1/demo/room-101/event\n")
    acl.chmod(0o644)
    plain = Mosquitto(tmp_path / "plain")
    conf = (plain.folder / "mosquitto.conf").read_text() + f"\nacl_file {acl}\n"
    with (
        Mosquitto(tmp_path / "strict", port=plain.port, conf=conf) as strict,
        Receipting(broker) as wire,
        LinkedRoom(tmp_path / "room", sick=strict.port, well=broker.port) as room,
    ):
        room.wait_up("sick", "well")
        pressed = time.monotonic()
        wire.receipting = False
        room.tap("desk")
        assert wire.press("desk").at - pressed < AT_ONCE_S
        wire.trouble("publishing event over sick: the broker refused it: Not authorized", TOLD_S + 1)


@pytest.mark.parametrize("first", ["sick", "well"])
def test_both_gone_and_one_back(pair: Pair, first: str) -> None:
    """A press while nobody is there arrives as soon as one is back, with its true age."""
    pair.sick.kill()
    pair.well.kill()
    pair.room.wait_up()
    pressed = time.monotonic()
    pair.room.tap("desk")
    until("it is kept", lambda: pair.room.look()["outbox"] == 2)
    back: Mosquitto = getattr(pair, first)
    back.start()
    started = time.monotonic()
    with Receipting(back) as wire:
        if back is pair.sick:  # its proxy took connections all the while, and ended them
            pair.room.wait_up("sick")
        wire.beat()
        alarm = wire.press("desk", BACK_S)
        assert alarm.at - started < BACK_S
        assert alarm.json["age_ms"] / 1000 <= alarm.at - pressed + 0.05
        until("its receipt came", lambda: pair.room.look()["outbox"] == 0, 5)


def test_alone_over_a_connection_that_is_half_open(tmp_path: Path, broker: Mosquitto) -> None:
    """Without an answer in 1 s a press opens a new connection, and arrives over that."""
    with (
        Proxy(broker.port) as proxy,
        Receipting(broker) as wire,
        LinkedRoom(tmp_path / "room", only=proxy.port) as room,
    ):
        room.wait_up("only")
        proxy.forget()
        pressed = time.monotonic()
        room.tap("desk")
        assert 1.0 < wire.press("desk").at - pressed < 1.0 + AT_ONCE_S
        until("its receipt came", lambda: room.look()["outbox"] == 0, 5)


def test_both_paused_and_one_resumed(pair: Pair) -> None:
    pair.sick.pause()
    pair.well.pause()
    heard = len(pair.wire.messages)
    pair.room.tap("desk")
    pair.room.wait_up()
    pair.well.resume()
    resumed = time.monotonic()
    assert pair.wire.press("desk", BACK_S, after=heard).at - resumed < BACK_S
    until("its receipt came", lambda: pair.room.look()["outbox"] == 0, 5)


@pytest.mark.parametrize("alone", [False, True], ids=["beside another", "alone"])
def test_a_key_that_isnt_there_costs_one_link_and_is_tried_again(
    tmp_path: Path, broker: Mosquitto, alone: bool
) -> None:
    """The room runs: with another link a press goes out at once, alone it is kept until the key is there."""
    site = Authority(tmp_path / "site", "The site")
    mine = site.issue(f"{SITE}.room-101")
    away = mine.key_file.rename(mine.key_file.with_suffix(".away"))
    with tls_mosquitto(tmp_path / "sick", site) as sick:
        tls = {name: str(getattr(mine, name)) for name in ("ca_file", "cert_file", "key_file")}
        links = [{"name": "sick", "host": "localhost", "port": sick.port, "tls": tls}]
        if not alone:
            links.append({"name": "well", "port": broker.port})
        table = {
            "site": SITE,
            "device": "room-101",
            "data": str(tmp_path / "data"),
            "links": links,
            "zones": [{"zone": "wall", "kind": "panic", "circuit": "no", "pin": 17}],
        }
        room = LinkedRoom(tmp_path / "data", sick=sick.port)
        checked = read(table, AgentSettings, check_agent)
        room.settings = msgspec.structs.replace(room.settings, links=checked.links)
        with room:
            if alone:
                until("the lamp shows fault", lambda: room.look()["lamp"]["pattern"] == "fault")
                room.tap("desk")
                until("the press is kept", lambda: room.look()["outbox"])
            else:
                with Receipting(broker) as wire:
                    room.wait_up("well")
                    wire.trouble(f"link sick: key_file {mine.key_file} is missing", TOLD_S + BACK_S)
                    room.tap("desk")
                    wire.press("desk", AT_ONCE_S)
            away.rename(mine.key_file)
            room.wait_up(*(str(link["name"]) for link in links), deadline_s=BACK_S)
