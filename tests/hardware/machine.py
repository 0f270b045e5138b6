"""The virtual machine: switched on, asked to run a trial, and switched off or cut."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from tests.hardware.image import Image

NEEDS: Final = ("qemu-system-x86_64", "mmdebstrap", "mke2fs", "chroot")
"""Programs that the host must have."""
TRIALS: Final = Path(__file__).parent / "trials"
BOOT_S: Final = 240.0
"""Emulated, on a machine that does other things besides; 15 s is usual."""


class Machine:
    """One virtual Raspberry Pi of a room.

    Its system is as it was installed each time it is switched on; its data disk, on which the agent's
    outbox lies, lives on. ``share`` is the folder that the guest sees at /mnt/host.
    """

    def __init__(self, image: Image, disk: Path, data: Path, share: Path) -> None:
        self._image = image
        self._disk = disk
        self._data = data
        self.share = share
        self._console = share.with_name(f"{share.name}.console")
        self._errors = share.with_name(f"{share.name}.qemu")
        self._process: subprocess.Popen[bytes] | None = None
        self._said = b""
        shutil.copytree(TRIALS, share / "trials", ignore=shutil.ignore_patterns("__pycache__"))

    def boot(self, *, pressed: Sequence[int] = ()) -> Self:
        """Switch on, with these lines' buttons down, and wait until it takes trials."""
        assert self._process is None, "it runs already"
        words = "console=ttyS0 quiet mitigations=off random.trust_cpu=on panic=-1"
        command = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "1",
            "-m", "768", "-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
            "-kernel", self._image.kernel, "-initrd", self._image.initrd,
            "-append", f"{words} pressed={','.join(map(str, pressed))}",
            "-drive", f"file={self._disk},if=virtio,format=raw,snapshot=on,cache=unsafe",
            "-drive", f"file={self._data},if=virtio,format=raw,cache=none",
            "-device", "virtio-rng-pci",
            "-virtfs", f"local,path={self.share},mount_tag=host,security_model=none,multidevs=remap",
            "-serial", f"file:{self._console}",
            "-chardev", "stdio,id=orders,signal=off", "-serial", "chardev:orders",
        ]  # fmt: skip
        self._said = b""
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, "TMPDIR": str(self._disk.parent)}, start_new_session=True,
            )  # fmt: skip
        try:
            self._hear("here", BOOT_S)
        except BaseException:
            self.off()
            raise
        return self

    def ask(self, trial: str, deadline_s: float = 120.0, **given: Any) -> dict[str, Any]:
        """Have the guest run a trial, ``module.function`` of ``trials/``; returns what it reports."""
        answer = self.share / "answer.json"
        answer.unlink(missing_ok=True)
        self._order(trial, given)
        self._hear("done", deadline_s)
        said: dict[str, Any] = json.loads(answer.read_text())
        assert "fault" not in said, said["fault"]
        report: dict[str, Any] = said["report"]
        return report

    def ask_for_cut(self, trial: str, deadline_s: float = 120.0, **given: Any) -> None:
        """Have the guest run a trial that ends with its power cut."""
        assert self._process is not None
        self._order(trial, given)
        try:
            self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{trial} cut no power within {deadline_s} s:\n{self._words()}") from None
        self.off()

    def off(self) -> None:
        """Switch off, without a word to the guest."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def _order(self, trial: str, given: dict[str, Any]) -> None:
        assert self._process is not None, "it is switched off"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([trial, given]).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self, word: str, deadline_s: float) -> None:
        """Wait until the guest says a word, alone on a line."""
        assert self._process is not None
        assert self._process.stdout is not None
        end = time.monotonic() + deadline_s
        pipe = self._process.stdout.fileno()
        while f"{word}\n".encode() not in self._said:
            left = end - time.monotonic()
            readable = left > 0 and select.select([pipe], [], [], left)[0]
            said = os.read(pipe, 4096) if readable else b""
            if not said:
                why = f"in {deadline_s} s" if left <= 0 else "before qemu ended"
                raise AssertionError(f"{word!r} not heard {why}:\n{self._words()}")
            self._said += said
        self._said = b""

    def _words(self) -> str:
        """The end of what qemu, the console and the trials said."""
        files = [file for file in (self._errors, self._console, self.share / "log") if file.exists()]
        return "\n".join(file.read_text(errors="replace")[-3000:] for file in files)

    def __enter__(self) -> Self:
        return self.boot()

    def __exit__(self, *_: object) -> None:
        self.off()
