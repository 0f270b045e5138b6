"""Log lines to a stream that is full, broken or hung: nobody who logs fails or waits."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.log_writer import MOST_WAITING, LogWriter
from tests.site import ROOT, until


class Stream(io.BytesIO):
    """A stream that fails with ``error``, or does not return while ``gate`` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.error: OSError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def write(self, data: object) -> int:
        self.gate.wait(20)
        if self.error is not None:
            raise self.error
        return super().write(data)  # type: ignore[arg-type]  # bytes, as loggers give


def test_lines_come_out_in_order() -> None:
    stream = Stream()
    writer = LogWriter(stream)
    for n in range(1000):
        writer.write(b"%d\n" % n)
    assert writer.drain(5)
    assert stream.getvalue() == b"".join(b"%d\n" % n for n in range(1000))


def test_a_full_disk_costs_the_lines_and_nothing_else() -> None:
    stream = Stream()
    writer = LogWriter(stream)
    stream.error = OSError(28, "No space left on device")
    writer.write(b"lost\n")
    assert writer.drain(5)
    stream.error = None
    writer.write(b"kept\n")
    assert writer.drain(5)
    assert stream.getvalue() == b"kept\n"


def test_a_hung_stream_holds_nobody_up_and_what_is_left_out_is_counted() -> None:
    stream = Stream()
    writer = LogWriter(stream)
    stream.gate.clear()
    began = time.monotonic()
    for _ in range(MOST_WAITING + 500):
        writer.write(b"x\n")
    assert not writer.drain(0.01)
    assert time.monotonic() - began < 2
    stream.gate.set()
    until("what waited is written", lambda: stream.getvalue().count(b"x\n") >= MOST_WAITING, 10)
    writer.write(b"last\n")
    assert writer.drain(5)
    assert b" log lines left out\n" in stream.getvalue()


PROGRAM = """
import structlog
from config import logs
logs.set_up(process="test", site="school")
log = structlog.get_logger()
for n in range(20000):
    log.info("a line", n=n, text="x" * 100)
log.info("odd", text="\\ud800", thing={1, 2}, password="hunter2")
print("done", flush=True)
"""


def run(stderr: int, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
    )


def test_a_program_whose_log_nobody_reads_goes_on(tmp_path: Path) -> None:
    """The pipe holds 64 kB; the program logs 3 MB."""
    reads, writes = os.pipe()
    with run(writes) as process:
        assert process.communicate(timeout=20)[0] == "done\n"
        assert process.returncode == 0
    os.close(reads)
    os.close(writes)


def test_a_program_whose_log_is_closed_goes_on(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with run(writes) as process:
        assert process.communicate(timeout=20)[0] == "done\n"
    os.close(writes)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_program_whose_log_has_no_space_goes_on() -> None:
    with Path("/dev/full").open("wb") as full, run(full.fileno()) as process:
        assert process.communicate(timeout=20)[0] == "done\n"


def test_lines_are_json_and_hide_secrets(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file, run(file.fileno()) as process:
        process.communicate(timeout=20)
    lines = log.read_text().splitlines()
    assert len(lines) == 20_001
    last = json.loads(lines[-1])
    assert (last["event"], last["site"], last["process"], last["password"]) == (
        "odd",
        "school",
        "test",
        "(hidden)",
    )
