"""A one-time code, the identity of an agent, and what the broker is to go by. Frozen values. Pure."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

State = Literal["signed", "held", "revoked"]
"""``signed``: its agent has not shown yet that it has it. ``held``: it has. ``revoked``: for ever."""
Given = Literal["code", "spare", "renewal"]
"""By what a certificate was given: a code, to a spare that got a room, in the place of the agent's own."""

SPARE: Final = "spare-"
"""How the names of spares begin."""


class Code(Struct, frozen=True):
    """A one-time code; its secret is with whoever it was shown to, alone."""

    digest: str
    """See :func:`config.enrol_code.digest_of`."""
    device: str | None
    """The room's agent; None: a spare."""
    made: int
    ends: int
    """Both in wall ms."""
    by: str
    via: str
    replaces: bool = False
    """It may take the place of an agent that is there."""
    used: int | None = None
    key: str | None = None
    """SHA-256 of the public key it was used for: whoever has that key may ask again."""
    void: str | None = None
    """Why it holds no more, before its end."""
    row: int = 0
    """Number of the row of the record that says who made it."""

    @property
    def id(self) -> str:
        """How people name it: it tells nothing of the secret."""
        return self.digest[:8]


class Identity(Struct, frozen=True):
    """A certificate that the authority signed for an agent, and what became of it."""

    serial: str
    """Hexadecimal."""
    device: str
    """The room's agent, or the name of a spare."""
    name: str
    """Its common name, which is its user name and client id on the broker."""
    state: State
    key: str
    """SHA-256 of its public key (SubjectPublicKeyInfo, DER), hexadecimal."""
    certificate: str
    """In PEM form."""
    given: Given
    voucher: str
    """The digest of the code, or the serial of the identity, that it was given for."""
    signed: int
    """Wall ms, as are the next three."""
    lapses: int
    """Until then its agent must have shown that it has it."""
    by: str
    """Who gave it: made the code, or gave the spare its room."""
    via: str
    held: int | None = None
    ended: int | None = None
    why: str | None = None
    """Why it was revoked."""
    is_spare: bool = False
    room: str | None = None
    """Of a spare: the room's device that it was given."""
    room_by: str | None = None
    room_via: str | None = None
    room_replaces: bool = False
    address: str | None = None
    """From where its agent asked."""
    machine: str | None = None
    """What its agent said of the machine: model and serial number."""
    replaces: bool = False
    """It may take the place of another that is held."""
    session_open: bool = False
    """Revoked, and a session of its name may still live on a broker."""
    rows: tuple[int, ...] = ()
    """Numbers of the rows of the record that name people of it."""


class Rights(Struct, frozen=True):
    """What the broker is to go by from now on."""

    devices: frozenset[str]
    """Agents that may speak: each of its own room."""
    revoked: tuple[str, ...]
    """Serials, hexadecimal."""
    close: tuple[Identity, ...] = ()
    """Revoked ones whose sessions may still live."""
