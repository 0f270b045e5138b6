"""What each party of a site may publish and hear, as mosquitto's ``acl_file`` has it. Pure.

Written out for each party: a pattern (``%u``) would give whatever name the authority ever signed the
rights of an agent, also one that was revoked or never given a room.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.topics import (
    device_topic,
    hub_topic,
    is_device_id,
    is_id,
    is_site_id,
    posture_topic,
)
from hub.authority.names import agent_name, event_name, rest_name

DROPPED_TOPIC: Final = "$SYS/broker/publish/messages/dropped"
"""The broker's count of messages that it dropped: of all it tells of itself the only one heard."""


def rights(site: str, hub: str, devices: Iterable[str]) -> str:
    """Return the whole file: the hub's two connections, then each agent; nobody else has any right.

    Raises ``ValueError`` for a name that is no id: a line of the file must not hold another.
    """
    known = sorted(set(devices))
    if not (is_site_id(site) and is_id(hub) and all(map(is_device_id, known))):
        raise ValueError(f"no ids of a site, a hub and devices: {site!r}, {hub!r}, {known!r}")
    parties = [_events(site), _rest(site, hub), *(_agent(site, device) for device in known)]
    return "# Written by the hub at each enrolment and revocation; changes here are lost.\n\n" + "\n".join(
        parties
    )


def _events(site: str) -> str:
    return _party(event_name(site), read=[device_topic(site, "+", "event")])


def _rest(site: str, hub: str) -> str:
    return _party(
        rest_name(site),
        read=[
            device_topic(site, "+", "state"),
            device_topic(site, "+", "health"),
            posture_topic(site),
            DROPPED_TOPIC,
        ],
        write=[
            device_topic(site, "+", "receipt"),
            device_topic(site, "+", "command"),
            posture_topic(site),
            hub_topic(site, hub),
        ],
    )


def _agent(site: str, device: str) -> str:
    return _party(
        agent_name(site, device),
        read=[
            device_topic(site, device, "receipt"),
            device_topic(site, device, "command"),
            posture_topic(site),
            hub_topic(site, "+"),
        ],
        write=[device_topic(site, device, what) for what in ("event", "state", "health")],
    )


def _party(name: str, *, read: Iterable[str], write: Iterable[str] = ()) -> str:
    lines = [f"user {name}"]
    lines += [f"topic read {topic}" for topic in read]
    lines += [f"topic write {topic}" for topic in write]
    return "\n".join(lines) + "\n"
