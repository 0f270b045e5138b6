"""A second hub on the same data must not disturb the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.site import ROOT, Site

pytestmark = pytest.mark.broker


def test_a_second_hub_refuses_to_start_and_the_first_goes_on(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        command = [sys.executable, "-m", "hub.cli", "run", "--config", str(site.hub_toml)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode == 1
        assert "another hub runs on" in second.stderr
        press = site.event()
        site.send(press)
        site.sink.told(press["id"], 1.5)
        site.wait_receipt(press["id"])
        assert site.healthz()[0] == 200
        assert not site.rows("select 1 from quarantine")


def test_a_killed_hub_leaves_no_lock(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        site.hub.kill()
        site.start_hub()
