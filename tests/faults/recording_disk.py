"""A disk that writes down everything done to it: ``python -m tests.faults.recording_disk SOURCE MOUNT LOG``.

Each line of LOG is one operation in the order in which the kernel asked for it, so a test can lay any
part of it down again, as a power cut would have left it (:mod:`tests.faults.power_cut`).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.faults.power_cut import Operation, read_log
from tests.site import ROOT, until

if TYPE_CHECKING or __name__ == "__main__":
    from tests.faults.fuse_server import Passing  # imports mfusepy, which needs libfuse
else:
    Passing = object

MARK = "/.mark"
"""Reading the attributes of a name that begins so marks a moment; nothing is there."""


class Recording(Passing):
    """Hands everything on to the folder beneath, and says what it was."""

    def __init__(self, source: str, mode: str, log: str) -> None:
        super().__init__(source, mode)
        self._log = open(log, "a", encoding="ascii")  # noqa: SIM115 - open as long as the server runs

    def _say(self, what: str, path: str, *words: Any) -> None:
        print(json.dumps([what, path.lstrip("/"), *words]), file=self._log, flush=True)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path.startswith(MARK):
            self._say("mark", path[len(MARK) :])
        return super().getattr(path, fh)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self._say("create", path)
        return super().create(path, mode, fi)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._say("write", path, offset, b64encode(data).decode())
        return super().write(path, data, offset, fh)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self._say("truncate", path, length)
        return super().truncate(path, length, fh)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._say("sync", path)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._say("sync folder", path)
        return 0

    def unlink(self, path: str) -> int:
        self._say("unlink", path)
        return super().unlink(path)

    def rename(self, old: str, new: str) -> int:
        self._say("rename", old, new.lstrip("/"))
        return super().rename(old, new)


class RecordingDisk:
    """The mounted disk, as a test handles it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.source, self._log = folder / "disk", folder / "source", folder / "log"
        for each in (self.path, self.source):
            each.mkdir(parents=True)
        mode = folder / "mode"
        mode.write_text("well")
        words = [str(self.source), str(self.path), str(mode), str(self._log)]
        self._said = (folder / "said").open("wb")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.recording_disk", *words],
            cwd=ROOT, stdout=self._said, stderr=self._said,
        )  # fmt: skip

    def __enter__(self) -> Self:
        def mounted() -> bool:
            assert self._server.poll() is None, (
                f"FUSE does not mount here: {Path(self._said.name).read_text()}"
            )
            return os.path.ismount(self.path)

        until("the disk is mounted", mounted)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["fusermount3", "-u", "-z", str(self.path)], check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(5)
        self._server.kill()
        self._server.wait()
        self._said.close()

    def mark(self, word: str) -> None:
        """Write a moment down between the operations."""
        assert not (self.path / f"{MARK[1:]}{word}").exists()

    def operations(self) -> list[Operation]:
        """Return all that was done so far."""
        return read_log(self._log.read_text(encoding="ascii"))


if __name__ == "__main__":
    from mfusepy import FUSE

    SOURCE, MOUNT, MODE, LOG = sys.argv[1:]
    FUSE(
        Recording(SOURCE, MODE, LOG), MOUNT,
        foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0, negative_timeout=0,
    )  # fmt: skip
