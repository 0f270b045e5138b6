"""The settings of one box, written for scripts/install from the commented examples.

    python3 -m parts.box_settings hub --site lincoln --name 'Lincoln "Elementary"' … > hub.toml
    python3 -m parts.box_settings network --address 192.168.1.10 < hub.toml.before > hub.toml
    python3 -m parts.box_settings profile < agent.toml > front-desk.toml

Standard library only, since it runs before anything is installed. Exits 2 with what is wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path

from .toml import change, put, text

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "config" / "examples"
FRONT_DESK = "front-desk"
FRONT_DESK_DOOR = "front door"
ZONES = (
    ("wall", "wall button", "panic"),
    ("desk", "desk button", "panic"),
    ("door", FRONT_DESK_DOOR, "door"),
)
"""The front desk's zones as the hub expects them: id, label, kind; the agent's example has their pins."""
BROKER_FILES = "/var/lib/tocsin/broker"
PROFILES = "/etc/tocsin/profiles"
TLS_PORT = 8883
OF_A_ROOM = ("site", "device", "room", "data", "links")
"""What of an agent's settings is its room's own: the hub writes it (hub/enrolment/agent_settings.py)."""


def hub(
    *, site: str, name: str, room: str, timezone: str, address: str, building: str | None, floor: str | None
) -> str:
    """Return the text of a front desk's hub.toml: the example, with this school's values and one room.

    ``address`` is how rooms reach this machine.
    """
    document = (EXAMPLES / "hub.toml").read_text(encoding="utf-8")
    document = change(document, "", "site", text(site))
    document = change(document, "", "name", text(name))
    document = change(document, "", "timezone", text(timezone))
    lines = ["[[rooms]]", f"device = {text(FRONT_DESK)}", f"room = {text(room)}"]
    lines += [f"building = {text(building)}"] if building else []
    lines += [f"floor = {text(floor)}"] if floor else []
    zones = (f"  {{ zone = {text(z)}, label = {text(label)}, kind = {text(k)} }}," for z, label, k in ZONES)
    lines += ["zones = [", *zones, "]"]
    return _opening("hub") + network(_with_rooms(document, "\n".join(lines)), address=address)


def network(document: str, *, address: str) -> str:
    """Return a hub.toml whose broker goes by the site's own authority, with a door for agents.

    Comments and all else stay. Raises ``ValueError`` where it is written in a way that this can't change.
    """
    wanted: dict[str, dict[str, object]] = {
        "broker": {"port": TLS_PORT, "own_tls": True},
        "authority": {"broker_files": BROKER_FILES},
        "enrolment": {"address": address, "profiles": PROFILES},
    }
    before = tomllib.loads(document)
    for table, keys in wanted.items():
        for key, value in keys.items():
            written = text(value) if isinstance(value, str) else str(value).lower()
            document = put(document, table, key, written)
    desk = rf"^([ \t]*)device[ \t]*=[ \t]*[\"']{FRONT_DESK}[\"'].*$"
    rooms = [room for room in before.get("rooms", []) if room.get("device") == FRONT_DESK]
    for room in rooms:
        if "profile" not in room:
            document = re.sub(
                desk, rf'\g<0>\n\1profile = "{FRONT_DESK}"', document, count=1, flags=re.MULTILINE
            )
            room["profile"] = FRONT_DESK
    for table, keys in wanted.items():
        before[table] = before.get(table, {}) | keys
    try:
        done = tomllib.loads(document) == before
    except tomllib.TOMLDecodeError:
        done = False
    if not done:
        raise ValueError(
            "hub.toml is written in a way that can't be changed by a program; write into it yourself: "
            + "; ".join(
                f"[{table}] {key} = {value!r}"
                for table, keys in wanted.items()
                for key, value in keys.items()
            )
        )
    return document


def profile(document: str) -> str:
    """Return the profile of an agent.toml: all but what is its room's own."""
    here, kept, comments = "", list[str](), list[str]()
    for line in document.split("\n"):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$", line):
            here = header[1].partition(".")[0].strip()
        key = re.match(r"\s*([A-Za-z_]+)[\s.=]", line)
        if line.lstrip().startswith("#") or not line.strip():
            comments = [] if not line.strip() and here in OF_A_ROOM else [*comments, line]
            continue
        if here not in OF_A_ROOM and (here or key is None or key[1] not in OF_A_ROOM):
            kept += [*comments, line]
        comments = []
    head = "# The parts on the front desk's own pins; the hub makes its agent's settings of it.\n\n"
    text_of_it = head + "\n".join(kept).strip() + "\n"
    before = tomllib.loads(document)
    if tomllib.loads(text_of_it) != {key: value for key, value in before.items() if key not in OF_A_ROOM}:
        raise ValueError("agent.toml is written in a way that no profile can be made of")
    return text_of_it


def agent(*, site: str, room: str, pins: str) -> str:
    """Return the text of the front desk's agent.toml: the example, with this box's values."""
    document = (EXAMPLES / "room-101.toml").read_text(encoding="utf-8")
    for key, value in (("site", site), ("device", FRONT_DESK), ("room", room), ("pins", pins)):
        document = change(document, "", key, text(value))
    document = change(document, "", "data", text("/var/lib/tocsin/agent"))
    zones = [zone["zone"] for zone in tomllib.loads(document)["zones"]]
    document = change(document, "zones", "label", text(FRONT_DESK_DOOR), nth=zones.index("door"))
    return _opening("device") + _without_opening(document)


def site_id(name: str) -> str:
    """Return a site's id after its school's name: ``St. Anne's, Köln`` gives ``st-anne-s-koln``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:64].strip("-")


def timezone() -> str:
    """Return this machine's own time zone; UTC where it doesn't say."""
    _, _, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name or "UTC"


def main(words: list[str]) -> int:
    """Write one settings file, or a site's id, to standard output."""
    parser = argparse.ArgumentParser(prog="box_settings", allow_abbrev=False)
    parts = parser.add_subparsers(dest="part", required=True)
    of_hub = parts.add_parser("hub")
    for flag in ("--site", "--name", "--room"):
        of_hub.add_argument(flag, required=True)
    of_hub.add_argument("--timezone", default=timezone())
    of_hub.add_argument("--building")
    of_hub.add_argument("--floor")
    of_hub.add_argument("--address", required=True)
    of_agent = parts.add_parser("agent")
    for flag in ("--site", "--room"):
        of_agent.add_argument(flag, required=True)
    of_agent.add_argument("--pins", choices=("lgpio", "mock"), default="lgpio")
    parts.add_parser("site-id").add_argument("name")
    parts.add_parser("network").add_argument("--address", required=True)
    parts.add_parser("profile")
    given = vars(parser.parse_args(words))
    part = given.pop("part")
    writers: dict[str, Callable[..., str]] = {
        "hub": hub,
        "agent": agent,
        "site-id": lambda name: site_id(name) + "\n",
        "network": lambda address: network(sys.stdin.read(), address=address),
        "profile": lambda: profile(sys.stdin.read()),
    }
    try:
        written = writers[part](**given)
    except (ValueError, LookupError) as error:
        print(f"the settings can't be written: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(written.encode())
    return 0


def _opening(program: str) -> str:
    file = "hub.toml" if program == "hub" else "agent.toml"
    return (
        f"# Written once by scripts/install, and yours to change; an upgrade keeps it. Then ask if it is\n"
        f"# right:  sudo tocsin-{program} check --config /etc/tocsin/{file}\n\n"
    )


def _without_opening(document: str) -> str:
    """Leave out the comment that heads an example: it speaks of the example."""
    return re.sub(r"\A(?:#[^\n]*\n)+\n*", "", document)


def _with_rooms(document: str, rooms: str) -> str:
    """Return the example with ``rooms`` in the place of its own, up to the next heading."""
    pattern = re.compile(r"^\[\[rooms\]\]\n.*?(?=^# --- )", re.MULTILINE | re.DOTALL)
    if len(pattern.findall(document)) != 1:
        raise LookupError("the example's rooms aren't where they were")
    return _without_opening(pattern.sub(lambda _: rooms + "\n\n", document))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
