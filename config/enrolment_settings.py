"""The settings of enrolment: how a room's agent reaches the hub's door, and what it is told there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from config.settings import Report
from config.shared_settings import LOOPBACK, Key, Name, Port

SHIPPED: Final = Path(__file__).parent / "profiles"
"""The profiles that come with the program."""
DOOR_PORT: Final = 8884


class EnrolmentSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The agents' door. Without an ``address`` there is none."""

    address: Name | None = None
    """How agents reach this machine: a host name, or an address that stays."""
    host: Name = "0.0.0.0"  # noqa: S104 - rooms come over the school's network
    """Where the door listens."""
    port: Port = DOOR_PORT
    code_h: Annotated[float, Meta(ge=0.1, le=720, description="hours, 0.1 to 720")] = 24.0
    """Hours for which a code holds."""
    profile: Key = "standard"
    """The profile of a room that names none."""
    profiles: Path | None = None
    """A folder of profiles, ``NAME.toml``; those that come with the program are known besides."""


def profile_file(enrolment: EnrolmentSettings, name: str) -> Path | None:
    """Return the file of a profile, the school's own before one that comes along; None: there is none."""
    folders = [folder for folder in (enrolment.profiles, SHIPPED) if folder is not None]
    return next((file for folder in folders if (file := folder / f"{name}.toml").is_file()), None)


def check_enrolment(enrolment: EnrolmentSettings, own_tls: bool, report: Report) -> None:
    """Report a door that nobody could come through; ``own_tls``: a broker goes by the hub's authority."""
    if enrolment.address is None:
        return
    if not own_tls:
        cure = "set own_tls = true for the broker that the rooms speak to, or leave the address out"
        report("enrolment.address", f"found {enrolment.address!r}, and no broker has own_tls", cure)
    if enrolment.address in LOOPBACK and enrolment.host not in LOOPBACK:
        cure = "set how other machines reach this one, or host = '127.0.0.1'"
        report("enrolment.address", f"found {enrolment.address!r}, which is each room's own machine", cure)
    if profile_file(enrolment, enrolment.profile) is None:
        cure = f"put {enrolment.profile}.toml into the folder that enrolment.profiles names"
        report("enrolment.profile", f"there is no profile {enrolment.profile!r}", cure)
