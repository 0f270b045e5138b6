"""What an account may do: rights, and the roles that hold them. Pure."""

from __future__ import annotations

from typing import Final, Literal, get_args

from config.console_settings import Role as Role  # for those who know no settings

Right = Literal["read", "acknowledge", "resolve", "posture", "drill", "maintain", "forget", "administer"]

RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
"""Also the scopes that a token may have."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least to the most."""

OF_ROLE: Final[dict[Role, frozenset[Right]]] = {
    "viewer": frozenset({"read"}),
    "maintenance": frozenset({"read", "maintain"}),
    "sro": frozenset({"read", "acknowledge", "resolve", "posture", "drill"}),
    "administrator": frozenset(RIGHTS),
}

WORDS: Final[dict[Role, str]] = {
    "viewer": "sees every page and changes nothing",
    "maintenance": "also walk tests, bypasses, troubles, door weeks",
    "sro": "sees every page, and acknowledges, resolves, sets the posture, runs drills",
    "administrator": "may do everything, people and tokens among it",
}
"""Each role, for people."""

WITHOUT_FACTOR: Final[frozenset[Right]] = frozenset({"read", "acknowledge"})
"""What a person keeps whose role asks for a second factor and who has not set one up: an alarm can be
seen and taken in hand."""
