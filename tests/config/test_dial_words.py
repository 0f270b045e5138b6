"""Each failure in words: what is so, then the cure; the kinds that a real broker shows are in test_tls."""

from __future__ import annotations

import errno
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.certificate import Certificate
from config.dial_words import Known, Stage, TlsFileError, of_end, of_error, of_refusal
from config.shared_settings import Broker, Tls

PLAIN = Broker(host="127.0.0.1", port=1883)
TLS = Broker(
    host="desk.example",
    port=8883,
    tls=Tls(ca_file=Path("/t/ca.pem"), cert_file=Path("/t/room.pem"), key_file=Path("/t/room-key.pem")),
)


def day(year: int) -> datetime:
    return datetime(year, 3, 1, 12, 30, tzinfo=UTC)


def certificate(begin: int, end: int, issuer: str | None = "The site", *hosts: str) -> Certificate:
    return Certificate("x", day(begin), day(end), issuer, hosts)


KNOWN = Known(day(2026), certificate(2024, 2027), certificate(2024, 2027), certificate(2000, 2038))


def unproved(code: int, message: str = "it is bad") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


def tls_error(reason: str, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, reason.lower())
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "nothing listens there; start the broker"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "there is no way to it; look at its power"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "there is no way to its network; look"),
        (OSError(errno.ENETDOWN, "Network is down"), "this machine's network is down"),
        (TimeoutError("timed out"), "no answer; is that machine on, and does every firewall let port 8883"),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), "no answer; is that machine on"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "the name 'desk.example' is not known; correct host"),
        (UnicodeError("label empty or too long"), "the name 'desk.example' is not known; correct host"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "no name server answers; look at the network"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (OSError("it has no address"), "it has no address"),
    ],
)
def test_what_keeps_us_from_a_connection(error: Exception, words: str) -> None:
    said = of_error(TLS, error, "connecting", KNOWN)
    assert said.startswith(f"cannot connect to desk.example:8883: {words}")


@pytest.mark.parametrize(
    ("code", "known", "words"),
    [
        (
            10,
            Known(day(2028), certificate(2024, 2027)),
            "the certificate of broker desk.example:8883 expired on 2027-03-01 12:30 UTC; issue a new one "
            "(this machine's clock says 2028-03-01)",
        ),
        (10, Known(day(2028)), "the certificate of broker desk.example:8883 expired; issue a new one"),
        (
            10,
            Known(day(2039), certificate(2024, 9999), None, certificate(2000, 2038)),
            "the authority in ca_file /t/ca.pem expired on 2038-03-01 12:30 UTC; issue a new one",
        ),
        (
            9,
            Known(day(1970), certificate(2024, 2027)),
            "is not valid before 2024-03-01 12:30 UTC, and this machine's clock says 1970-03-01; "
            "if that is wrong, set it",
        ),
        (9, Known(day(1970)), "is not valid, and this machine's clock says 1970"),
        (19, KNOWN, "is not signed by the authority in ca_file /t/ca.pem (its issuer is called 'The site')"),
        (20, Known(day(2026)), "is not signed by the authority in ca_file /t/ca.pem; put this site's"),
        (
            62,
            Known(day(2026), certificate(2024, 2027, None, "a.example", "10.0.0.1")),
            "is for a.example, 10.0.0.1, not for desk.example; set host to what it is for",
        ),
        (64, Known(day(2026)), "is for other hosts, not for desk.example"),
        (23, KNOWN, "was revoked; issue a new one"),
        (26, KNOWN, "is refused: it is bad; issue a new one"),
    ],
)
def test_the_brokers_certificate(code: int, known: Known, words: str) -> None:
    assert words in of_error(TLS, unproved(code), "handshake", known)


@pytest.mark.parametrize("stage", ["handshake", "answer", "up"])
@pytest.mark.parametrize(
    ("alert", "ours", "words"),
    [
        ("EXPIRED", certificate(2020, 2025), "it expired on 2025-03-01 12:30 UTC; enrol this machine again"),
        (
            "EXPIRED",
            certificate(2020, 2027),
            "it ends on 2027-03-01 12:30 UTC, and this machine's clock says",
        ),
        ("EXPIRED", None, "it has expired; enrol this machine again"),
        ("REVOKED", None, "it was revoked; enrol this machine again"),
        ("UNKNOWN", None, "certificate unknown; enrol this machine again"),
    ],
)
def test_our_certificate(stage: Stage, alert: str, ours: Certificate | None, words: str) -> None:
    """TLS 1.3 tells it only after the handshake."""
    said = of_error(TLS, tls_error(f"SSLV3_ALERT_CERTIFICATE_{alert}"), stage, Known(day(2026), None, ours))
    assert said.startswith(f"broker desk.example:8883 does not accept our certificate /t/room.pem: {words}")


def test_our_certificate_has_not_begun_for_the_broker_or_is_of_another_authority() -> None:
    said = of_error(TLS, tls_error("SSLV3_ALERT_BAD_CERTIFICATE"), "answer", KNOWN)
    assert "it begins on 2024-03-01 12:30 UTC, and this machine's clock says 2026" in said
    said = of_error(TLS, tls_error("TLSV1_ALERT_UNKNOWN_CA"), "answer", KNOWN)
    assert "it is signed by 'The site', an authority unknown there; enrol this machine at this" in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (tls_error("WRONG_VERSION_NUMBER"), "speaks no TLS on port 8883; set port"),
        (
            tls_error("UNEXPECTED_EOF_WHILE_READING", ssl.SSLEOFError),
            "at once: if it speaks no TLS on port 8883",
        ),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "at once: if it speaks no TLS on port 8883"),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), "speaks no TLS 1.2 or later; update it"),
        (tls_error("UNSUPPORTED_PROTOCOL"), "speaks no TLS 1.2 or later; update it"),
        (TimeoutError("timed out"), "took the connection and did not answer; look at its load"),
        (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), "no TLS with broker desk.example:8883: sslv3 alert"),
    ],
)
def test_no_tls(error: Exception, words: str) -> None:
    assert words in of_error(TLS, error, "handshake", KNOWN)


@pytest.mark.parametrize(
    ("broker", "first", "words"),
    [
        (TLS, b"", "once it saw our certificate /t/room.pem; its log says why"),
        (PLAIN, b"", "ended the connection at our first word; if it wants TLS there, set tls"),
        (PLAIN, b"\x15", "wants TLS there; set tls"),
    ],
)
def test_the_end_comes_instead_of_an_answer(broker: Broker, first: bytes, words: str) -> None:
    assert words in of_error(broker, ConnectionResetError(), "answer", Known(day(2026), first=first))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ETIMEDOUT, "Connection timed out"), "it does not acknowledge what was sent"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_a_connection_that_was_well(error: Exception, words: str) -> None:
    assert of_error(TLS, error, "up", KNOWN).startswith(f"connection to desk.example:8883 lost: {words}")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "key_file /t/k.pem is missing; enrol this machine"),
        (
            PermissionError(errno.EACCES, "x"),
            "key_file /t/k.pem may not be read by user tocsin-agent; sudo chgrp tocsin-agent /t/k.pem",
        ),
        (PermissionError("passphrase"), "key_file /t/k.pem is locked by a passphrase"),
        (IsADirectoryError(errno.EISDIR, "Is a directory"), "can't be read (Is a directory); name a"),
        (tls_error("KEY_VALUES_MISMATCH"), "does not belong to cert_file /t/c.pem; put both from one"),
        (tls_error("PEM lib"), "key_file /t/k.pem holds no private key in PEM form"),
    ],
)
def test_a_file(error: Exception, words: str) -> None:
    fault = TlsFileError("key_file", Path("/t/k.pem"), error, user="tocsin-agent", beside=Path("/t/c.pem"))
    assert words in of_error(TLS, fault, "connecting", KNOWN)


def test_no_right_to_connect_and_a_twin() -> None:
    said = of_refusal(TLS, "demo.room-101", 0x87, "Not authorized")
    assert said.startswith(
        "broker desk.example:8883 refused the connection (Not authorized): it does not know "
    )
    assert "demo.room-101" in said
    assert "its log says why" in of_refusal(TLS, "demo.room-101", 0x80, "Unspecified error")
    assert "another machine connected as demo.room-101" in of_end(TLS, "demo.room-101", 0x8E, "Taken over")
