"""Signing in to a broker by hand, to see if it takes us: one CONNECT in MQTT 5 and its answer.

For a look or a farewell; whoever stays has a :class:`config.connection.Line`.
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from config.dialling import Connected

ANSWER_S: Final = 4.0
"""For the broker's answer to a sign-in."""
SESSION_FOR_EVER: Final = b"\x11\xff\xff\xff\xff"
"""A property of CONNECT: the session's expiry, as the agent asks for it (MQTT 5, 3.1.2.11)."""
DISCONNECT: Final = b"\xe0\x00"
_CONNACK: Final = 0x20


class Answer(NamedTuple):
    """What a broker said."""

    session: bool
    """Whether it had a session of this name."""
    reason: int
    """0 where it takes us, else MQTT's reason code."""


def sign_in(sock: Connected, name: str, *, clean: bool, properties: bytes = b"") -> Answer | str:
    """Say CONNECT; returns the broker's answer, or why there is none. Raises ``OSError``."""
    client = name.encode()
    body = b"\x00\x04MQTT\x05" + (b"\x02" if clean else b"\x00") + b"\x00\x0a"
    body += bytes([len(properties)]) + properties + len(client).to_bytes(2, "big") + client
    sock.settimeout(ANSWER_S)
    sock.sendall(b"\x10" + _length(len(body)) + body)
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
    return Answer(bool(answer[2] & 1), answer[3])


def _length(size: int) -> bytes:
    """Return a length as MQTT writes it (5, 1.5.5); an agent's name may need two bytes of it."""
    return bytes([size]) if size < 128 else bytes([size % 128 | 128, size // 128])
