"""Commands on the hub's own machine ask it over a socket that nobody else can reach."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import alone
from hub.local_socket import FILE, LocalSocket, NotAskedError, ask_hub


def refuse(_: dict[str, Any]) -> dict[str, Any]:
    raise LookupError("there is no such room")


def fail(_: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("planted")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder deep below others, as a socket's own name could not be, whose hub answers."""
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    held = alone.take(folder, heeds_hangups=True)
    running = LocalSocket(folder, {"echo": lambda word: {"heard": word}, "refuse": refuse, "fail": fail})
    running.start()
    yield folder
    running.stop()
    held.close()


def test_a_word_is_answered(data: Path) -> None:
    """Each by whoever does it; only the folder's user may reach it."""
    assert ask_hub(data, "echo", room="101", replace=True) == {"heard": {"room": "101", "replace": True}}
    assert stat.S_IMODE((data / FILE).stat().st_mode) == 0o600


def test_what_is_not_done_is_said(data: Path) -> None:
    """A refusal in its words, a fault of ours as one, a word that isn't known."""
    assert ask_hub(data, "refuse") == {"error": "bad-input", "detail": "there is no such room"}
    assert ask_hub(data, "fail")["error"] == "fault"
    assert "is it of another version?" in ask_hub(data, "dance")["detail"]


@pytest.mark.parametrize(
    "line", [b"\n", b"{\n", b"[]\n", b"3\n", b'{"do": 1}\n', b'{"do": []}\n', b"x" * 70_000]
)
def test_what_is_no_word_is_answered_all_the_same(data: Path, line: bytes) -> None:
    descriptor = os.open(data, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(f"/proc/self/fd/{descriptor}/{FILE}")
        os.close(descriptor)
        caller.settimeout(10)
        caller.sendall(line)
        assert b'"error": "bad-input"' in caller.recv(4096)
    assert "heard" in ask_hub(data, "echo")


def test_without_a_hub_it_says_so(tmp_path: Path) -> None:
    """None ever ran there; one runs that has no socket yet."""
    with pytest.raises(NotAskedError, match="no hub runs on"):
        ask_hub(tmp_path, "echo")
    with alone.take(tmp_path, heeds_hangups=True), pytest.raises(NotAskedError, match="just starting"):
        ask_hub(tmp_path, "echo")


def test_a_socket_that_a_killed_hub_left_is_no_hindrance(data: Path) -> None:
    again = LocalSocket(data, {"echo": lambda _: {"second": True}})
    again.start()
    assert ask_hub(data, "echo") == {"second": True}
    again.stop()
