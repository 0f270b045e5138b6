"""From where somebody asks: the school's own network, or outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from msgspec import Struct
from starlette.requests import Request

from hub.console import console
from hub.console.sign_in.lanes import address_of


class Visit(Struct, frozen=True):
    """Where and when somebody asks for something."""

    is_outside: bool
    wall: int
    """Wall ms."""
    fresh_ms: int
    """How long ago a second factor may have been shown to count as fresh."""


def visit_of(request: Request) -> Visit:
    """Return from where and when a request comes."""
    here = console.of(request)
    settings = here.desk.settings.console
    outside = is_outside(address_of(request), settings.school_networks)
    return Visit(outside, here.now().wall, round(settings.fresh_factor_m * 60_000))


def is_outside(address: str, networks: Iterable[str]) -> bool:
    """Tell whether an address is in none of the school's networks; where none is named, none is outside.

    The hub's own machine is always inside.
    """
    inside = [ipaddress.ip_network(network) for network in networks]
    if not inside:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not found.is_loopback and all(found not in network for network in inside)
