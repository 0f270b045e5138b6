"""The demo's flags, as the contract names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.parts import options
from scripts.parts.options import Options


def test_without_flags_six_rooms_and_free_ports() -> None:
    """The defaults."""
    assert options.read([]) == Options(6, None, None, None, None, False, "site", None)


def test_every_flag_is_taken(tmp_path: Path) -> None:
    """Both ways of writing them."""
    words = [
        "--rooms",
        "0",
        "--console-port=8080",
        "--mqtt-port",
        "1883",
        "--webhook",
        "http://127.0.0.1:9/x",
        "--alarm-receiver",
        "127.0.0.1:12000",
    ]
    words += ["--phones", "--group-by", "building", "--data", str(tmp_path)]
    urls = ("http://127.0.0.1:9/x", "127.0.0.1:12000")
    assert options.read(words) == Options(0, 8080, 1883, *urls, True, "building", tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        "--rooms -1",
        "--rooms 501",
        "--rooms six",
        "--console-port 0",
        "--mqtt-port 65536",
        "--webhook example.org/hook",
        "--webhook ftp://example.org",
        "--webhook http://",
        "--webhook http://example.org:99999/",
        "--webhook http://[::1/",
        "--alarm-receiver 127.0.0.1",
        "--alarm-receiver :12000",
        "--alarm-receiver 127.0.0.1:99999",
        "--alarm-receiver http://127.0.0.1:12000/",
        "--group-by floor",
        "--room 3",
        "--data",
        "extra",
    ],
)
def test_what_cannot_be_used_is_named(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the flag or word that is wrong."""
    with pytest.raises(SystemExit) as ended:
        options.read(words.split())
    assert ended.value.code == 2
    assert words.split()[0] in capsys.readouterr().err
