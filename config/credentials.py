"""Secrets that systemd hands to a service alone: ``credential:NAME`` in the settings.

A credential (systemd.exec, *Credentials*) is a file that systemd puts into a folder which the service's
user alone may read, in memory. Settings hold the path of that file, so whoever reads a secret needs to
know nothing of this. ``python -m config.credentials FILE`` prints the lines by which a unit is given what
a settings file names; ``scripts/install`` puts them into its drop-in.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "credential:"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
STORE: Final = Path("/etc/credstore")
"""Where systemd looks for one that a unit asks for by its name alone; its owner is root."""
SEALED: Final = Path("/etc/credstore.encrypted")
"""The same, of those that ``systemd-creds encrypt`` made."""
UNITS: Final = Path("/etc/systemd/system")
_GIVEN: Final = Path("/run/credentials")
_SERVICES: Final = ("tocsin-hub.service", "tocsin-agent.service")
_LINE: Final = re.compile(r"^(?:Load|Set)Credential(?:Encrypted)?=([^:\n]+)", re.MULTILINE)


def path_of(text: str) -> Path:
    """Return the file of ``credential:NAME``; raises ``ValueError`` where the name is none.

    Within a service that is systemd's own folder for it. Whoever looks at settings from outside is shown
    the folder of the running service, which its user may read.
    """
    name = text.removeprefix(PREFIX)
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no credential's name")
    own = os.environ.get("CREDENTIALS_DIRECTORY")
    if own is not None:
        return Path(own) / name
    places = [_GIVEN / service / name for service in _SERVICES]
    return next((place for place in places if os.access(place, os.R_OK)), places[0])


def name_of(file: Path) -> str | None:
    """Return the name of the credential that a file of the settings is; None where it is no credential."""
    own = os.environ.get("CREDENTIALS_DIRECTORY")
    folders = {_GIVEN / service for service in _SERVICES} | ({Path(own)} if own is not None else set())
    return file.name if file.parent in folders else None


def is_with_service(file: Path) -> bool:
    """Tell whether a file is a credential that can't be seen from here, and that a service is given.

    Such a one is judged by the service itself, as it starts.
    """
    name = name_of(file)
    if name is None or "CREDENTIALS_DIRECTORY" in os.environ or os.access(file, os.R_OK):
        return False
    files = (
        one for service in _SERVICES for one in (UNITS / service, *(UNITS / f"{service}.d").glob("*.conf"))
    )
    return any(name in _LINE.findall(one.read_text(encoding="utf-8")) for one in files if one.is_file())


def cure(name: str) -> str:
    """Return what lets a service have a credential."""
    return f"put it into {STORE / name} and run scripts/install, which has systemd give it to the service"


def drop_in(settings: dict[str, Any], sealed: Path = SEALED) -> str:
    """Return a unit's drop-in that gives it every credential which its settings name; empty without any.

    By its name alone, so that one which isn't there keeps no service from starting.
    """
    names = sorted({text.removeprefix(PREFIX) for text in _texts(settings) if text.startswith(PREFIX)})
    kinds = {name: "Encrypted" if (sealed / name).exists() else "" for name in names if NAME.fullmatch(name)}
    return (
        "".join(["[Service]\n", *(f"LoadCredential{kinds[name]}={name}\n" for name in kinds)])
        if kinds
        else ""
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


if __name__ == "__main__":
    sys.stdout.write(drop_in(tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
