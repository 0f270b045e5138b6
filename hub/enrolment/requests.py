"""What agents send to the door, and what they are sent: JSON, each field named here. Errors as the API's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Meta, Struct

from config.enrol_code import SECRET_BYTES
from hub.authority.authority import AuthorityError
from hub.enrolment.agent_settings import STANDARD
from hub.enrolment.identity import Identity

VERSION: Final = 1
Text = Annotated[str, Meta(max_length=128)]
Hex = Annotated[str, Meta(pattern=f"^[0-9a-f]{{{2 * SECRET_BYTES}}}$")]
Pem = Annotated[str, Meta(max_length=4096)]
Folder = Annotated[str, Meta(pattern=r"^/[A-Za-z0-9._/ -]{1,255}$")]


class Wanted(Struct, frozen=True):
    """An agent wants a certificate for a key of its own."""

    csr: Pem
    """PKCS #10 in PEM form; nothing but its key is looked at."""
    secret: Hex | None = None
    """The first half of the code; without one the agent's certificate speaks for it."""
    machine: Text | None = None
    folder: Folder = str(STANDARD[0])
    """Where the agent keeps what it gets."""
    data: Folder = str(STANDARD[1])


class Failed(Struct, frozen=True):
    """A release that a room went back from."""

    release: Text
    why: Annotated[str, Meta(max_length=300)]


class RoomsWord(Struct, frozen=True):
    """A room's Pi asks which release it is to run."""

    runs: Text | None = None
    """Which of the hub's releases it runs now."""
    failed: Failed | None = None
    """Which it went back from since it asked last."""


def read_rooms_word(body: bytes) -> RoomsWord:
    """Read what a room's Pi says of its program; raises ``ValueError`` in words."""
    try:
        return msgspec.json.decode(body, type=RoomsWord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def read_wanted(body: bytes) -> Wanted:
    """Read what an agent wants; raises ``ValueError`` in words."""
    try:
        return msgspec.json.decode(body, type=Wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def read_request(pem: str) -> tuple[bytes, str]:
    """Return a certificate request as DER, and the SHA-256 of its public key in hexadecimal.

    Raises :class:`hub.authority.authority.AuthorityError`; whether it is good is the authority's to say.
    """
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's bytes make the parser raise
        raise AuthorityError(f"this is no certificate request: {error}") from None
    return request.public_bytes(Encoding.DER), hashlib.sha256(key).hexdigest()


def given(one: Identity, site: str, room: str | None, authority: bytes, toml: str | None) -> dict[str, Any]:
    """Return what an agent is given; ``toml`` is its settings, None for a spare."""
    return {
        "v": VERSION,
        "site": site,
        "device": one.device,
        "room": room,
        "spare": one.is_spare,
        "serial": one.serial,
        "certificate": one.certificate,
        "authority": authority.decode(),
        "settings": toml,
    }


def folders(wanted: Wanted) -> tuple[Path, Path]:
    """Return where an agent keeps its identity and its outbox."""
    return Path(wanted.folder), Path(wanted.data)
