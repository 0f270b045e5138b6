"""The topics on which agents and hubs exchange their messages, and the ids that may stand in one."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from config.contract import ID_PATTERN, VERSION

PREFIX: Final = f"tocsin/v{VERSION}"
SITE_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)"
RESERVED_DEVICES: Final = frozenset({"hub", "posture"})
_ID = re.compile(ID_PATTERN)
_SITE = re.compile(SITE_PATTERN)


class Topic(NamedTuple):
    """A topic of an agent or a hub, taken apart."""

    site: str
    party: str
    """The device's id, or the hub's for ``what`` = ``hub-state``."""
    what: str
    """``event``, ``state``, ``health``, ``receipt``, ``command`` or ``hub-state``."""


def device_topic(site: str, device: str, what: str) -> str:
    """Return the topic of one device: ``what`` is event, state, health, receipt or command."""
    return f"{PREFIX}/{site}/{device}/{what}"


def posture_topic(site: str) -> str:
    """Return the topic on which the site's posture is retained."""
    return f"{PREFIX}/{site}/posture"


def hub_topic(site: str, hub: str) -> str:
    """Return the topic on which a hub's state is retained; ``+`` as ``hub`` subscribes to all."""
    return f"{PREFIX}/{site}/hub/{hub}/state"


def read_topic(topic: str) -> Topic | None:
    """Take a device's or a hub's topic apart; None when it is of neither form."""
    parts = topic.split("/")
    if "/".join(parts[:2]) != PREFIX:
        return None
    if len(parts) == 6 and parts[3] == "hub" and parts[5] == "state":
        return Topic(parts[2], parts[4], "hub-state")
    if len(parts) == 5:
        return Topic(parts[2], parts[3], parts[4])
    return None


def is_id(text: object) -> bool:
    """Tell whether this may name a device, a zone or a hub."""
    return isinstance(text, str) and _ID.match(text) is not None


def is_device_id(text: object) -> bool:
    """Tell whether this may name a device: an id that no other topic uses."""
    return is_id(text) and text not in RESERVED_DEVICES


def is_site_id(text: object) -> bool:
    """Tell whether this may name a site: an id without a dot."""
    return isinstance(text, str) and _SITE.match(text) is not None
