"""mosquitto's settings, as the wire contract demands them, for each place a broker runs in.

The texts are templates in ``config/mosquitto/``; the numbers are here. mosquitto refuses to start
on an option it doesn't know, so a typo in a template can't pass silently.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from string import Template
from typing import Final, Literal

from config.contract import MAX_PAYLOAD

Place = Literal["demo", "front-desk", "school"]

MAX_QUEUED_MESSAGES: Final = 1_000_000
QUEUED_EVENTS: Final = 100_000
"""Events that the queue of the hub's event session holds at least, each as big as below."""
BYTES_AN_EVENT: Final = 2048
"""An event with the longest id, label and room, in the widest characters, is well below this."""
SYS_INTERVAL_S: Final = 5
MAX_CONNECTIONS: Final = 4096
"""Of a school's listener, also those without a certificate yet; well within the unit's open files."""

_TEMPLATES: Final = Path(__file__).parent / "mosquitto"
_ALSO_IN: Final = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


def program() -> str | None:
    """Return the path of mosquitto as installed; None where it isn't.

    Debian keeps it in /usr/sbin, which isn't on the PATH of a plain user.
    """
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ALSO_IN))
    return shutil.which("mosquitto", path=path)


def settings(
    place: Place,
    *,
    port: int,
    folder: Path,
    files: Path | None = None,
    user: str | None = None,
    connection_messages: bool = True,
) -> str:
    """Return the text of a ``mosquitto.conf``.

    ``folder`` keeps the sessions and must exist and be writable to the broker's user. ``files`` is where
    the hub puts what a school's broker reads (:mod:`hub.authority.broker_files`). ``user`` is whom a
    broker that root started becomes; None leaves it to mosquitto, which becomes ``mosquitto``
    (started by anybody else it stays who it is). Raises ``ValueError`` for a folder or user that a
    line of the file can't hold.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is none; allowed: 1 to 65535")
    if place == "school" and files is None:
        raise ValueError("a school's broker needs files; allowed: the folder that the hub writes them into")
    for path in (folder, files or folder):
        if not path.is_absolute() or not str(path).isprintable():
            raise ValueError(
                f"folder {str(path)!r} can't be used; allowed: an absolute path of plain characters"
            )
    if user is not None and not user.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"user {user!r} is none; allowed: letters, digits, - and _")
    limits = _template("limits").substitute(
        max_queued_messages=MAX_QUEUED_MESSAGES,
        max_queued_bytes=QUEUED_EVENTS * BYTES_AN_EVENT,
        max_packet_size=MAX_PAYLOAD,
        folder=folder,
        sys_interval=SYS_INTERVAL_S,
        connection_messages=str(connection_messages).lower(),
    )
    user_line = "# runs as whoever starts it" if user is None else f"user {user}"
    return _template(place).substitute(
        port=port,
        user_line=user_line,
        limits=limits,
        folder=folder,
        files=files,
        max_connections=MAX_CONNECTIONS,
    )


def own_user() -> str | None:
    """Return whom a broker started by us must be told to stay: ``root`` for root, None for the rest."""
    return "root" if os.geteuid() == 0 else None


def _template(name: str) -> Template:
    return Template((_TEMPLATES / f"{name}.conf").read_text(encoding="utf-8"))
