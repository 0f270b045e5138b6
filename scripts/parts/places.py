"""Where a command keeps what it sets up: in the checkout where that can be written, else in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .progress import SetupError

ROOT = Path(__file__).resolve().parent.parent.parent
"""The checkout."""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def cache() -> Path:
    """Return a folder of this user's, and this checkout's, own; made if need be."""
    if os.access(ROOT, os.W_OK):
        return _own(ROOT / ".cache")
    name = "tocsin-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    for place in (Path(base) / name, Path(tempfile.gettempdir()) / f"{name}-{os.geteuid()}"):
        try:
            return _own(place)
        except OSError:
            continue
    raise SetupError(f"nowhere to write: neither {ROOT}, {base} nor {tempfile.gettempdir()} is writable")


def venv() -> Path:
    """Return where the venv is, or would be.

    ``.venv`` in the checkout, unless one of another Python is there: then named by the version.
    """
    if not os.access(ROOT, os.W_OK):
        return cache() / f"venv-{VERSION}"
    plain = ROOT / ".venv"
    if not plain.exists() or _version_of(plain) == VERSION:
        return plain
    return ROOT / f".venv-{VERSION}"


@contextmanager
def alone() -> Iterator[None]:
    """Let one command at a time set things up in this checkout."""
    with (cache() / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _own(place: Path) -> Path:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        raise PermissionError(f"{place} belongs to somebody else")
    return place


def _version_of(venv: Path) -> str | None:
    """Return the version of a venv's Python; None where it has none that runs."""
    try:
        asked = [str(venv / "bin" / "python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(
            asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
