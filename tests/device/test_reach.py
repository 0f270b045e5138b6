"""How ``check`` looks at brokers and certificates, with real ones; a running agent stays undisturbed."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from config import sign_in
from config.agent_settings import LinkSettings
from config.connection import Line, NotConnectedError, Received
from config.shared_settings import Tls
from device.found import Found
from device.reach import certificates, reach
from tests.device.wired import room
from tests.mosquitto import HOST, Mosquitto, Wire, free_port
from tests.school_broker import SchoolBroker
from tests.site import until
from tests.tls import DAY, FUTURE, NOW, PAST, Authority, tls_mosquitto


def tried(port: int, tls: Tls | None = None, host: str = HOST, agent: str | None = None) -> Found:
    return reach(LinkSettings(name="hub", host=host, port=port, tls=tls), lambda: True, agent)


@contextmanager
def answering(words: bytes | None) -> Iterator[int]:
    """A port where every connection hears these words, or is ended at its first one (None)."""
    with socket.create_server((HOST, 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    sock, _ = server.accept()
                except OSError:
                    return
                held.append(sock)
                sock.recv(100)
                if words is None:
                    sock.close()
                else:
                    sock.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for sock in held:
            sock.close()


@pytest.mark.broker
def test_a_plain_broker_takes_a_stranger_and_the_agent_stays(broker: Mosquitto) -> None:
    """The stranger's session ends with it, and whoever is signed in is not thrown out."""
    with Wire(broker, "#") as wire:
        found = tried(broker.port)
        assert found.faults == []
        assert found.lines == ["reached; a stranger of a random name may sign in, nothing was published"]
        wire.publish("after", b"1")
        wire.wait_for(lambda message: message.topic == "after")
        assert [message.topic for message in wire.messages] == ["after"]
    assert "Client tocsin-check-" in broker.log.read_text()


@pytest.mark.broker
def test_with_tls_nobody_signs_in(tmp_path: Path) -> None:
    """Both certificates are proved, and the broker never hears a name: a running agent isn't thrown out."""
    site = Authority(tmp_path, "The site")
    mine = site.issue("lincoln.room-101")
    with tls_mosquitto(tmp_path / "broker", site) as broker:
        found = tried(broker.port, mine, "localhost")
        assert found.faults == []
        assert found.lines[0].startswith("reached; TLSv1.")
        assert "connected from" not in broker.log.read_text().replace("New connection from", "")


@pytest.mark.broker
def test_a_schools_broker_is_asked_for_the_name_that_never_changes(tmp_path: Path) -> None:
    """And one that is another's is refused in words, with the setting to correct."""
    with SchoolBroker(tmp_path) as school:
        link = LinkSettings(
            host=HOST, port=school.port, tls=school.enrol("room-101"), tls_name=school.tls_name
        )
        found = reach(link, lambda: True, "school.room-101")
        assert found.faults == []
        assert found.lines[0].startswith("reached; TLSv1.")
        assert "right on both sides, and it is broker.school.tocsin.internal. Signed in as" in found.lines[0]
        (fault,) = reach(replace(link, tls_name="broker.other.tocsin.internal"), lambda: True).faults
        assert "is for broker.school.tocsin.internal, not for broker.other.tocsin.internal" in fault
        assert "; set tls_name to what it is for" in fault


class Deaf:
    """A listener that hears nothing."""

    def on_up(self, connection: int, session_present: bool) -> None:
        self.session = session_present

    def on_down(self, connection: int, reason: str) -> None: ...

    def on_message(self, message: Received) -> None:
        self.heard.append(message.payload)

    def on_published(self, connection: int, mid: int, refused: str | None) -> None: ...

    def __init__(self) -> None:
        self.session: bool | None = None
        self.heard: list[bytes] = []


@pytest.mark.broker
def test_a_stopped_agents_session_is_left_as_it_was(tmp_path: Path) -> None:
    """Signed in by its name: what waits for it there still does; where nothing was, nothing is left."""
    name, site = "lincoln.room-101", Authority(tmp_path, "The site")
    mine = site.issue(name)
    with tls_mosquitto(tmp_path / "broker", site, "use_username_as_clientid true") as broker:
        link = LinkSettings(name="hub", host="localhost", port=broker.port, tls=mine)

        def connected() -> tuple[Line, Deaf]:
            deaf = Deaf()
            line = Line(link, name, deaf, subscriptions=("told",))
            line.start()
            until("the agent is connected", lambda: deaf.session is not None)
            return line, deaf

        found = tried(broker.port, mine, "localhost", name)
        assert (found.warnings, found.faults) == ([], [])
        assert found.lines[0].endswith(f"Signed in as {name}, nothing was published")
        line, deaf = connected()
        assert deaf.session is False
        line.close()
        hub = Line(LinkSettings(host="localhost", port=broker.port, tls=site.issue("hub")), "hub", Deaf())
        hub.start()
        for words in (b"one", b"two"):
            until("it is published", lambda words=words: published(hub, "told", words))
        assert tried(broker.port, mine, "localhost", name).faults == []
        line, deaf = connected()
        assert deaf.session is True
        until("what waited came", lambda: deaf.heard == [b"one", b"two"])
        for each in (line, hub):
            each.close()


def published(line: Line, topic: str, payload: bytes) -> bool:
    try:
        line.publish(topic, payload)
    except NotConnectedError:
        return False
    return True


@pytest.mark.broker
def test_an_agent_that_the_broker_doesnt_know(tmp_path: Path) -> None:
    """Its certificate is right, and its name isn't on the list: told here, not by the first press."""
    site = Authority(tmp_path, "The site")
    mine = site.issue("lincoln.room-101")
    with tls_mosquitto(tmp_path / "broker", site, "clientid_prefixes hub") as broker:
        (fault,) = tried(broker.port, mine, "localhost", "lincoln.room-101").faults
    assert fault.startswith(f"link hub: broker localhost:{broker.port} refused the connection (")
    assert "lincoln.room-101" in fault


@pytest.mark.broker
def test_a_certificate_that_the_broker_refuses(tmp_path: Path) -> None:
    """With TLS 1.3 its "no" comes after the handshake: it is waited for."""
    site, other = Authority(tmp_path, "The site"), Authority(tmp_path, "Another site")
    with tls_mosquitto(tmp_path / "broker", site) as broker:
        found = tried(broker.port, other.issue("lincoln.room-101", ca_file=site.ca_file), "localhost")
    assert len(found.faults) == 1
    assert found.faults[0].startswith("link hub: ")
    assert "lincoln.room-101" in found.faults[0]


def test_nobody_listens() -> None:
    """Said at once, with the address."""
    port = free_port()
    found = tried(port)
    assert found.faults[0].startswith(f"link hub: cannot connect to {HOST}:{port}: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "speaks no MQTT"),
        (b"\x20\x03\x00\x87\x00", "refused the sign-in (reason 0x87)"),
        (b"", "says nothing"),
        (None, "ended the connection"),
    ],
)  # fmt: skip
def test_what_answers_is_no_broker_for_us(
    words: bytes | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in words, and within the time limit."""
    monkeypatch.setattr(sign_in, "ANSWER_S", 0.5)
    with answering(words) as port:
        began = time.monotonic()
        found = tried(port)
        assert time.monotonic() - began < 3
    assert told in found.faults[0]


def days_of(tls: Tls, *, synced: bool | None = True, now: dt.datetime = NOW) -> Found:
    files = {name: str(getattr(tls, name)) for name in ("ca_file", "cert_file", "key_file")}
    return certificates(room(links=[{"host": "hub.example", "tls": files}]), now, synced)


def test_a_certificates_days(tmp_path: Path) -> None:
    """Whose, until when, how many days; a month before its end it is warned of."""
    site = Authority(tmp_path, "The site")
    found = days_of(site.issue("lincoln.room-101", not_after=NOW + 100 * DAY))
    assert (found.warnings, found.faults) == ([], [])
    assert "this agent's, of lincoln.room-101, until " in found.lines[0]
    assert found.lines[0].endswith("99 days left") or found.lines[0].endswith("100 days left")
    found = days_of(site.issue("lincoln.room-101", not_after=NOW + 10 * DAY))
    assert found.faults == []
    assert "enrol this agent again before that" in found.warnings[0]


def test_a_certificate_that_never_ends_has_no_days(tmp_path: Path) -> None:
    """As the site's own authority signs them, whatever the clock says."""
    site = Authority(tmp_path, "The site")
    endless = site.issue("lincoln.room-101", not_after=dt.datetime(9999, 12, 31, tzinfo=dt.UTC))
    found = days_of(endless, now=dt.datetime(2150, 1, 1, tzinfo=dt.UTC))
    assert found.lines[0].endswith("this agent's, of lincoln.room-101, without an end")


def test_a_certificate_of_another_room_or_time(tmp_path: Path) -> None:
    """A copied card, an end, a beginning that is still to come."""
    site = Authority(tmp_path, "The site")
    assert "was another room's card copied?" in days_of(site.issue("lincoln.room-102")).faults[0]
    mine = site.issue("lincoln.room-101", not_before=PAST - DAY, not_after=FUTURE)
    assert "has ended on" in days_of(mine, now=FUTURE + 2 * DAY).faults[0]
    assert "is the clock right?" in days_of(mine, now=PAST - 9 * DAY).faults[0]


def test_without_a_true_clock_dates_are_not_judged(tmp_path: Path) -> None:
    """The agent doesn't judge them either."""
    mine = Authority(tmp_path, "The site").issue("lincoln.room-101")
    assert days_of(mine, synced=False, now=FUTURE + 900 * DAY).faults == []


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    """Named, with the cure; nothing else is said of it."""
    mine = Authority(tmp_path, "The site").issue("lincoln.room-101")
    mine.cert_file.write_text("hello")
    found = days_of(mine)
    assert found.faults[0].startswith(f"{mine.cert_file}: ")
