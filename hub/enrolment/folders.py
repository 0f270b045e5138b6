"""A folder for each room, to be copied onto its card: the hub's address, a code, and whose it is.

It makes a room of a Pi with an ordinary Raspberry Pi OS, at its first start (``card/firstrun.sh``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from config.hub_settings import RoomSettings
from hub.atomic import write_whole
from hub.enrolment.wheels import Wheels

FILE: Final = "enrol.toml"
"""Read by ``tocsin-device enrol --from``, which deletes it when all is done."""
CARD: Final = Path(__file__).parent / "card"
FETCH: Final = "fetch.py"
"""Of what the hub hands out: by it a Pi that has nothing yet gets the rest."""


def write_folder(out: Path, room: RoomSettings, hub: str, code: str, wheels: Wheels | None = None) -> Path:
    """Write one room's folder under ``out``, in the place of an older one; returns it. Raises ``OSError``.

    Where this hub keeps no wheels it has the code alone, for a Pi that is installed already.
    """
    folder = out / room.device
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [
        f"# {json.dumps(room.room, ensure_ascii=False)}: whoever has this file can become that room, once.",
        "# tocsin-device enrol --from FILE uses it, and deletes it then.",
        f"hub = {json.dumps(hub)}",
        f"device = {json.dumps(room.device)}",
        f"room = {json.dumps(room.room, ensure_ascii=False)}",
        f"code = {json.dumps(code)}",
    ]
    write_whole(folder / FILE, ("\n".join(lines) + "\n").encode())
    if (fetch := (wheels or Wheels()).file(FETCH)) is not None:
        for file in (fetch, *sorted(CARD.iterdir())):
            write_whole(folder / file.name, file.read_bytes())
    return folder
