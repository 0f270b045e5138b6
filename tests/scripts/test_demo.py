"""The demo with the real parts: its ready line, its flags, its restarts, its end."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import Wire, free_port
from tests.scripts.demo_run import ROOT, DemoRun, alive, descendants, wait_until

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRun]:
    """One demo of two rooms for the tests that leave it as it is."""
    with DemoRun(tmp_path_factory.mktemp("demo"), "--rooms", "2", closed_input=True) as running:
        yield running


def press(demo: DemoRun, event: str, device: str = "room-101") -> None:
    """Publish an alarm straight to the demo's broker, as any client may."""
    body = {"v": 1, "id": event, "boot": "b-test", "seq": 1, "zone": "desk", "kind": "panic", "what": "alarm"}
    with Wire((demo.ready["host"], int(demo.ready["port"])), "nothing") as wire:
        topic = f"tocsin/v1/{demo.ready['site']}/{device}/event"
        wire.publish(topic, body | {"age_ms": 0, "test": False}, expiry=4_294_967_295)


def told(demo: DemoRun, event: str) -> bool:
    return any(row["id"] == event for incident in demo.incidents() for row in incident["events"])


def test_the_ready_line_is_true_and_followed_by_three_lines(demo: DemoRun) -> None:
    """Everything on it works the moment it is printed, within 10 s where all is installed."""
    assert time.monotonic() - demo.began < 10
    ready = demo.ready
    assert demo.get(f"{ready['console']}/healthz")[0] == 200
    status, devices = demo.ask("devices")
    assert status == 200
    assert {device["device"] for device in devices["devices"]} == {"room-101", "room-102"}
    assert demo.ask("devices", token="wrong")[0] == 401
    assert demo.get(ready["rooms"])[0] == 200
    assert ready["api"] == f"{ready['console']}/api/v1"
    assert len(base64.b64decode(ready["secret"].removeprefix("whsec_"), validate=True)) == 32
    assert demo.process.stdout is not None
    lines = [demo.process.stdout.readline() for _ in range(3)]
    assert [line.split()[0] for line in lines] == ["Open", "Press", "Watch"]


def test_a_press_at_the_broker_is_an_incident(demo: DemoRun) -> None:
    """Any client may publish there, and the hub takes it."""
    press(demo, "e-straight")
    wait_until(lambda: told(demo, "e-straight"), 10, "the incident")


def test_its_parts_are_processes_below_it(demo: DemoRun) -> None:
    """Broker, hub and rooms, each by its own command; nothing listens but on loopback."""
    lines = descendants(demo.process.pid).values()
    assert any("mosquitto -c" in line for line in lines)
    assert any("/tocsin-hub run --config" in line for line in lines)
    assert any("/tocsin-device simulate --rooms 2" in line for line in lines)
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex((demo.ready["host"], int(demo.ready["port"]))) == 0


@pytest.mark.parametrize("words", ["/tocsin-hub run", "mosquitto -c", "/tocsin-device simulate"])
def test_a_part_that_is_killed_is_back_on_the_same_data(demo: DemoRun, words: str) -> None:
    """After kill -9 it has the same ports, what was known is known, and the next press is taken."""
    before = f"e-before {words}"
    press(demo, before)
    wait_until(lambda: told(demo, before), 10, "the incident before")
    killed = demo.part(words)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not alive(killed), 5, "its death")
    wait_until(
        lambda: words in " ".join(descendants(demo.process.pid).values()), 5, "its start", demo.last_words
    )
    wait_until(
        lambda: demo.get(f"{demo.ready['console']}/healthz")[0] == 200, 30, "the hub ready", demo.last_words
    )
    wait_until(lambda: demo.get(demo.ready["rooms"])[0] == 200, 30, "the rooms' page", demo.last_words)
    assert told(demo, before)
    press(demo, f"e-after {words}")
    wait_until(lambda: told(demo, f"e-after {words}"), 10, "the incident after", demo.last_words)
    assert "started again" in demo.remarks()


def test_an_old_folder_keeps_site_and_secret_and_takes_new_flags(tmp_path: Path) -> None:
    """The second start has its own ports and webhook; incidents are still there; the new token works."""
    data = tmp_path / "data"
    with DemoRun(tmp_path, "--rooms", "1", "--data", str(data)) as first:
        press(first, "e-first")
        wait_until(lambda: told(first, "e-first"), 10, "the incident")
        assert first.end() < 15
    console, mqtt = free_port(), free_port()
    words = ("--console-port", str(console), "--mqtt-port", str(mqtt), "--webhook", "http://127.0.0.1:9/hook")
    words += ("--rooms", "2", "--data", str(data), "--group-by", "device")
    with DemoRun(tmp_path, *words) as second:
        assert second.ready["site"] == first.ready["site"]
        assert second.ready["secret"] == first.ready["secret"]
        assert second.ready["console"] == f"http://127.0.0.1:{console}"
        assert int(second.ready["port"]) == mqtt
        assert told(second, "e-first")
        assert 'url = "http://127.0.0.1:9/hook"' in (data / "hub.toml").read_text()
        assert 'group_by = "device"' in (data / "hub.toml").read_text()


def test_without_rooms_it_is_ready_too(tmp_path: Path) -> None:
    """--rooms 0: broker and hub, and a page without a room."""
    with DemoRun(tmp_path, "--rooms", "0") as demo:
        assert demo.get(demo.ready["rooms"])[0] == 200
        assert demo.ask("devices") == (200, {"devices": []})


def test_with_phones_a_press_is_a_text_on_one_and_its_answer_is_the_acknowledgement(tmp_path: Path) -> None:
    """From the modem on a pseudo-terminal to the board and back; the page stands on a fourth line."""
    with DemoRun(tmp_path, "--phones", "--rooms", "1") as demo:
        assert demo.process.stdout is not None
        lines = [demo.process.stdout.readline() for _ in range(4)]
        (page,) = (word.strip(";") for word in lines[2].split() if word.startswith("http"))
        assert demo.get(page)[0] == 200
        press(demo, "p-1")

        def texts(name: str) -> list[str]:
            phones = json.loads(demo.get(f"{page}/api/phones")[1])
            return [text["text"] for phone in phones if phone["name"] == name for text in phone["texts"]]

        wait_until(lambda: texts("officer"), 40.0, "a text")
        reply = json.dumps(texts("officer")[0].partition("Reply ")[2]).encode()
        request = urllib.request.Request(
            f"{page}/api/phones/officer/text", reply, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()
        wait_until(lambda: demo.incidents()[0]["acknowledged"], 20.0, "acknowledged by a text")
        assert demo.incidents()[0]["acknowledged"]["via"] == "text"
        wait_until(lambda: any("has it since" in text for text in texts("principal")), 40.0, "told")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_leaves_no_process_and_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    """Within 15 s, with the broker after the hub."""
    with DemoRun(tmp_path, "--rooms", "1") as demo:
        data = Path(descendants(demo.process.pid)[demo.part("/tocsin-hub run")].rsplit(" ", 1)[1]).parent
        assert data.is_dir()
        assert demo.end(number) < 15
        assert demo.process.returncode == 0
        assert not data.exists()


def test_killed_itself_it_leaves_no_process(tmp_path: Path) -> None:
    """Even after kill -9 of the demo its parts end by themselves, and the folder serves the next one."""
    words = ("--rooms", "1", "--data", str(tmp_path / "data"))
    with DemoRun(tmp_path, *words) as demo:
        below = descendants(demo.process.pid)
        demo.end(signal.SIGKILL)
        wait_until(lambda: not [pid for pid in below if alive(pid)], 15, "the end of its parts")
    with DemoRun(tmp_path, *words) as again:
        assert again.ready["secret"] == demo.ready["secret"]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """One line, exit 1, nothing started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "demo"), "--mqtt-port", str(port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"port {port}" in done.stderr
    assert "--mqtt-port" in done.stderr
