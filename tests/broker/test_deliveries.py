"""What is owed at a crash is owed after it, under the same ids; and a broker that is lost is known to be."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.connection import LONGEST_PAUSE_S
from tests.site import ROOT, Site, until

pytestmark = pytest.mark.broker


def test_an_owed_notice_survives_a_kill_of_the_hub_under_its_id(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        site.sink.status = 503
        press = site.event()
        site.send(press)
        first = site.sink.told(press["id"])
        until(
            "the failure is recorded",
            lambda: site.rows("select 1 from record where what = 'delivery-failed'"),
        )
        site.hub.kill()
        posts = len(site.sink.posts)
        site.sink.status = 204
        site.start_hub()
        again = site.sink.told(press["id"], after=posts)
        assert (again.id, again.body) == (first.id, first.body)
        until("it is recorded", lambda: site.rows("select 1 from deliveries where state = 'delivered'"))
        assert {post.id for post in site.sink.posts} == {first.id}
        timeline = [line["what"] for line in site.ask(f"incidents/{first.incident['id']}")["timeline"]]
        assert "delivery-failed" in timeline
        assert "delivered" in timeline


def test_a_channel_is_tested_by_the_command_and_each_step_shown(tmp_path: Path) -> None:
    """It ends with 0 where every end was told, else with 1; a press is not what the far side gets."""
    with Site(tmp_path, rooms=1) as site:

        def test(*words: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "hub.cli", "channel", "test", *words]
            command += ["--config", str(site.hub_toml)]
            return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)

        [name] = site.ask("channels")["channels"]
        done = test(name["name"])
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0] == f"Channel {name['name']}: a test, marked as one, to 1 end(s)"
        assert [line.split(": ")[1] for line in lines if ": a test that" in line or "HTTP" in line] == [
            "handed to the channel",
            "delivered",
        ]
        assert lines[-1] == "1 of 1 told"
        assert [(post.type, post.body["test"]) for post in site.sink.posts] == [("channel.test", True)]
        assert site.ask("incidents")["incidents"] == []
        site.sink.status = 410
        refused = test(name["name"])
        assert (refused.returncode, "FAILED for good: HTTP 410" in refused.stdout) == (1, True)
        unknown = test("pager")
        assert (unknown.returncode, "the settings have no channel 'pager'" in unknown.stderr) == (1, True)


def test_what_was_told_from_memory_before_a_kill_is_told_again_under_its_id(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        press = site.event()
        with contextlib.closing(sqlite3.connect(site.hub_data / "tocsin.db", isolation_level=None)) as holder:
            holder.execute("PRAGMA busy_timeout = 5000")
            holder.execute("BEGIN IMMEDIATE")
            site.send(press)
            first = site.sink.told(press["id"], 1.5)
            site.hub.kill()
            holder.execute("ROLLBACK")
        assert press["id"] not in site.receipts()
        posts = len(site.sink.posts)
        site.start_hub()
        again = site.sink.told(press["id"], after=posts)
        site.wait_receipt(press["id"])
        assert (again.id, again.incident["id"], again.type) == (
            first.id,
            first.incident["id"],
            "incident.opened",
        )
        assert again.incident["number"] != first.incident["number"], (
            "a number that was said is not given again"
        )


def test_a_lost_broker_is_known_and_a_press_that_it_then_brings_is_told_at_once(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        site.broker.wait_stored()
        site.broker.kill()
        status = until(
            "the hub isn't ready", lambda: site.healthz() if site.healthz()[0] == 503 else None, 15
        )
        assert status[1] == {"ready": False, "why": "no session with the broker"}
        site.broker.start()
        back = time.monotonic()
        press = site.event()
        site.send(press)
        assert site.sink.told(press["id"]).at - back < LONGEST_PAUSE_S + 1.5
        site.wait_receipt(press["id"])
        until("the hub is ready", lambda: site.healthz()[0] == 200)
        until("the trouble is over", lambda: not site.troubles())


def test_a_silent_broker_is_known_within_15_s(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site:
        site.broker.pause()
        until("the hub isn't ready", lambda: site.healthz()[0] == 503, 15)
        assert site.healthz()[1]["why"] == "no session with the broker"
        site.broker.resume()
        press = site.event()
        site.send(press)
        site.sink.told(press["id"], 15)
        site.wait_receipt(press["id"])
