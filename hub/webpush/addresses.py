"""Which addresses are push services'. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_HTTPS: Final = re.compile(r"https://(?P<host>[a-z0-9.-]+)(:[0-9]{1,5})?/[!-~]*", re.IGNORECASE)


def is_of(endpoint: str, services: Sequence[str]) -> bool:
    """Tell whether an address is one of these push services', by https: the hub posts to no other."""
    found = _HTTPS.fullmatch(endpoint)
    if found is None:
        return False
    host = found["host"].lower()
    return any(host == one or host.endswith(f".{one}") for one in services)
