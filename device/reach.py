"""Whether a broker can be reached and takes us, and how long this agent's certificate is good for, in words.

A running agent must not be disturbed. With TLS the broker forces the client id to the certificate's
name, so whoever signs in with it throws the agent out: as this agent is signed in only where it is known
to be stopped, else the connection is made, both certificates are looked at, and that is all. On this
machine's own plain listener a stranger of a random name signs in, which disturbs nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from config.agent_settings import AgentSettings, LinkSettings
from config.certificate import CertificateError, read_certificate
from config.dial_words import of_refusal
from config.dialling import Connected, DialError, Dialler, TlsSocket, end
from config.shared_settings import Tls
from config.sign_in import DISCONNECT, SESSION_FOR_EVER, sign_in
from device.found import Found

OBJECTION_S: Final = 1.5
"""With TLS 1.3 a broker's "no" to our certificate comes after the handshake: it is waited for so long."""
SOON_DAYS: Final = 30
"""A certificate that ends within so many days is warned of."""

_DISCONNECT_AND_FORGET: Final = b"\xe0\x07\x00\x05\x11\x00\x00\x00\x00"
"""With a session expiry of 0: no session is left that wasn't there before."""
_ONE_AT_A_TIME: Final = b"\x21\x00\x01"
"""A property of CONNECT (MQTT 5, 3.1.2.11): the receive maximum."""


def reach(link: LinkSettings, dates_trusted: Callable[[], bool], agent: str | None = None) -> Found:
    """Try one broker, for 10 s at most; ``agent`` is the name to sign in by with TLS, None for not at all."""
    found = Found()
    dialler = Dialler(link, dates_trusted)
    try:
        sock = dialler.dial()
    except DialError as error:
        found.faults.append(f"link {link.name}: {error}")
        return found
    try:
        if link.tls is None:
            why = _sign_in_as_a_stranger(sock)
            good = "reached; a stranger of a random name may sign in, nothing was published"
        else:
            why = _objection(sock)
            version = sock.version() if isinstance(sock, TlsSocket) else None
            by_name = "" if link.tls_name is None else f", and it is {link.tls_name}"
            good = f"reached; {version or 'TLS'} is right on both sides{by_name}. "
            if agent is None:
                good += "Not signed in: that would throw a running agent out, whose name it is"
            else:
                why = why or _sign_in_as_the_agent(sock, link, agent)
                good += f"Signed in as {agent}, nothing was published"
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


def _sign_in_as_a_stranger(sock: Connected) -> str | None:
    """Sign in with a clean start; returns why that was refused."""
    answer = sign_in(sock, f"tocsin-check-{secrets.token_hex(6)}", clean=True)
    if isinstance(answer, str):
        return answer
    if answer.reason:
        reason = f"0x{answer.reason:02x}"
        return f"the broker refused the sign-in (reason {reason}); may anybody sign in on this listener?"
    sock.sendall(DISCONNECT)
    return None


def _sign_in_as_the_agent(sock: Connected, link: LinkSettings, agent: str) -> str | None:
    """Sign in by the agent's name and leave its session as it was; returns why that was refused.

    What lies in the session for the agent stays there: one message at most is sent to us, and as we
    don't acknowledge it, it comes to the agent again.
    """
    answer = sign_in(sock, agent, clean=False, properties=SESSION_FOR_EVER + _ONE_AT_A_TIME)
    if isinstance(answer, str):
        return answer
    if answer.reason:
        words = str(ReasonCode(PacketTypes.CONNACK, identifier=answer.reason))
        return of_refusal(link, agent, answer.reason, words)
    sock.sendall(DISCONNECT if answer.session else _DISCONNECT_AND_FORGET)
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
        ends = "without an end" if certificate.is_endless else f"until {until}, {days} days left"
        found.lines.append(f"{file}: {whose}, of {name or certificate.issuer or '?'}, {ends}")
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
