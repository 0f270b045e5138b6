"""``tocsin-hub enrol``, ``assign``, ``revoke`` and ``agents``: asked of the running hub, told in words."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from config.hub_settings import HubSettings
from config.rooms_file import read_rooms
from config.this_user import this_user
from hub.cli_plans import device_of
from hub.enrolment.code_picture import kind_of, terminal_picture, write_picture
from hub.enrolment.folders import write_folder
from hub.local_socket import NotAskedError, ask_hub


def enrol(
    settings: HubSettings, room: str | None, *, replace: bool, hours: float | None, qr: Path | None
) -> int:
    """Have a code made for a room, or (no room) for a spare, and show it; returns the exit code."""
    device = None if room is None else device_of(settings, room)
    if qr is not None:
        kind_of(qr)
    answer = asked(settings, "code", device=device, replace=replace, hours=hours, by=who())
    if answer is None:
        return 1
    name = next((one.room for one in settings.rooms if one.device == device), "a spare")
    words = f"--hub {answer['hub']} --code {answer['code']}"
    print(f"For {name}, once, until {answer['ends']}:\n\n    {answer['code']}\n")
    if answer["instead_of"]:
        print("The code that was made for this room before holds no more.")
    if qr is not None:
        write_picture(answer["code"], qr)
        print(f"Its picture is in {qr}; delete it when it was used.")
    elif sys.stdout.isatty():
        print(terminal_picture(answer["code"]))
    print(f"On its Pi, in the folder tocsin:\n    sudo scripts/install agent {words}")
    print(f"Where the agent is installed already:\n    sudo tocsin-device enrol {words}")
    return _recorded(answer)


def enrol_all(
    settings: HubSettings, rooms: Path, out: Path | None, *, replace: bool, hours: float | None
) -> int:
    """Make a folder for each room of a CSV; returns the exit code: 1 where any got none."""
    if out is None:
        raise LookupError("say where the folders go: --out DIR")
    failed = 0
    for room in read_rooms(rooms):
        answer = asked(settings, "code", device=room.device, replace=replace, hours=hours, by=who())
        if answer is None:
            failed += 1
            continue
        folder = write_folder(out, room, answer["hub"], answer["code"])
        print(f"{folder}: {room.room}, until {answer['ends']}")
    if failed:
        print(f"tocsin-hub: {failed} room(s) got no folder", file=sys.stderr)
    return 1 if failed else 0


def revoke(settings: HubSettings, device: str, note: str | None) -> int:
    """End what an agent or a spare is; returns the exit code: 3 where a session may still live."""
    answer = asked(settings, "revoke", device=_device_or_spare(settings, device), note=note, by=who())
    if answer is None:
        return 1
    print(
        f"{answer['device']}: {answer['certificates']} certificate(s) and {answer['codes']} code(s) "
        f"hold no more"
    )
    if not answer["shut_out"]:
        print("The broker has not been told yet: a session of it may still live. The hub goes on trying;")
        print("look at the troubles on the board (broker-lists).")
        return 3
    print("The broker lets it in no more, and no session of it lives.")
    return _recorded(answer)


def assign(settings: HubSettings, spare: str, room: str, *, replace: bool) -> int:
    """Give a spare a room; returns the exit code."""
    device = device_of(settings, room)
    answer = asked(settings, "assign", spare=spare, device=device, replace=replace, by=who())
    if answer is None:
        return 1
    print(f"{spare} is for {device}: it takes the room within a few seconds, if it is on and waits.")
    print("Its buttons are not proved until they are pressed in a walk test.")
    return _recorded(answer)


def agents(settings: HubSettings) -> int:
    """List who holds which room, which spares wait, and which codes can be used."""
    answer = asked(settings, "agents")
    if answer is None:
        return 1
    now = [one for one in answer["identities"] if one["state"] != "revoked"]
    held = {one["device"] for one in now if one["state"] == "held"}
    for one in now:
        room = one["room"] or (f"given {one['given_room']}" if one["given_room"] else "waits for a room")
        state = "" if one["state"] == "held" else ", not shown yet"
        print(f"{one['device']:20} {room:20} since {one['since'][:16]}Z by {one['by']}{state}")
    for code in answer["codes"]:
        whom = code["device"] or "a spare"
        print(f"code {code['id']} for {whom}, until {code['ends'][:16]}Z, by {code['by']}")
    without = [room.device for room in settings.rooms if room.device not in held]
    print(f"{len(held)} enrolled; {len(without)} of {len(settings.rooms)} rooms without an agent", end="")
    print(f": {', '.join(without[:20])}" + (", …" if len(without) > 20 else "") if without else "")
    return 0


def asked(settings: HubSettings, do: str, **word: Any) -> dict[str, Any] | None:
    """Ask the running hub; None where it did not do it, which is told."""
    try:
        answer = ask_hub(settings.data, do, **word)
    except NotAskedError as error:
        print(f"tocsin-hub: {error}", file=sys.stderr)
        return None
    if "error" in answer:
        allowed = answer.get("allowed")
        more = f"; allowed: {', '.join(allowed)}" if allowed else ""
        print(f"tocsin-hub: {answer['detail']}{more}", file=sys.stderr)
        return None
    return answer


def _device_or_spare(settings: HubSettings, name: str) -> str:
    try:
        return device_of(settings, name)
    except LookupError:
        return name  # a spare, or a room that the settings have no more: the hub knows


def who() -> str:
    """Return who asks: with sudo, who used it."""
    return os.environ.get("SUDO_USER") or this_user()


def _recorded(answer: dict[str, Any]) -> int:
    if not answer["recorded"]:
        print("It holds, but it is NOT YET WRITTEN DOWN: the hub's disk does not answer.", file=sys.stderr)
    return 0
