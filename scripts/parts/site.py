"""The demo's site: its hub.toml, its secrets, and a person and a token that may use it."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

from . import toml
from .progress import SetupError

SITE = "demo"
USER = "sro"
TOKEN = "demo"
ZONES = (("wall", "wall button", "panic"), ("desk", "desk button", "panic"), ("door", "door", "door"))
"""The zones that a simulated room has: id, label, kind."""


ACCOUNT = "1234"
"""By which an alarm receiver knows the demo."""
PHONES = (("officer", "+15550100001"), ("principal", "+15550100002"))
"""The simulated phones that a modem reaches, and their numbers, which are nobody's."""
RUNG = ("", "[[plans.panic.steps]]", "after_s = 30", 'notify = ["rung"]', "repeat_s = 60")
LEADS_OUT = ', number = "1", exterior = true, open_max_s = 60'
"""What makes a door an exterior one, that is held open after so short a time that it can be seen."""


class Room(NamedTuple):
    """A room as hub.toml names it."""

    device: str
    room: str
    building: str
    floor: str


class Ports(NamedTuple):
    """Where everything listens, on loopback."""

    mqtt: int
    console: int
    rooms: int
    phones: int | None = None
    """The page of simulated phones; None: there is no modem."""


class Site:
    """One folder, kept between runs."""

    def __init__(self, data: Path, programs: Path) -> None:
        """``programs`` holds ``tocsin-hub``: the venv's ``bin``."""
        self.data = data
        self.hub_toml = data / "hub.toml"
        self.name = self._known_site() or SITE
        self._hub = programs / "tocsin-hub"
        for folder in ("hub", "broker", "rooms", "logs", "secrets"):
            (data / folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def modem(self) -> Path:
        """The line of the simulated modem."""
        return self.data / "modem"

    @property
    def secret(self) -> str:
        """The webhook's secret: made once, then kept."""
        return self._kept("webhook", "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())

    @property
    def password(self) -> str:
        """The person's password: made once, then kept."""
        return self._kept("password", secrets.token_hex(8))

    def write(
        self,
        ports: Ports,
        rooms: tuple[Room, ...],
        webhook: str | None,
        group_by: str,
        receiver: str | None = None,
    ) -> None:
        """Write hub.toml for this run; ``receiver`` is host and port of an alarm receiver."""
        text = hub_toml(self, ports, rooms, webhook, group_by, receiver)
        _write_private(self.hub_toml, text)

    def add_person(self) -> None:
        """Let the person of the ready line sign in with :attr:`password`."""
        self._ask(
            "user", "add", USER, "--config", str(self.hub_toml), "--password-file", "-", say=self.password
        )

    def add_token(self) -> str:
        """Return a token that may do everything."""
        said = self._ask("token", "add", TOKEN, "--config", str(self.hub_toml), "--scopes", "all")
        token = said.split()[-1] if said.split() else ""
        if not token:
            raise SetupError("tocsin-hub token add printed no token")
        return token

    def _ask(self, *words: str, say: str = "") -> str:
        done = subprocess.run(
            [str(self._hub), *words], input=say, capture_output=True, text=True, cwd=self.data, check=False
        )
        if done.returncode != 0:
            raise SetupError(
                f"tocsin-hub {' '.join(words[:3])} failed with {done.returncode}:\n{done.stderr.strip()}"
            )
        return done.stdout

    def _known_site(self) -> str | None:
        try:
            known = tomllib.loads(self.hub_toml.read_text(encoding="utf-8")).get("site")
        except (OSError, ValueError):
            return None
        return known if isinstance(known, str) else None

    def _kept(self, name: str, fresh: str) -> str:
        file = self.data / "secrets" / name
        if not file.exists():
            _write_private(file, fresh + "\n")
        return file.read_text(encoding="utf-8").strip()


def hub_toml(
    site: Site,
    ports: Ports,
    rooms: tuple[Room, ...],
    webhook: str | None,
    group_by: str,
    receiver: str | None,
) -> str:
    """Return the text of the demo's hub.toml."""
    lines = [
        "# Written anew by scripts/demo at each start.",
        f"site = {toml.text(site.name)}",
        'name = "Demo School"',
        f"data = {toml.text(str(site.data / 'hub'))}",
        f"timezone = {toml.text(_timezone())}",
        "",
        "[broker]",
        'host = "127.0.0.1"',
        f"port = {ports.mqtt}",
        "",
        "[console]",
        'host = "127.0.0.1"',
        f"port = {ports.console}",
        "# Whoever tries it out may do everything, as often as they like.",
        "set_off_limit = 0",
    ]
    lines += [
        "",
        "# A demo's buttons are proved by nobody: the Devices page says so, and no trouble does.",
        "[walk_tests]",
        "prove_every_days = 0",
    ]
    if webhook is not None:
        lines += [
            "",
            "[channels.webhook]",
            'type = "webhook"',
            f"url = {toml.text(webhook)}",
            f"secret_file = {toml.text(str(site.data / 'secrets' / 'webhook'))}",
        ]
    if receiver is not None:
        lines += [
            "",
            "[channels.station]",
            'type = "dc-09"',
            f"address = {toml.text(receiver)}",
            f"account = {toml.text(ACCOUNT)}",
            "troubles = true",
            "tests = true",
        ]
    if ports.phones is not None:
        numbers = ", ".join(f"{name} = {toml.text(number)}" for name, number in PHONES)
        lines += [
            "",
            "[channels.texts]",
            'type = "modem"',
            f"device = {toml.text(str(site.modem))}",
            f"numbers = {{ {numbers} }}",
            "",
            "[channels.calls]",
            'type = "call"',
            'modem = "texts"',
            "",
            "[audiences.rung]",
            'title = "Whose phones ring where nobody has answered"',
            'channels = ["calls"]',
        ]
    chosen = {"webhook": webhook, "station": receiver, "texts": ports.phones}
    lines += [
        "",
        "[audiences.sro]",
        'title = "School resource officer"',
        f"channels = {_list([name for name, where in chosen.items() if where is not None])}",
        "",
        "[plans.panic]",
        f"kinds = {_list(['panic', 'duress', 'medical', 'assist'])}",
        f"group_by = {toml.text(group_by)}",
        "",
        "[[plans.panic.steps]]",
        "after_s = 0",
        'notify = ["sro"]',
        *(RUNG if ports.phones is not None else ()),
        "",
        "# The last room's door leads out: open it for a minute, or set the posture to secure, and look.",
        "[plans.door]",
        'kinds = ["door"]',
        f"group_by = {toml.text(group_by)}",
        "",
        "[[plans.door.steps]]",
        "after_s = 0",
        'notify = ["sro"]',
    ]
    for room in rooms:
        leads_out = len(rooms) > 1 and room is rooms[-1]
        zones = ", ".join(
            f"{{ zone = {toml.text(zone)}, label = {toml.text(label)}, kind = {toml.text(kind)}"
            + (LEADS_OUT if kind == "door" and leads_out else "")
            + " }"
            for zone, label, kind in ZONES
        )
        lines += [
            "",
            "[[rooms]]",
            f"device = {toml.text(room.device)}",
            f"room = {toml.text(room.room)}",
            f"building = {toml.text(room.building)}",
            f"floor = {toml.text(room.floor)}",
            f"zones = [{zones}]",
        ]
    return "\n".join(lines) + "\n"


def _list(values: list[str]) -> str:
    return f"[{', '.join(map(toml.text, values))}]"


def _timezone() -> str:
    """Return this machine's own time zone; UTC where it doesn't say."""
    _, _, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name or "UTC"


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    half = file.with_name(file.name + ".part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    half.replace(file)
