"""From where somebody signs in: a browser that is known for their name has a lane of its own.

A guesser at the same address, even at the same proxy, waits in another lane than the officer's browser.
"""

from __future__ import annotations

import ipaddress
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.console import console
from hub.console.cookies import set_cookie

KNOWN_S: Final = 400 * 24 * 3600
"""For how long a browser is known: as long as browsers keep any cookie."""
NAMES_KEPT: Final = 8
KNOWN: Final = "browser "


def lane_of(request: Request, name: str) -> str:
    """Return the lane of somebody who says they are ``name``."""
    here = console.of(request)
    browser, names = here.sealer.open_known(request.cookies.get(here.sealer.known_cookie))
    return f"{KNOWN}{browser}" if browser and name in names else network_of(address_of(request))


def address_of(request: Request) -> str:
    """Return the address that a request came from."""
    return request.client.host if request.client else "-"


def network_of(address: str) -> str:
    """Return what one guesser can't leave by taking another address: of IPv6, a network of 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)


def know(request: Request, response: Response, name: str) -> None:
    """Let this browser be known for whoever has just signed in on it."""
    here = console.of(request)
    browser, names = here.sealer.open_known(request.cookies.get(here.sealer.known_cookie))
    kept = (name, *(other for other in names if other != name))[:NAMES_KEPT]
    value = here.sealer.seal_known(browser or secrets.token_hex(12), kept)
    set_cookie(request, response, here.sealer.known_cookie, value, KNOWN_S, path="/sign-in")
