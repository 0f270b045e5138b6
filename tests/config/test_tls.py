"""A line over TLS with certificates on a real mosquitto: who gets through, and what is said of the rest."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization as s
from pytest_mock import MockerFixture

from config.connection import Line
from config.dialling import DialError, Dialler
from config.shared_settings import Broker, Tls
from config.this_user import this_user
from tests.config.test_connection import Ears
from tests.mosquitto import HOST, Mosquitto
from tests.site import until
from tests.tls import DAY, FUTURE, PAST, Authority, tls_mosquitto

pytestmark = pytest.mark.broker
BOTH = pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])


@pytest.fixture
def site(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "The site")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Another site")


@pytest.fixture
def mine(site: Authority) -> Tls:
    return site.issue("demo.room-101")


@contextlib.contextmanager
def a_line(
    port: int,
    tls: Tls | None,
    ears: Ears,
    *,
    host: str = "localhost",
    dates: Callable[[], bool] | None = None,
) -> Iterator[Line]:
    more = {} if dates is None else {"dates_trusted": dates}
    broker = Broker(host=host, port=port, tls=tls)
    line = Line(broker, "demo.room-101", ears, subscriptions=("a/#",), **more)
    line.start()
    try:
        yield line
    finally:
        line.close()


def refusal(port: int, tls: Tls | None, *, dates: Callable[[], bool] | None = None) -> str:
    """Why the line doesn't come up; told alike at each of three attempts."""
    ears = Ears()
    with a_line(port, tls, ears, dates=dates) as line:

        def tried() -> bool:
            line.hurry()
            return len(ears.downs) >= 3

        until("three attempts have failed", tried, 15)
        assert not ears.ups
    said = {reason for _, reason, _ in ears.downs[:3]}
    assert len(said) == 1, said
    return said.pop()


def with_(tls: Tls, **files: Path) -> Tls:
    return msgspec.structs.replace(tls, **files)


@BOTH
@pytest.mark.parametrize("host", ["localhost", HOST])
def test_the_right_certificates_get_through(
    tmp_path: Path, site: Authority, mine: Tls, version: str, host: str
) -> None:
    """And the broker knows us by the certificate's common name."""
    acl = tmp_path / "acl"
    acl.write_text("user demo.room-101\ntopic readwrite a/#\n")
    acl.chmod(0o644)
    ears = Ears()
    with (
        tls_mosquitto(tmp_path / "b", site, f"tls_version {version}", f"acl_file {acl}") as broker,
        a_line(broker.port, mine, ears, host=host) as line,
    ):
        ears.wait_up(1)
        line.publish("a/b", b"press")
        ears.wait_message(b"press")
        asked = time.monotonic()
        line.renew()
        ears.wait_up(2)
        assert time.monotonic() - asked < 2


def test_the_brokers_own_name_counts_where_one_is_set(tmp_path: Path, site: Authority, mine: Tls) -> None:
    """And not its address, which may change."""
    own = site.issue("own", "broker.demo.tocsin.internal")
    with tls_mosquitto(tmp_path / "b", site, own=own) as running:
        at = Broker(host=HOST, port=running.port, tls=mine)
        for name, words in (
            (None, f"is for broker.demo.tocsin.internal, not for {HOST}; set host to what it is for"),
            (
                "door.demo.tocsin.internal",
                "not for door.demo.tocsin.internal; set tls_name to what it is for",
            ),
        ):
            with pytest.raises(DialError, match=words):
                Dialler(msgspec.structs.replace(at, tls_name=name)).dial()
        Dialler(msgspec.structs.replace(at, tls_name="broker.demo.tocsin.internal")).dial().close()


@BOTH
def test_ours_is_refused(tmp_path: Path, site: Authority, other: Authority, version: str) -> None:
    """With TLS 1.3 the broker says so only after the handshake."""
    file = site.folder
    expired = site.issue("expired", not_after=PAST)
    future = site.issue("future", not_before=FUTURE - DAY)
    foreign = other.issue("demo.room-101", ca_file=site.ca_file)
    revoked = site.issue("revoked")
    crl = site.revoke(revoked.cert_file)
    with tls_mosquitto(tmp_path / "b", site, f"tls_version {version}", f"crlfile {crl}") as broker:
        said = refusal(broker.port, expired)
        assert said.startswith(
            f"broker localhost:{broker.port} does not accept our certificate {file}/expired.pem"
        )
        assert f"it expired on {PAST:%Y-%m-%d %H:%M} UTC; enrol this machine again" in said
        said = refusal(broker.port, future)
        assert f"it begins on {FUTURE - DAY:%Y-%m-%d}" in said
        assert "this machine's clock says" in said
        said = refusal(broker.port, foreign)
        assert "it is signed by 'Another site', an authority unknown there; enrol this machine" in said
        said = refusal(broker.port, revoked)
        assert f"{file}/revoked.pem: it was revoked; enrol this machine again" in said


@BOTH
def test_theirs_is_refused(
    tmp_path: Path, site: Authority, other: Authority, mine: Tls, version: str
) -> None:
    lines = f"tls_version {version}"
    with tls_mosquitto(tmp_path / "b1", site, lines, own=site.issue("old", not_after=PAST)) as broker:
        said = refusal(broker.port, mine)
        assert said.startswith(
            f"the certificate of broker localhost:{broker.port} expired on {PAST:%Y-%m-%d %H:%M} UTC; "
            "issue a new one (this machine's clock says 20"
        )
    with tls_mosquitto(
        tmp_path / "b2", site, lines, own=site.issue("new", not_before=FUTURE - DAY)
    ) as broker:
        said = refusal(broker.port, mine)
        assert f"is not valid before {FUTURE - DAY:%Y-%m-%d %H:%M} UTC, and this machine's clock says" in said
    with tls_mosquitto(tmp_path / "b3", site, lines, own=site.issue("elsewhere", "a.example")) as broker:
        said = refusal(broker.port, mine)
        assert "is for a.example, not for localhost; set host to what it is for" in said
    with tls_mosquitto(tmp_path / "b4", site, lines) as broker:
        said = refusal(broker.port, with_(mine, ca_file=other.ca_file))
        assert (
            f"is not signed by the authority in ca_file {other.ca_file} (its issuer is called 'The site'"
            in said
        )


@BOTH
def test_without_a_true_clock_all_but_the_dates_are_checked(
    tmp_path: Path, site: Authority, other: Authority, mine: Tls, version: str
) -> None:
    """And as soon as the clock is true, the dates are, too."""
    lines = f"tls_version {version}"
    true = False
    ears = Ears()
    with tls_mosquitto(tmp_path / "b1", site, lines, own=site.issue("old", not_after=PAST)) as broker:
        assert "is not signed by the authority" in refusal(
            broker.port, with_(mine, ca_file=other.ca_file), dates=lambda: False
        )
        with a_line(broker.port, mine, ears, dates=lambda: true) as line:
            ears.wait_up(1)
            line.publish("a/b", b"press")
            ears.wait_message(b"press")
            true = True
            line.renew()
            until("it is refused", lambda: len(ears.downs) >= 2)
            assert "expired on" in ears.downs[-1][1]
    own = site.issue("elsewhere", "a.example", not_after=PAST)
    with tls_mosquitto(tmp_path / "b2", site, lines, own=own) as broker:
        assert "is for a.example, not for" in refusal(broker.port, mine, dates=lambda: False)


def test_renewed_files_are_taken_at_the_next_connection(tmp_path: Path, site: Authority, mine: Tls) -> None:
    """A file at fault is a reason and no end; nothing is to be started again."""
    old = site.issue("mine", not_after=PAST)
    pem, key = old.cert_file.read_bytes(), old.key_file.read_bytes()
    ears = Ears()
    with tls_mosquitto(tmp_path / "b", site) as broker, a_line(broker.port, old, ears) as line:

        def said(words: str) -> Callable[[], bool]:
            def ask() -> bool:
                line.hurry()
                return words in ears.downs[-1][1] if ears.downs else False

            return ask

        until("expired", said("it expired on"))
        old.cert_file.unlink()
        until("missing", said(f"cert_file {old.cert_file} is missing"))
        old.cert_file.write_bytes(mine.cert_file.read_bytes())
        until("another's key", said(f"key_file {old.key_file} does not belong to cert_file {old.cert_file}"))
        old.key_file.write_text("not a key")
        until("no key", said(f"key_file {old.key_file} holds no private key in PEM form"))
        old.key_file.write_bytes(key)
        old.cert_file.write_bytes(pem[: len(pem) // 3])
        until("cut short", said(f"cert_file {old.cert_file} holds no certificate in PEM form"))
        assert not ears.ups
        old.key_file.write_bytes(mine.key_file.read_bytes())
        old.cert_file.write_bytes(mine.cert_file.read_bytes())
        line.hurry()
        ears.wait_up(1)


def test_files_at_fault_are_named(tmp_path: Path, mine: Tls) -> None:
    junk = tmp_path / "junk"
    junk.write_text("junk")
    locked = tmp_path / "locked.pem"
    key = s.load_pem_private_key(mine.key_file.read_bytes(), None)
    encrypted = s.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, encrypted))
    for name in ("ca_file", "cert_file", "key_file"):
        assert f"{name} {tmp_path} can't be read (Is a directory)" in refusal(
            1, with_(mine, **{name: tmp_path})
        )
        assert f"{name} {junk} holds no" in refusal(1, with_(mine, **{name: junk}))
    assert f"key_file {locked} is locked by a passphrase" in refusal(1, with_(mine, key_file=locked))


def test_a_file_that_may_not_be_read(mine: Tls, mocker: MockerFixture) -> None:
    real = Path.open

    def may_not(path: Path, *how: Any, **named: Any) -> Any:  # root, who runs some suites, may read all
        if path == mine.key_file:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *how, **named)

    mocker.patch.object(Path, "open", may_not)
    assert f"key_file {mine.key_file} may not be read by user {this_user()}; sudo chgrp " in refusal(1, mine)


def test_one_end_speaks_tls_and_the_other_does_not(
    tmp_path: Path, broker: Mosquitto, site: Authority, mine: Tls
) -> None:
    assert f"if it speaks no TLS on port {broker.port}, set port to its" in refusal(broker.port, mine)
    with tls_mosquitto(tmp_path / "b", site) as strict:
        assert "if it wants TLS there, set tls" in refusal(strict.port, None)


def test_a_broker_that_takes_the_connection_and_never_shakes_hands(
    mine: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.dialling.DIAL_S", 0.5)
    ears = Ears()
    with socket.create_server((HOST, 0)) as mute, a_line(mute.getsockname()[1], mine, ears, host=HOST):
        until("it is given up", lambda: ears.downs, 8)
        assert "took the connection and did not answer" in ears.downs[0][1]


def test_a_name_server_that_does_not_answer_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And there is one question at a time, however often we try."""
    answer, asked = threading.Event(), []
    real = socket.getaddrinfo

    def hang(host: str, port: int, *words: int, flags: int = 0, **named: int) -> object:
        if not flags:
            asked.append(host)
            answer.wait(30)
        return real(host if flags else HOST, port, *words, flags=flags, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr("config.dialling.DIAL_S", 0.2)
    ears = Ears()
    with (
        socket.create_server((HOST, 0)) as server,
        a_line(server.getsockname()[1], None, ears, host="desk.example"),
    ):
        until("it is told, three times", lambda: len(ears.downs) >= 3)
        assert {reason.partition("; ")[0] for _, reason, _ in ears.downs} == {
            f"cannot connect to desk.example:{server.getsockname()[1]}: no name server answers"
        }
        assert len(asked) == 1
        server.settimeout(5)
        answer.set()
        server.accept()[0].close()
