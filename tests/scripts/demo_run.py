"""Runs scripts/demo as a person would, and asks its parts over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
READY = re.compile(
    r"ready site=(?P<site>\S+) console=(?P<console>http://\S+) api=(?P<api>http://\S+/api/v1)"
    r" mqtt=(?P<host>[^:\s]+):(?P<port>\d+) rooms=(?P<rooms>http://\S+) user=(?P<user>\S+)"
    r" password=(?P<password>\S+) token=(?P<token>\S+) secret=(?P<secret>whsec_\S+)\n"
)
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_until(
    true: Callable[[], object], deadline_s: float, what: str, words: Callable[[], str] = str
) -> None:
    """Wait for a condition; fails after the deadline with ``what`` and what ``words`` then gives."""
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, f"{what}: not within {deadline_s} s\n{words()}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> dict[int, str]:
    """Return every process below ``pid``, with its command line."""
    found: dict[int, str] = {}
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, file.read_text().split()):
                with contextlib.suppress(OSError):
                    found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ").strip()
                found |= descendants(child)
    return found


class DemoRun:
    """One scripts/demo, from its start to its end; ``words`` are its flags."""

    def __init__(self, folder: Path, *words: str, closed_input: bool = False) -> None:
        self._err = folder / f"demo-{time.monotonic_ns()}.err"
        self.began = time.monotonic()
        command = [sys.executable, str(ROOT / "scripts" / "demo"), *words]
        if closed_input:
            command = ["bash", "-c", 'exec "$@" <&-', "_", *command]
        with self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, text=True, cwd=folder
            )
        self.line = ""
        self.ready: dict[str, str] = {}

    def wait_ready(self) -> Self:
        """Read the ready line, which must be the first thing on standard output."""
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        match = READY.fullmatch(self.line)
        assert match, f"{self.line!r}\n{self.remarks()}"
        self.ready = match.groupdict()
        return self

    def remarks(self) -> str:
        """What it said on standard error."""
        return self._err.read_text(errors="replace")

    def last_words(self) -> str:
        """What it and its parts said at last, for a failing test's message."""
        said = re.search(r"their logs are in (.+)", self.remarks())
        logs = Path(said[1]).glob("*.log") if said else ()
        ends = [f"{log.name}:\n{log.read_text(errors='replace')[-1500:]}" for log in logs]
        return "\n".join([self.remarks(), *ends])

    def part(self, words: str) -> int:
        """Return the process id of its descendant whose command line holds ``words``."""
        found = [pid for pid, line in descendants(self.process.pid).items() if words in line]
        assert found, f"no {words!r} below the demo: {descendants(self.process.pid)}"
        return found[0]

    def ask(self, path: str, *, token: str | None = None, body: Any = None) -> tuple[int, Any]:
        """Ask the API; returns the status and the JSON."""
        headers = {
            "Authorization": f"Bearer {token or self.ready['token']}",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.ready['api']}/{path}", data, headers)
        try:
            with _OPENER.open(request, timeout=10) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def get(self, url: str) -> tuple[int, str]:
        """Get a page; status 0 where nobody answers."""
        try:
            with _OPENER.open(url, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def incidents(self) -> list[dict[str, Any]]:
        """Return all incidents; none where the API doesn't answer just now."""
        try:
            status, answer = self.ask("incidents")
        except OSError:
            return []
        return answer["incidents"] if status == 200 else []

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 15.0) -> float:
        """End it; returns how long that took, and fails where a process is left."""
        below = descendants(self.process.pid)
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(within_s)
        finally:
            took = time.monotonic() - began
            self.process.kill()
            self.process.wait()
            if number != signal.SIGKILL:
                left = {pid: line for pid, line in below.items() if alive(pid)}
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                assert not left, f"left behind: {left}"
        return took

    def __enter__(self) -> Self:
        return self.wait_ready()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()
        if self.process.stdout is not None:
            self.process.stdout.close()
