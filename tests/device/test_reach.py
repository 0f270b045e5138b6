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

from config.agent_settings import LinkSettings
from config.shared_settings import Tls
from device import reach as reach_module
from device.reach import Found, certificates, reach
from tests.device.wired import room
from tests.mosquitto import HOST, Mosquitto, Wire, free_port
from tests.tls import DAY, FUTURE, NOW, PAST, Authority, tls_mosquitto


def tried(port: int, tls: Tls | None = None, host: str = HOST) -> Found:
    return reach(LinkSettings(name="hub", host=host, port=port, tls=tls), lambda: True)


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
    monkeypatch.setattr(reach_module, "ANSWER_S", 0.5)
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
