"""A room's agent's settings, as the hub writes them: what is the room's own, and a profile of its parts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Final

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.enrolment_settings import profile_file
from config.hub_settings import HubSettings, NamedBroker, RoomSettings
from config.settings import SettingsError, parsed
from config.shared_settings import LOOPBACK
from hub.authority.names import server_name

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "certificate.pem", "key.pem"
"""The files in an agent's identity folder."""
STANDARD: Final = (Path("/etc/tocsin/identity"), Path("/var/lib/tocsin/agent"))
"""Where an agent as installed keeps its identity and its outbox."""
_OURS: Final = ("site", "device", "room", "data", "links")
"""Keys that the hub writes; none of them may stand in a profile."""


class ProfileError(ValueError):
    """A room's profile can't be used; its words say why."""


def agent_toml(settings: HubSettings, device: str, folder: Path, data: Path, *, is_here: bool = False) -> str:
    """Return the text of a room's ``agent.toml``.

    ``folder`` is where the agent keeps its identity, ``data`` where its outbox. ``is_here``: the agent is on
    the hub's own machine, and reaches it whatever becomes of its address. Raises :class:`ProfileError`.
    """
    room = next(one for one in settings.rooms if one.device == device)
    file, profile = _profile(settings, room)
    lines = [
        "# Written by the hub when this agent was enrolled. The parts are those of the profile",
        f"# {file.name} on the hub; change them there, or here for this room alone.",
        "",
        f"site = {_quoted(settings.site)}",
        f"device = {_quoted(device)}",
        f"room = {_quoted(room.room)}",
        f"data = {_quoted(str(data))}",
        "",
        profile.strip(),
        "",
    ]
    for broker in settings.brokers:
        if broker.own_tls:
            lines += _link(settings, broker, folder, is_here=is_here)
    text = "\n".join(lines)
    try:
        parsed(text, AgentSettings, check_agent, str(file))
    except SettingsError as error:
        raise ProfileError(f"the settings of {device} would be wrong: {error}") from None
    return text


def profile_faults(settings: HubSettings) -> list[tuple[str, str]]:
    """Return each profile that a room could not be enrolled with: the first such device, and why."""
    if settings.enrolment.address is None:
        return []
    found: dict[str, tuple[str, str]] = {}
    for room in settings.rooms:
        name = room.profile or settings.enrolment.profile
        if name not in found:
            try:
                agent_toml(settings, room.device, *STANDARD)
            except ProfileError as error:
                found[name] = (room.device, str(error))
    return list(found.values())


def _profile(settings: HubSettings, room: RoomSettings) -> tuple[Path, str]:
    name = room.profile or settings.enrolment.profile
    file = profile_file(settings.enrolment, name)
    if file is None:
        raise ProfileError(f"{room.device} is of profile {name!r}, and there is no {name}.toml")
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ProfileError(f"profile {file} can't be read: {error}") from None
    if found := [key for key in _OURS if key in table]:
        raise ProfileError(f"profile {file} sets {', '.join(found)}, which the hub writes; take it out")
    return file, text


def _link(settings: HubSettings, broker: NamedBroker, folder: Path, *, is_here: bool) -> list[str]:
    host = settings.enrolment.address if broker.host in LOOPBACK and not is_here else broker.host
    name = broker.tls_name or server_name("broker", settings.site)
    return [
        "[[links]]",
        f"name = {_quoted(broker.name)}",
        f"host = {_quoted(host or broker.host)}",
        f"port = {broker.port}",
        f"tls_name = {_quoted(name)}",
        "[links.tls]",
        f"ca_file = {_quoted(str(folder / AUTHORITY))}",
        f"cert_file = {_quoted(str(folder / CERTIFICATE))}",
        f"key_file = {_quoted(str(folder / KEY))}",
        "",
    ]


def _quoted(text: str) -> str:
    """Return a string of TOML's: JSON's are."""
    return json.dumps(text, ensure_ascii=False)
