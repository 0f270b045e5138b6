"""The tools that pin and release: in a venv of their own, themselves pinned by scripts/locks/release.txt."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from . import places
from .run import follow
from .streams import remark

LOCKS = ("release", "build")


def ready() -> Path:
    """Return the folder of the tools' programs, made anew where their locks have changed.

    Raises ``SetupError`` where they can't be installed.
    """
    files = [places.ROOT / "scripts" / "locks" / f"{name}.txt" for name in LOCKS]
    made_for = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    folder = places.cache() / f"release-{places.VERSION}"
    stamp = folder / "made-for"
    with places.alone():
        if not stamp.exists() or stamp.read_text() != made_for:
            remark("setting up the tools of a release")
            shutil.rmtree(folder, ignore_errors=True)
            follow([sys.executable, "-m", "venv", str(folder)])
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", "--no-deps"]
            wanted = [word for file in files for word in ("--requirement", str(file))]
            follow([*pip, "--disable-pip-version-check", "--require-hashes", *wanted])
            stamp.write_text(made_for)
    return folder / "bin"
