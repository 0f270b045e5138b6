"""``tocsin-device``: check names every fault, run ends cleanly."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device import service
from device.cli import main
from tests.mosquitto import Mosquitto, Wire, free_port


@pytest.fixture(autouse=True)
def as_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests' own rights; what is given up for good has tests in processes of their own."""
    monkeypatch.setattr(service, "take_rights", lambda: "tried as we are")


EXAMPLES = Path(__file__).parents[2] / "config" / "examples"


def example(tmp_path: Path, **changes: str) -> Path:
    """An example's copy for this machine, with the given changes of text."""
    text = (EXAMPLES / "room-101.toml").read_text()
    for old, new in {'pins = "lgpio"': 'pins = "mock"', **changes}.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["room-101", "room-102"])
def test_examples_are_right(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both rooms' examples pass check, which reads each zone once and says what it found."""
    path = tmp_path / "agent.toml"
    path.write_text((EXAMPLES / f"{name}.toml").read_text().replace('pins = "lgpio"', 'pins = "mock"'))
    assert main(["check", "--config", str(path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"Room {name[-3:]} (lincoln/{name})")
    assert said[1] == "tried as we are"
    assert [line.split()[:3] for line in said[2:6]] == [
        ["wall", "GPIO", "17"],
        ["desk", "GPIO", "27"],
        ["door", "GPIO", "22"],
        ["lamp", "GPIO", "18"],
    ]


def test_without_a_broker_and_with_mock_pins_check_says_what_is_not_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right settings end with 0, and what doesn't work yet is said last, with the cure."""
    assert (
        main(["check", "--config", str(example(tmp_path, **{"port = 1883": f"port = {free_port()}"}))]) == 0
    )
    said = capsys.readouterr().out.splitlines()
    assert said[-2].startswith("NOT READY: link hub: cannot connect to 127.0.0.1:")
    assert said[-1] == 'NOT READY: pins = "mock": no real pin was read'


def test_check_names_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is wrong comes at once, each with file, key, what was found and what is allowed."""
    path = example(
        tmp_path,
        **{
            'device = "room-101"': 'device = "hub"',
            "pin = 27": "pin = 17",
            'host = "127.0.0.1"': 'host = "broker.example"',
            'data = "/var/lib/tocsin/agent"': 'data = "agent"',
        },
    )
    assert main(["check", "--config", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    for line, key in zip(sorted(said), ["data", "device", "links[0].host", "zones[1].pin"], strict=True):
        assert line.startswith(f"{path}: {key}: ")
        assert "; " in line


def test_check_names_wrong_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt key is answered with the right one."""
    path = example(tmp_path, **{"brightness = 0.15": "brightnes = 0.15", "pin = 22": 'pin = "22"'})
    assert main(["check", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert "brightnes" in said
    assert "did you mean 'brightness'" in said
    assert "zones[2].pin" in said


def test_no_gpio_here(capsys: pytest.CaptureFixture[str]) -> None:
    """On a machine without GPIO the real pins are refused in words, not swapped for others in silence."""
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has GPIO")
    assert main(["check", "--config", str(EXAMPLES / "room-101.toml")]) == 2
    assert 'set pins = "mock"' in capsys.readouterr().err


@pytest.mark.broker
def test_run_until_told_to_end(broker: Mosquitto, tmp_path: Path) -> None:
    """The agent's process is born on the wire, and SIGTERM ends it with 0 and a last word."""
    path = example(
        tmp_path,
        **{
            "port = 1883": f"port = {broker.port}",
            'data = "/var/lib/tocsin/agent"': f'data = "{tmp_path / "data"}"',
        },
    )
    command = [sys.executable, "-m", "device.cli", "run", "--config", str(path)]
    with Wire(broker, "tocsin/v1/lincoln/room-101/state") as wire:
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                wire.wait_for(lambda message: message.json["online"])
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=15)
            finally:
                process.kill()
        assert process.returncode == 0, said
        wire.wait_for(lambda message: not message.json["online"])
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines[-1]["event"] == "agent ended"
    assert lines[-1]["cleanly"] is True
