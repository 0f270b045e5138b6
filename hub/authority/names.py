"""The names by which the parties of a site know each other. Pure.

A client's common name is its user name and its client id on the broker, which takes them from the
certificate. A server is checked against a name that never changes, whatever its address is.
"""

from __future__ import annotations

from typing import Final

DOMAIN: Final = "tocsin.internal"
"""``.internal`` is kept for private use by ICANN; nobody looks these names up."""
LONGEST_LABEL: Final = 63
"""Of one part of a DNS name (RFC 1035, 2.3.4); a site's id may be one longer."""


def agent_name(site: str, device: str) -> str:
    """Return the common name of an agent; a site's id has no dot, so none can be read two ways."""
    return f"{site}.{device}"


def event_name(site: str) -> str:
    """Return the common name of the hub's connection for events."""
    return f"tocsin-hub-{site}"


def rest_name(site: str) -> str:
    """Return the common name of the hub's connection for all else."""
    return f"tocsin-hub-{site}-rest"


def server_name(what: str, site: str) -> str:
    """Return the name that a server of the site is checked against; ``what`` is ``broker`` or ``door``."""
    parts = (site[:LONGEST_LABEL], site[LONGEST_LABEL:])
    return ".".join((what, *(part for part in parts if part), DOMAIN))
