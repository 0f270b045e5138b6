"""What a room's Pi installs, as the door hands it out: the installer, the agent, and each package it needs.

A folder beside this program, made by scripts/install with the program itself: ``index.json`` names each file
with its SHA-256. Nothing in it is secret, and a Pi that is no room yet needs it: it is for anybody.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(sys.prefix).parent / "rooms"
"""Of the hub's own release: what rooms install is never of another version than the hub."""
INDEX: Final = "index.json"


class Wheels:
    """One folder of packages."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def index(self) -> dict[str, Any] | None:
        """Return the index: ``release`` and, by name, each file's ``sha256`` and ``size``; or None."""
        try:
            found = json.loads((self._folder / INDEX).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def release(self) -> str | None:
        """Return which release this is; None where there is none."""
        index = self.index()
        return None if index is None else str(index["release"])

    def file(self, name: str) -> Path | None:
        """Return the file of this name; None where the index doesn't name it, whatever else is there."""
        index = self.index()
        if index is None or name not in index["files"]:
            return None
        return self._folder / name
