"""Whether a broker can be reached, and how long this agent's certificate is good for, in words.

A running agent must not be disturbed. With TLS the broker forces the client id to the certificate's
name, so whoever signs in with it throws the agent out: there the connection is made, both
certificates are looked at, and nobody signs in. On this machine's own plain listener a stranger of a
random name signs in, which disturbs nobody.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from config.agent_settings import AgentSettings, LinkSettings
from config.certificate import CertificateError, read_certificate
from config.dialling import Connected, DialError, Dialler, TlsSocket, end
from config.shared_settings import Tls

ANSWER_S: Final = 4.0
"""For the broker's answer to a sign-in."""
OBJECTION_S: Final = 1.5
"""With TLS 1.3 a broker's "no" to our certificate comes after the handshake: it is waited for so long."""
SOON_DAYS: Final = 30
"""A certificate that ends within so many days is warned of."""

_CONNACK: Final = 0x20
_DISCONNECT: Final = b"\xe0\x00"


@dataclass
class Found:
    """What was found: lines to be shown, doubts, and what keeps the agent from working."""

    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def reach(link: LinkSettings, dates_trusted: Callable[[], bool]) -> Found:
    """Try one broker, for 10 s at most."""
    found = Found()
    dialler = Dialler(link, dates_trusted)
    try:
        sock = dialler.dial()
    except DialError as error:
        found.faults.append(f"link {link.name}: {error}")
        return found
    try:
        if link.tls is None:
            why = _sign_in(sock)
            good = "reached; a stranger of a random name may sign in, nothing was published"
        else:
            why = _objection(sock)
            version = sock.version() if isinstance(sock, TlsSocket) else None
            good = (
                f"reached; {version or 'TLS'} is right on both sides. Not signed in: that would throw"
                " a running agent out, whose name it is"
            )
    except OSError as error:
        why = dialler.why(sock, answered=False) or str(error)
    finally:
        end(sock)
        sock.close()
    if why is None:
        found.lines.append(good)
    else:
        found.faults.append(f"link {link.name}: {why}")
    return found


def _sign_in(sock: Connected) -> str | None:
    """Say CONNECT in MQTT 5 with a clean start, and DISCONNECT; returns why that was refused."""
    name = f"tocsin-check-{secrets.token_hex(6)}".encode()
    body = b"\x00\x04MQTT\x05\x02\x00\x0a\x00" + len(name).to_bytes(2, "big") + name
    sock.settimeout(ANSWER_S)
    sock.sendall(bytes([0x10, len(body)]) + body)
    answer = b""
    until = time.monotonic() + ANSWER_S
    while len(answer) < 4 and time.monotonic() < until:
        try:
            more = sock.recv(64)
        except TimeoutError:
            break
        if not more:
            return (
                "the broker ended the connection at our first word; is it a broker, and does it take MQTT 5?"
            )
        answer += more
    if len(answer) < 4:
        return "it took the connection and says nothing; is this port a broker's?"
    if answer[0] != _CONNACK:
        return "what answers there speaks no MQTT; is this port a broker's?"
    if answer[3]:
        reason = f"0x{answer[3]:02x}"
        return f"the broker refused the sign-in (reason {reason}); may anybody sign in on this listener?"
    sock.sendall(_DISCONNECT)
    return None


def _objection(sock: Connected) -> str | None:
    """Wait a moment for the broker's "no"; silence is its consent. Raises ``OSError`` with its "no"."""
    sock.settimeout(OBJECTION_S)
    try:
        heard = sock.recv(1)
    except TimeoutError:
        return None
    if not heard:
        raise ConnectionResetError("the broker ended the connection once it saw our certificate")
    return None


def certificates(settings: AgentSettings, now: datetime, synced: bool | None) -> Found:
    """Look at the certificate of each link that has one: whose it is, and its days."""
    found = Found()
    seen: set[Tls] = set()
    for link in settings.links:
        if link.tls is None or link.tls in seen:
            continue
        seen.add(link.tls)
        _look(found, link.tls, f"{settings.site}.{settings.device}", now, synced)
    return found


def _look(found: Found, tls: Tls, wanted: str, now: datetime, synced: bool | None) -> None:
    for file, whose in ((tls.cert_file, "this agent's"), (tls.ca_file, "the authority's")):
        try:
            certificate = read_certificate(file.read_bytes())
        except OSError:
            continue  # told by each link that needs it (:func:`reach`), with its key
        except CertificateError as error:
            found.faults.append(f"{file}: {error}; put the file from the enrolment here")
            continue
        name, days = certificate.common_name, certificate.days_left(now)
        until = f"{certificate.not_after:%Y-%m-%d}"
        found.lines.append(
            f"{file}: {whose}, of {name or certificate.issuer or '?'}, until {until}, {days} days left"
        )
        if whose == "this agent's" and name != wanted:
            found.faults.append(
                f"{file} is the certificate of {name!r}, not of {wanted!r}: was another room's card copied?"
                " Enrol this one"
            )
        if synced is False:
            continue  # the dates can't be judged, and the agent doesn't
        if days < 0:
            found.faults.append(f"{file} has ended on {until}: enrol this agent again")
        elif certificate.not_before > now:
            found.faults.append(
                f"{file} begins only on {certificate.not_before:%Y-%m-%d}: is the clock right?"
            )
        elif days < SOON_DAYS:
            found.warnings.append(
                f"{file} ends in {days} days, on {until}: enrol this agent again before that"
            )
