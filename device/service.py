"""The agent's service as ``check`` needs to know it: whose rights it has, what its unit hides from it.

``check`` is run with sudo, and root may read anything: what the service can't read would be found at
3 in the morning. So it takes the rights of the service's user first, and keeps to them.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from config.this_user import this_user

USER: Final = "tocsin-agent"
UNIT: Final = "tocsin-agent.service"
_STATE: Final = Path("/var/lib")
_HOMES: Final = (Path("/home"), Path("/root"), Path("/run/user"))
_TEMPORARY: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - looked at, not written
_STOPPED: Final = ("inactive", "failed")


def take_rights(user: str = USER) -> str:
    """Take the rights of the service's user for good, if this is root; returns with whose we go on.

    Its groups come from the system, as systemd takes them for the service.
    """
    if os.geteuid() != 0:
        me = this_user()
        if me == user:
            return f"tried as {me}, the service's user"
        return f"note: tried as {me}; with sudo it is tried as the service's user, {user}"
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return (
            f"note: there is no user {user} here, so it was tried as root, who may do anything; "
            "scripts/install makes the service's user"
        )
    os.initgroups(user, entry.pw_gid)
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    # For lgpio's FIFO: one that root left in the common folder is in nobody else's power.
    scratch = tempfile.mkdtemp(prefix="tocsin-check-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    os.environ["LG_WD"] = scratch
    return f"tried as {user}, the service's user"


class Service(NamedTuple):
    """What systemd knows of the service."""

    stopped: bool
    """Whether nothing of it runs, nor is about to."""
    makes: tuple[Path, ...] = ()
    """Folders that systemd makes as it starts."""
    writes: tuple[Path, ...] = ()
    """Where it may write besides."""
    hides: tuple[Path, ...] = ()
    """What isn't there for it."""

    def hidden(self, path: Path) -> str | None:
        """Return why the service sees nothing at a path; None where it does."""
        above = next((each for each in self.hides if path.is_relative_to(each)), None)
        return f"{UNIT} hides {above} from the service: move it to /etc/tocsin" if above is not None else None

    def may_write(self, path: Path) -> bool:
        """Tell whether the unit lets the service write there, whoever owns it."""
        return any(path.is_relative_to(each) for each in self.makes + self.writes)


def ask_systemd() -> Service | None:
    """Return what systemd knows of the service; None where it knows of none, or isn't there."""
    wanted = "LoadState,ActiveState,StateDirectory,ReadWritePaths,ProtectHome,PrivateTmp"
    try:
        done = subprocess.run(
            ["systemctl", "show", UNIT, f"--property={wanted}"],
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return read_properties(done.stdout)


def read_properties(text: str) -> Service | None:
    """Read what ``systemctl show`` says of the unit."""
    said = dict(line.partition("=")[::2] for line in text.splitlines())
    if said.get("LoadState") != "loaded":
        return None
    writes = (path.lstrip("-+") for path in said.get("ReadWritePaths", "").split())
    hides: tuple[Path, ...] = _HOMES if said.get("ProtectHome") in ("yes", "tmpfs") else ()
    if said.get("PrivateTmp") not in (None, "no"):
        hides += _TEMPORARY
    return Service(
        stopped=said.get("ActiveState") in _STOPPED,
        makes=tuple(_STATE / name for name in said.get("StateDirectory", "").split()),
        writes=tuple(Path(path) for path in writes),
        hides=hides,
    )
