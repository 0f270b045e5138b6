"""What the hub hands out to rooms: made by scripts/install on the hub, into a folder of the release.

    python3 -m parts.for_rooms OUT WHEELS...

The file ``release`` beside OUT says which release that is: it is also that of this machine's own agent.
Taken of the folders of wheels is what scripts/locks names for an agent, by its hash, for any kind of machine;
the Tocsin wheel itself; and pip, by which a Pi without Debian's python3-venv makes its venv. Standard library
only, since it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
INSTALLER = "installer.tar"
FETCH = "fetch.py"
"""What a card begins with."""
PARTS = ("scripts/install", "scripts/parts", "scripts/locks", "systemd", "config/examples")
"""What scripts/install needs of a checkout on a room's Pi."""
LOCKS = ("agent", "lgpio")
ALSO = ("tocsin-*.whl", "lgpio-*.whl", "pip-*.whl")
"""Made or found here, and so in no lock; the index has their hashes."""


def make(out: Path, folders: Iterable[Path]) -> dict[str, object]:
    """Fill ``out`` and return its index."""
    out.mkdir(parents=True, exist_ok=True)
    hashes = {digest for name in LOCKS for digest in _locked(CHECKOUT / f"scripts/locks/{name}.txt")}
    for folder in folders:
        own = {path for pattern in ALSO for path in folder.glob(pattern)}
        for path in sorted(folder.glob("*.whl")):
            if not (out / path.name).exists() and (path in own or sha256(path) in hashes):
                shutil.copyfile(path, out / path.name)
    shutil.copyfile(CHECKOUT / "scripts/parts" / FETCH, out / FETCH)
    with tarfile.open(out / INSTALLER, "w") as tar:
        for part in PARTS:
            tar.add(CHECKOUT / part, part, filter=_plain)
    files = {
        path.name: {"sha256": sha256(path), "size": path.stat().st_size}
        for path in sorted(out.iterdir())
        if path.name != "index.json"
    }
    release = hashlib.sha256("".join(str(file["sha256"]) for file in files.values()).encode()).hexdigest()[
        :16
    ]
    index: dict[str, object] = {"v": 1, "release": release, "files": files}
    (out / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return index


def sha256(path: Path) -> str:
    """Return a file's SHA-256, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _locked(lock: Path) -> set[str]:
    return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock.read_text(encoding="utf-8")))


def _plain(found: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what Python leaves behind, and say nothing of who made the archive and when."""
    if "__pycache__" in found.name:
        return None
    found.uid = found.gid = 0
    found.uname = found.gname = "root"
    found.mtime = 0
    return found


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
    Path(sys.argv[1]).with_name("release").write_text(f"{made['release']}\n", encoding="utf-8")
    print(f"{len(made['files'])} files, release {made['release']}")  # type: ignore[arg-type]
