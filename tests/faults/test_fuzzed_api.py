"""The API under schemathesis: what docs/openapi.json describes, asked in all ways that fit and that don't.

Each answer is held against the description (status, content type, schema, refusal of what is wrong),
while a room goes on pressing: every press is told. The counts are in docs/security.md.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from config.clock import stamp
from tests.mosquitto import HOST
from tests.site import ROOT, Site, until

pytestmark = pytest.mark.broker

STREAM = "/api/v1/stream"
"""It never ends, so it is asked by hand, below."""
UNTOLD = "positive_data_acceptance"
"""The one check that is left out: a description can't say that a drill's start is in the future, that a zone
is one of its room's, or that `1.0` is no whole number here (msgspec, trap 1)."""


EVERY_S = 1.0
"""Between two presses."""
PATIENCE_S = 120.0
"""How fast a press is told is measured elsewhere; here it is told at all, on a machine that is shared."""


class Fuzzed:
    """One site, asked by schemathesis while a room presses."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.presses = 0
        self._pressed = 0.0
        self._there = json.dumps(self._ids())

    def _ids(self) -> dict[str, list[str]]:
        site = self._site
        site.sink.told(site.send(site.event("room-102")))
        [incident] = site.ask("incidents")["incidents"]
        tomorrow = stamp(round((time.time() + 86_400) * 1000))
        drill = site.ask("drills", {"name": "fire", "start": tomorrow})["drill"]
        return {
            "incidents id": [incident["id"]],
            "drills id": [drill["id"], str(drill["number"] + 1), "1"],
            "devices device": ["room-101", "room-102", "room-103"],
            "devices zone": ["wall", "desk", "door"],
            "doors week": ["2026-W48", "2026-W49"],
        }

    def run(self, examples: int, seed: int, report: Path, deadline_s: float) -> dict[str, Any]:
        """Ask each operation in so many ways, and more; returns schemathesis' own report."""
        site = self._site
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "docs" / "openapi.json")]
        command += [
            "--url",
            f"http://{HOST}:{site.console_port}",
            "--header",
            f"Authorization: Bearer {site.token}",
        ]
        command += ["--checks", "all", "--exclude-checks", UNTOLD, "--exclude-path", STREAM]
        command += [
            "--max-examples",
            str(examples),
            "--seed",
            str(seed),
            "--continue-on-failure",
            "--no-shrink",
        ]
        command += ["--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "30"]
        command += ["--report", "json", "--report-json-path", str(report)]
        env = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.faults.fuzz_hooks", "TOCSIN_THERE": self._there}
        env["PYTHONPATH"] = f"{ROOT}:{env.get('PYTHONPATH', '')}"
        log = report.with_suffix(".log")
        with log.open("wb") as said:
            asking = subprocess.Popen(
                command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=report.parent, env=env
            )
        try:
            until(
                "schemathesis' end",
                lambda: self._press_now_and_then() or asking.poll() is not None,
                deadline_s,
            )
        finally:
            asking.kill()
            asking.wait()
        assert report.exists(), log.read_text(errors="replace")[-3000:]
        found: dict[str, Any] = json.loads(report.read_text())
        found["log"] = log.read_text(errors="replace")
        return found

    def _press_now_and_then(self) -> None:
        if time.monotonic() - self._pressed > EVERY_S:
            self.press()

    def press(self) -> None:
        """Press, and see that it is told."""
        site = self._site
        self._pressed = time.monotonic()
        site.sink.told(site.send(site.event("room-101" if self.presses % 2 else "room-103")), PATIENCE_S)
        self.presses += 1


def shown(report: dict[str, Any]) -> str:
    """Return what schemathesis found, in its own words."""
    failures = [f"{one['code']} {one['title']}: {', '.join(one['operations'])}" for one in report["failures"]]
    return "\n".join([*failures, *map(str, report["errors"]), report["log"][-6000:] if failures else ""])


def fuzz(folder: Path, examples: int, seed: int, deadline_s: float) -> int:
    """Fuzz a site of its own, see that it is well after it, and return how many requests were made."""
    with Site(folder / "site", hub=False) as site:
        site.start_hub(PATIENCE_S)
        fuzzed = Fuzzed(site)
        pid = site.hub.pid
        report = fuzzed.run(examples, seed, folder / "report.json", deadline_s)
        made, tested = report["test_cases"]["generated"], report["operations"]["tested"]
        print(f"{made} requests to {tested} operations, seed {seed}, {fuzzed.presses} presses meanwhile")
        assert report["complete"]
        assert not report["failures"], shown(report)
        assert not report["errors"], shown(report)
        assert tested == report["operations"]["total"] - 1
        fuzzed.press()
        assert (site.hub.running, site.hub.pid) == (True, pid)
        assert site.healthz() == (200, {"ready": True, "why": None})
        log = site.hub.log.read_text(errors="replace")
        assert [line for line in log.splitlines() if '"level":"error"' in line or "Traceback" in line] == []
        return int(made)


def test_some_hundred_requests_are_answered_as_described(tmp_path: Path) -> None:
    """No 500, no answer that the description doesn't know, and each press meanwhile is told."""
    assert fuzz(tmp_path, 3, random.randrange(1 << 30), 300) > 300


@pytest.mark.long
def test_twenty_thousand_requests_are_answered_as_described(tmp_path: Path) -> None:
    """The same with many more; the seed is another each time, and said."""
    assert fuzz(tmp_path, 1000, random.randrange(1 << 30), 3600) >= 20_000


def test_the_stream_takes_any_request(tmp_path: Path) -> None:
    """It never ends by itself: 300 requests, each answered by its status, and a press after them."""
    wild = random.Random(6)
    with Site(tmp_path / "site") as site:
        until("the console", lambda: site.healthz()[0])
        for _ in range(300):
            number = wild.choice(["0", "7", "-1", str(2**53), "1e3", "\xff\xfe", "x" * 4000, "", " ", "٣"])
            query = "".join(chr(wild.randrange(33, 127)) for _ in range(wild.randrange(40)))
            token = wild.choice([f"Bearer {site.token}", "Bearer x", "", "Basic eDp4"])
            words = [f"{wild.choice(['GET', 'POST', 'HEAD'])} {STREAM}?{query} HTTP/1.1", "Host: hub"]
            words += [f"Last-Event-ID: {number}", f"Authorization: {token}", "", ""]
            with socket.create_connection((HOST, site.console_port), timeout=10) as line:
                line.sendall("\r\n".join(words).encode("utf-8"))
                status = int(line.recv(64).split()[1])
            assert status in (200, 400, 401, 405, 422), words
        assert site.healthz()[0] == 200
        site.sink.told(site.send(site.event()))
