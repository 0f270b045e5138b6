"""Whether the outbox's folder can be written, which a press needs to outlive a power cut."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from config.this_user import this_user
from device.found import Found
from device.service import UNIT, USER, Service

_BLOCK: Final = 4096


def look(data: Path, service: Service | None) -> Found:
    """Write a block in it, have it on the disk, and take it away; ``service`` is what systemd knows."""
    found = Found()
    why = _not_written(data)
    if why is None:
        found.lines.append(f"data {data}: can be written, {shutil.disk_usage(data).free / 1e6:.0f} MB free")
    elif service is not None and data in service.makes and not data.exists():
        found.lines.append(f"data {data}: isn't there yet: systemd makes it as the service starts")
    else:
        found.faults.append(f"data {data}: {why}")
    if service is not None and not service.may_write(data):
        found.faults.append(
            f"data {data}: {UNIT} doesn't let the service write there: sudo systemctl edit {UNIT}, and add"
            f" [Service] and ReadWritePaths=-{data}"
        )
    return found


def _not_written(data: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=data) as block:
            block.write(bytes(_BLOCK))
            block.flush()
            os.fsync(block.fileno())
        files = sorted(data.glob("outbox.db*"))
    except OSError as error:
        return _why(data, error)
    for file in files:
        if not os.access(file, os.R_OK | os.W_OK):
            return f"{_user()} may not write {file.name} in it: sudo chown {_user()}: {data}/outbox.db*"
    return None


def _why(data: Path, error: OSError) -> str:
    user = _user()
    match error.errno:
        case errno.ENOENT:
            return f"isn't there: sudo install -d -o {user} -g {user} -m 700 {data}"
        case errno.ENOTDIR:
            return "is no folder, or is below a file: name another"
        case errno.EACCES | errno.EPERM:
            return f"{user} may not write in it: sudo chown {user}: {data}"
        case errno.EROFS:
            return "is on a file system that is mounted read-only: docs/agent-service.md, A read-only card"
        case errno.ENOSPC | errno.EDQUOT:
            return "is full: what fills it? df -h"
    return f"can't be written ({error.strerror or error}): is the card failing?"


def _user() -> str:
    """Return who is to own it: whoever tries, but that root tries for the service."""
    return USER if os.geteuid() == 0 else this_user()
