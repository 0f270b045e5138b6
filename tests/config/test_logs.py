"""What log lines look like where they are read, what they never show, and what a hub's decisions carry."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.site import ROOT, Site, until

PROGRAM = """
import logging
import sys
from config import logs
logs.set_up(sys.argv[1], process="hub", site="st-anne")
log = logs.get(device="room-101")
log.debug("a detail")
log.info("an event", event_id="e1", odd=b"bytes", set={1})
log.warning("a webhook", webhook_secret="hush-1", Authorization="hush-2", token="hush-3", tokens=3)
log.info("a label", label="lone \\udc80 surrogate")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("a fault")
logging.getLogger("paho").warning("another's word")
logging.getLogger("paho").info("another's detail")
logs.drain()
print("done")
"""


def to_a_pipe(level: str = "info") -> tuple[list[dict[str, Any]], str]:
    """Run the program with its log in a pipe; returns its JSON lines, and whatever else came."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level], capture_output=True, cwd=ROOT, timeout=30, check=True
    )
    assert done.stdout == b"done\n"
    lines = done.stderr.decode().splitlines()
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    return ours, "\n".join(line for line in lines if not line.startswith("{"))


def test_the_level_may_change_while_it_runs() -> None:
    """For loggers, too, that have written already."""
    program = """
from config import logs
logs.set_up("info", process="hub")
log = logs.get()
log.info("one")
log.debug("no")
logs.set_level("debug")
log.debug("two")
logs.set_level("error")
log.warning("no")
log.error("three")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=30, check=True
    )
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["one", "two", "three"]


def to_a_terminal() -> str:
    """Run the program with its log on a pseudo-terminal; returns what that shows."""
    near, far = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "info"], stdout=subprocess.PIPE, stderr=far, cwd=ROOT
    ) as process:
        os.close(far)
        shown = b""
        with contextlib.suppress(OSError):  # the far end was closed
            while more := os.read(near, 65536):
                shown += more
        os.close(near)
        assert process.communicate(timeout=30)[0] == b"done\n"
    return shown.decode()


def test_a_line_is_one_json_object_where_no_terminal_is() -> None:
    ours, others = to_a_pipe()
    assert [line["event"] for line in ours] == ["an event", "a webhook", "a label", "a fault"]
    first = ours[0]
    assert (first["level"], first["process"], first["site"]) == ("info", "hub", "st-anne")
    assert (first["device"], first["event_id"], first["timestamp"][-1]) == ("room-101", "e1", "Z")
    assert "ZeroDivisionError" in ours[-1]["exception"]
    assert others == "paho: another's word"


def test_a_terminal_shows_readable_lines() -> None:
    shown = to_a_terminal()
    assert '{"' not in shown
    for words in ("an event", "room-101", "a label", "ZeroDivisionError", "another's word", "(hidden)"):
        assert words in shown
    assert "a detail" not in shown
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("debug", ["debug", "info", "warning", "info", "error"]),
        ("info", ["info", "warning", "info", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_setting_decides_which_levels_are_written(level: str, levels: list[str]) -> None:
    assert [line["level"] for line in to_a_pipe(level)[0]] == levels


def test_a_secret_is_hidden_by_its_name() -> None:
    ours, _ = to_a_pipe()
    line = ours[1]
    assert {line[name] for name in ("webhook_secret", "Authorization", "token")} == {"(hidden)"}
    assert "hush" not in json.dumps(ours)


def test_a_lone_surrogate_is_written_and_raises_nothing() -> None:
    line = to_a_pipe()[0][2]
    assert line["label"] == "lone \udc80 surrogate"
    assert (line["device"], line["level"]) == ("room-101", "info")


@pytest.mark.broker
def test_a_decision_can_be_followed_by_its_names(tmp_path: Path) -> None:
    """Each line about a press names site, device, event and incident as everything else does."""
    with Site(tmp_path, rooms=1) as site:
        press = site.send(site.event("room-101"))
        notice = site.sink.told(press)

        def about() -> dict[str, Any] | None:
            lines = [json.loads(line) for line in site.hub.log.read_text().splitlines() if line[:1] == "{"]
            return next((line for line in lines if line.get("event_id") == press), None)

        line = until("the press is logged", about)
        assert (line["site"], line["device"], line["process"]) == (site.name, "room-101", "hub")
        assert str(line["incident"]) == str(notice.incident["id"])
        assert line["reason"]
