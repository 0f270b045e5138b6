"""Why there is no connection to a broker, in words that a technician can act on. Pure.

Each sentence says what is so first and the cure after it: some places show no more than its beginning.
"""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from config.certificate import Certificate
from config.shared_settings import Broker
from config.this_user import cure_of_reading

Stage = Literal["connecting", "handshake", "answer", "up"]
"""How far a connection came: no TCP yet; TCP; all but the broker's answer in MQTT; that, too."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the error."""

    now: datetime
    """This machine's clock."""
    theirs: Certificate | None = None
    """The broker's certificate, where it could be seen."""
    ours: Certificate | None = None
    authority: Certificate | None = None
    first: bytes = b""
    """The first byte that the broker said."""


class TlsFileError(OSError):
    """A file of the TLS settings can't be used; its text says which and why."""

    def __init__(
        self, key: str, file: Path, error: Exception, *, user: str, beside: Path | None = None
    ) -> None:
        """``user`` is whom this process works as; ``beside`` the certificate that a key is for."""
        super().__init__(_of_file(key, file, error, user, beside))


def _of_file(key: str, file: Path, error: Exception, user: str, beside: Path | None) -> str:
    reason = getattr(error, "reason", None) or ""
    if isinstance(error, FileNotFoundError):
        return f"{key} {file} is missing; enrol this machine, or correct {key}"
    if isinstance(error, PermissionError) and error.errno is not None:
        return f"{key} {file} may not be read by user {user}; {cure_of_reading(file, user)}"
    if isinstance(error, PermissionError):
        return f"{key} {file} is locked by a passphrase, which nobody is here to type; store it without one"
    if isinstance(error, ssl.SSLError) and "KEY_VALUES_MISMATCH" in reason:
        return f"{key} {file} does not belong to cert_file {beside}; put both from one enrolment here"
    if isinstance(error, ssl.SSLError):
        what = "private key" if key == "key_file" else "certificate"
        return f"{key} {file} holds no {what} in PEM form; put the file from the enrolment here"
    said = getattr(error, "strerror", None) or str(error)
    return f"{key} {file} can't be read ({said}); name a readable PEM file"


def of_error(broker: Broker, error: Exception, stage: Stage, known: Known) -> str:
    """Return why there is no connection, or none any more."""
    at = f"{broker.host}:{broker.port}"
    if isinstance(error, TlsFileError):
        return str(error)
    if stage == "connecting":
        return f"cannot connect to {at}: {_of_network(broker, error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_their_certificate(broker, at, error, known)
    alert = _alert(error)
    if alert and broker.tls is not None:
        return _of_our_certificate(at, broker.tls.cert_file, alert, known)
    if stage == "handshake":
        return _of_handshake(at, broker.port, error)
    if stage == "answer":
        return _of_first_word(broker, at, known)
    return f"connection to {at} lost: {_plain(error)}"


# --- the network ----------------------------------------------------------------------------------

_NETWORK: Final = {
    errno.ECONNREFUSED: "nothing listens there; start the broker, or correct host and port",
    errno.EHOSTUNREACH: "there is no way to it; look at its power, cables, switch and address",
    errno.ENETUNREACH: "there is no way to its network; look at this machine's cable and address",
    errno.ENETDOWN: "this machine's network is down; look at its cable",
}


def _of_network(broker: Broker, error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return "no name server answers; look at the network, or set host to the broker's address"
    if isinstance(error, socket.gaierror | ValueError):  # ValueError: it can't even be asked for
        return f"the name {broker.host!r} is not known; correct host, or set it to the broker's address"
    if isinstance(error, TimeoutError) or getattr(error, "errno", None) == errno.ETIMEDOUT:
        return f"no answer; is that machine on, and does every firewall let port {broker.port} through?"
    number = getattr(error, "errno", None)
    return _NETWORK.get(number, _plain(error)) if number is not None else _plain(error)


def _plain(error: Exception) -> str:
    if isinstance(error, TimeoutError) or getattr(error, "errno", None) == errno.ETIMEDOUT:
        return "it does not acknowledge what was sent; look at its power, cables and switch"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


# --- TLS ------------------------------------------------------------------------------------------

# OpenSSL's X509_V_ERR_*.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_REVOKED: Final = 23
_OTHER_AUTHORITY: Final = frozenset({2, 7, 18, 19, 20, 21, 30})
_OTHER_HOST: Final = frozenset({62, 64})


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _clock(known: Known) -> str:
    """Say this machine's clock to the day: one to the minute would be a new trouble each minute."""
    return f"this machine's clock says {known.now:%Y-%m-%d}"


def _of_their_certificate(broker: Broker, at: str, error: ssl.SSLCertVerificationError, known: Known) -> str:
    theirs, code = known.theirs, error.verify_code
    ca_file = None if broker.tls is None else broker.tls.ca_file
    whose = f"the certificate of broker {at}"
    clock = _clock(known)
    if code in {_EXPIRED, _NOT_YET_VALID}:
        ours_is_at_fault = theirs is not None and theirs.not_before <= known.now <= theirs.not_after
        if ours_is_at_fault:
            whose, theirs = f"the authority in ca_file {ca_file}", known.authority
        if code == _EXPIRED:
            when = "" if theirs is None else f" on {_day(theirs.not_after)}"
            return f"{whose} expired{when}; issue a new one ({clock})"
        when = "" if theirs is None else f" before {_day(theirs.not_before)}"
        return f"{whose} is not valid{when}, and {clock}; if that is wrong, set it"
    if code in _OTHER_AUTHORITY:
        by = f" (its issuer is called {theirs.issuer!r})" if theirs is not None and theirs.issuer else ""
        return (
            f"{whose} is not signed by the authority in ca_file {ca_file}{by}; "
            "put this site's ca_file here, or give the broker a certificate of this site"
        )
    if code in _OTHER_HOST:
        hosts = ", ".join(theirs.hosts) if theirs is not None and theirs.hosts else "other hosts"
        key, wanted = ("host", broker.host) if broker.tls_name is None else ("tls_name", broker.tls_name)
        return f"{whose} is for {hosts}, not for {wanted}; set {key} to what it is for, or issue a new one"
    if code == _REVOKED:
        return f"{whose} was revoked; issue a new one"
    return f"{whose} is refused: {error.verify_message}; issue a new one"


def _alert(error: Exception) -> str | None:
    """Return the broker's "no" to our certificate, as OpenSSL calls it."""
    reason: str = getattr(error, "reason", None) or ""
    if not isinstance(error, ssl.SSLError) or "ALERT" not in reason:
        return None
    said = reason.partition("ALERT_")[2]
    return said if "CERTIFICATE" in said or said in {"UNKNOWN_CA", "ACCESS_DENIED"} else None


def _of_our_certificate(at: str, cert_file: Path, alert: str, known: Known) -> str:
    ours = known.ours
    whose = f"broker {at} does not accept our certificate {cert_file}"
    clock = _clock(known)
    again = "enrol this machine again"
    if alert == "CERTIFICATE_EXPIRED":
        if ours is None:
            return f"{whose}: it has expired; {again}"
        if ours.not_after < known.now:
            return f"{whose}: it expired on {_day(ours.not_after)}; {again}"
        return f"{whose}: it ends on {_day(ours.not_after)}, and {clock}; set the broker's clock"
    if alert == "BAD_CERTIFICATE" and ours is not None:
        return (
            f"{whose}: it begins on {_day(ours.not_before)}, and {clock}; set the broker's clock, or {again}"
        )
    if alert == "CERTIFICATE_REVOKED":
        return f"{whose}: it was revoked; {again}, if it is to come back"
    if alert == "UNKNOWN_CA":
        by = f"by {ours.issuer!r}, " if ours is not None and ours.issuer else "by "
        return f"{whose}: it is signed {by}an authority unknown there; enrol this machine at this site's hub"
    return f"{whose}: {alert.replace('_', ' ').lower()}; {again}"


def _of_handshake(at: str, port: int, error: Exception) -> str:
    reason: str = getattr(error, "reason", None) or ""
    if isinstance(error, TimeoutError):
        return f"broker {at} took the connection and did not answer; look at its load, or start it again"
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        return f"broker {at} speaks no TLS 1.2 or later; update it"
    cure = "set port to its TLS listener's (8883 by custom)"
    if isinstance(error, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return f"broker {at} ended the connection at once: if it speaks no TLS on port {port}, {cure}"
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "RECORD_LAYER_FAILURE"}:
        return f"broker {at} speaks no TLS on port {port}; {cure}"
    return f"no TLS with broker {at}: {reason.replace('_', ' ').lower() or _plain(error)}"


_TLS_ALERT: Final = b"\x15"
"""The first byte of a TLS record that tells an error (RFC 8446, 5.1)."""


def _of_first_word(broker: Broker, at: str, known: Known) -> str:
    if broker.tls is not None:
        return (
            f"broker {at} ended the connection once it saw our certificate {broker.tls.cert_file}; "
            "its log says why: enrol this machine again"
        )
    if known.first == _TLS_ALERT:
        return f"broker {at} wants TLS there; set tls, or port to its plain listener's"
    return f"broker {at} ended the connection at our first word; if it wants TLS there, set tls"


# --- MQTT -----------------------------------------------------------------------------------------

# Reason codes of MQTT 5 (2.4).
_REFUSED: Final = {
    0x84: "it speaks no MQTT 5; update it",
    0x85: "it does not take the client id {client}; correct site and device",
    0x86: "it does not know {client}; enrol this machine again",
    0x87: "it does not know {client}, or its list forbids it; enrol this machine again",
    0x88: "it is not available; it will be tried again",
    0x89: "it is busy; it will be tried again",
    0x8A: "it has banned {client}",
    0x97: "its quota is used up",
    0x9F: "it takes no more connections so soon; it will be tried again",
}
_ENDED: Final = {
    0x87: "{client} is no longer allowed; enrol this machine again",
    0x8B: "it is shutting down",
    0x8E: "another machine connected as {client}; is one room's enrolment in two machines?",
    0x98: "somebody ended it there",
}


def of_refusal(broker: Broker, client: str, code: int, words: str) -> str:
    """Return why a broker refused our CONNECT; ``words`` are MQTT's own for the code."""
    cure = _REFUSED.get(code, "its log says why").format(client=client)
    return f"broker {broker.host}:{broker.port} refused the connection ({words}): {cure}"


def of_end(broker: Broker, client: str, code: int, words: str) -> str:
    """Return why a broker said good-bye."""
    cure = _ENDED.get(code, "its log says why").format(client=client)
    return f"broker {broker.host}:{broker.port} ended the connection ({words}): {cure}"
