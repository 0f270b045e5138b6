"""A disk that can be made sick: writes fail with an error of choice, or nothing on it returns."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.site import ROOT, until


class SickDisk:
    """The mounted disk, as a test handles it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "disk"
        self._mode = folder / "mode"
        self._log = folder / "disk.log"
        source = self.source = folder / "source"
        for each in (self.path, source):
            each.mkdir(parents=True)
        self._mode.write_text("well")
        words = ["-m", "tests.faults.fuse_server", str(source), str(self.path), str(self._mode)]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=log, stderr=log)

    def __enter__(self) -> Self:
        def mounted() -> bool:
            assert self._server.poll() is None, f"FUSE does not mount here: {self._log.read_text()}"
            return os.path.ismount(self.path)

        until("the disk is mounted", mounted)
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        subprocess.run(["fusermount3", "-u", "-z", str(self.path)], check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(5)
        self._server.kill()
        self._server.wait()

    def fail(self, error: str) -> None:
        """Let writes fail with this error, or what tests/faults/fuse_server.py says; ``well`` ends it."""
        fresh = self._mode.with_suffix(".new")
        fresh.write_text(error)
        fresh.replace(self._mode)

    def hang(self) -> None:
        """Let nothing on it return."""
        self._server.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._server.send_signal(signal.SIGCONT)
