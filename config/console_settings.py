"""Where the console and the API are served, and what signing in takes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.shared_settings import Name, Port

Role = Literal["viewer", "maintenance", "sro", "administrator"]
"""What a person may do: see :mod:`hub.rights`."""


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the console and the API are served."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    session_h: Annotated[float, Meta(ge=0.25, le=24 * 90, description="hours, 0.25 to 2160")] = 24 * 7
    """Hours until a person must sign in again."""
    second_factor: tuple[Role, ...] = ()
    """The roles that ask for a second factor. Whoever has such a role and has set none up may see and
    acknowledge, and nothing else."""
