"""What people and agents ask about identities, and what they are answered. Frozen words."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from hub.enrolment.identity import Code, Identity

COMMAND: Final = "command"
"""By what way a person asks who uses ``tocsin-hub`` on the hub's machine."""


class MakeCode(Struct, frozen=True):
    """A person wants a code for a room's agent, or for a spare."""

    digest: str
    device: str | None
    for_s: float
    by: str
    via: str
    replace: bool = False


class Enrol(Struct, frozen=True):
    """An agent showed a code; its key was signed, and nobody has the certificate yet."""

    digest: str
    serial: str
    name: str
    key: str
    certificate: str
    address: str
    machine: str | None = None


class Renew(Struct, frozen=True):
    """An agent showed a certificate and wants the next: a spare its room's, any other one of a new key."""

    voucher: str
    """The serial of the certificate that it showed."""
    serial: str
    name: str
    key: str
    certificate: str
    address: str
    machine: str | None = None


class Hold(Struct, frozen=True):
    """An agent shows that it has a certificate: from now on it is this agent's."""

    serial: str
    address: str


class AssignSpare(Struct, frozen=True):
    """A person gives a spare a room."""

    spare: str
    device: str
    by: str
    via: str
    replace: bool = False


class Revoke(Struct, frozen=True):
    """A person ends what an agent is: of its certificates and codes none holds any more."""

    device: str
    by: str
    via: str
    note: str | None = None


class SessionOver(Struct, frozen=True):
    """No session of a revoked identity lives on the broker any more."""

    serial: str


IdentityAction = MakeCode | Enrol | Renew | Hold | AssignSpare | Revoke
"""What may be asked about identities."""


class CodeMade(Struct, frozen=True):
    """The answer to a person who wanted a code."""

    code: Code
    instead_of: int = 0
    """Codes for the same room that hold no more."""
    recorded: bool = True
    """As in :class:`hub.asking.Done`."""


class Enrolled(Struct, frozen=True):
    """The answer to an agent: what it is."""

    identity: Identity
    recorded: bool = True


class Assigned(Struct, frozen=True):
    """The answer to a person who gave a spare a room."""

    identity: Identity
    recorded: bool = True


class Revoked(Struct, frozen=True):
    """The answer to a person who revoked an agent."""

    device: str
    identities: tuple[Identity, ...]
    codes: int
    recorded: bool = True


IdentityAnswer = CodeMade | Enrolled | Assigned | Revoked
"""What is answered where nothing is refused."""
