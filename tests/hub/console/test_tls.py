"""The console by TLS: its certificate, the school's or the hub's own, taken anew when its files change."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from config.console_settings import HttpsSettings
from hub.authority.authority import FOLDER
from hub.console.app import build_app
from hub.console.server import Https, Server
from hub.console.tls import Certificate, fault
from hub.inputs import ConsoleCertificate
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import KEY
from tests.site import until

NAME = "board.example.org"


class Files:
    """A school's certificate in two files, as its own authority gives it."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.cert_file, self.key_file = folder / "console.pem", folder / "console.key"
        self.renew()

    def renew(self) -> bytes:
        """Put another certificate there; returns it."""
        issued = self.authority.issue_cert(NAME)
        issued.private_key_pem.write_to_path(self.key_file)
        pem = issued.cert_chain_pems[0].bytes()
        self.cert_file.write_bytes(pem)
        return pem


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "tls").mkdir()
    return Files(tmp_path / "tls")


def certificate(desk: FrontDesk, **https: object) -> Certificate:
    console = replace(desk.settings.console, https=HttpsSettings(**https))  # type: ignore[arg-type]
    desk.settings = replace(desk.settings, console=console)
    return Certificate(desk.settings, desk.tell)


class Secure:
    """The console with its TLS port."""

    def __init__(self, desk: FrontDesk, made: Certificate) -> None:
        self.https = Https("127.0.0.1", 0, made)
        self._server = Server(build_app(desk, KEY, clock=desk.clock), "127.0.0.1", 0, self.https)

    def __enter__(self) -> Secure:
        self._server.start()
        until(20, lambda: self.https.listens_at is not None)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(10)

    @property
    def port(self) -> int:
        return self._server.port

    def shown(self, trust: bytes | None) -> str:
        """Return the certificate that is shown to somebody who trusts this authority, or anybody."""
        context = ssl.create_default_context(cadata=None if trust is None else trust.decode())
        if trust is None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        assert self.https.listens_at is not None
        with (
            socket.create_connection(("127.0.0.1", self.https.listens_at), 10) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as wrapped,
        ):
            der = wrapped.getpeercert(binary_form=True)
        assert der is not None
        return ssl.DER_cert_to_PEM_cert(der)

    def get(self, path: str) -> http.client.HTTPResponse:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        assert self.https.listens_at is not None
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.https.listens_at, timeout=10, context=context
        )
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the files at once."""
    monkeypatch.setattr("hub.console.server.LOOK_S", 0.05)


def test_by_the_hubs_own_certificate(desk: FrontDesk) -> None:
    """Whoever trusts the site's authority trusts the board; cookies are for TLS alone; no HSTS."""
    made = certificate(desk, names=(NAME, "127.0.0.1"))
    with Secure(desk, made) as secure:
        authority = (desk.data / FOLDER / "authority.pem").read_bytes()
        assert secure.shown(authority)
        page = secure.get("/sign-in")
        assert page.status == 200
        assert "Secure" in page.headers["set-cookie"]
        assert page.headers["strict-transport-security"] is None
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        plain = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=10)
        plain.request("GET", "/healthz")
        assert plain.getresponse().status == 200
        plain.close()
    assert desk.told == [ConsoleCertificate(None)]


def test_who_begins_no_handshake_is_cut_off(desk: FrontDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it says instead; others are served meanwhile."""
    monkeypatch.setattr("hub.console.places.HANDSHAKE_S", 0.3)
    with Secure(desk, certificate(desk, names=("127.0.0.1",))) as secure:
        port = secure.https.listens_at
        with socket.create_connection(("127.0.0.1", port), 5) as silent:
            assert secure.get("/healthz").status == 200
            assert silent.recv(1) == b""
        with socket.create_connection(("127.0.0.1", port), 5) as slow:
            slow.sendall(b"\x16\x03\x01\x02")
            assert slow.recv(1) == b""


def test_by_the_schools_files_taken_anew_when_they_change(desk: FrontDesk, files: Files, often: None) -> None:
    """Half of a new pair, and what is no certificate, leave the last good one in place, and are told."""
    made = certificate(desk, cert_file=files.cert_file, key_file=files.key_file, hsts_days=30)
    trust = files.authority.cert_pem.bytes()
    with Secure(desk, made) as secure:
        first = files.cert_file.read_text()
        assert secure.shown(trust).strip() == first.strip()
        assert secure.get("/sign-in").headers["strict-transport-security"] == "max-age=2592000"
        second = files.renew().decode()
        until(10, lambda: secure.shown(trust).strip() == second.strip())
        old_key = files.key_file.read_bytes()
        third = files.renew().decode()
        new_key = files.key_file.read_bytes()
        files.key_file.write_bytes(old_key)
        until(10, lambda: isinstance(desk.told[-1], ConsoleCertificate) and desk.told[-1].why is not None)
        assert "can't be used together" in str(desk.told[-1])
        assert secure.shown(trust).strip() != first.strip()
        files.key_file.write_bytes(new_key)
        until(10, lambda: secure.shown(trust).strip() == third.strip())
        until(10, lambda: desk.told[-1] == ConsoleCertificate(None))


def test_files_that_cannot_be_used_at_a_start_leave_the_hubs_own(desk: FrontDesk, files: Files) -> None:
    """A board behind a browser's warning is better than none; it is told."""
    files.key_file.unlink()
    made = certificate(desk, cert_file=files.cert_file, key_file=files.key_file)
    assert made.look()
    (told,) = desk.told
    assert "the hub's own is in its place" in str(told)
    assert made.look()
    assert desk.told == [told]


def test_old_protocols_are_refused(desk: FrontDesk) -> None:
    """TLS 1.2 and up."""
    made = certificate(desk, names=(NAME,))
    assert made.look()
    assert made.context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_without_any_certificate_there_is_no_tls_and_a_board_all_the_same(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port without TLS serves on; the TLS port opens once there is one."""
    monkeypatch.setattr("hub.console.server.AGAIN_S", 0.05)
    made = certificate(desk, names=(NAME,))
    (desk.data / FOLDER).write_text("in the way")
    https = Https("127.0.0.1", 0, made)
    server = Server(build_app(desk, KEY, clock=desk.clock), "127.0.0.1", 0, https)
    server.start()
    try:
        until(10, lambda: desk.told)
        plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        plain.request("GET", "/healthz")
        assert plain.getresponse().status == 200
        plain.close()
        assert https.listens_at is None
        (desk.data / FOLDER).unlink()
        until(10, lambda: https.listens_at is not None)
        assert desk.told[-1] == ConsoleCertificate(None)
    finally:
        server.stop(10)


def test_check_says_what_is_wrong_with_the_schools_files(files: Files) -> None:
    """One that is missing, two that don't belong together; the hub's own certificate is always right."""
    https = HttpsSettings(cert_file=files.cert_file, key_file=files.key_file)
    assert fault(https) is None
    assert fault(HttpsSettings(names=(NAME,))) is None
    assert fault(None) is None
    key = files.key_file.read_bytes()
    files.renew()
    files.key_file.write_bytes(key)
    assert "can't be used together" in str(fault(https))
    files.key_file.unlink()
    assert fault(https) == "No such file or directory"
