"""The net beneath the masking: what a process has read as a secret stands in no line of its log."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import hidden, logs
from config.log_writer import LogWriter
from config.settings import secret

WHSEC = "whsec_c3VwZXItc2VjcmV0LWtleS1vZi0zMi1ieXRlcyEh"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test learns for itself."""
    monkeypatch.setattr(hidden, "_hidden", ())


@pytest.fixture
def kept_hooks() -> Iterator[None]:
    """Whoever is told of what nobody caught, given back."""
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks


def shown(text: str) -> str:
    return hidden.without(text.encode()).decode()


def test_a_key_is_left_out_however_it_is_written() -> None:
    hidden.learn(WHSEC + "\n")
    body = WHSEC.removeprefix("whsec_")
    for line in (WHSEC, f"ValueError: {WHSEC!r}", json.dumps({"why": WHSEC}), body):
        assert body not in shown(line)


def test_what_json_escapes_is_left_out_too() -> None:
    password = 'pa"ss\\word-ü'
    hidden.learn(password)
    for line in (password, json.dumps({"x": password}), json.dumps({"x": password}, ensure_ascii=False)):
        assert "word-" not in shown(line)


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://user:s3cretpass@hooks.example/x", ["s3cretpass"]),
        ("https://hooks.example/services/T0AB12CD3/B99XYZ/aBcDeFgHiJkL", ["T0AB12CD3", "aBcDeFgHiJkL"]),
        ("https://hooks.example/x?key=0123456789abcdef&to=office", ["0123456789abcdef"]),
        ("tgram://123456789:AAF-token_of_a_bot/987654321", ["AAF-token_of_a_bot"]),
        ("ntfy://Topic9NobodyGuesses", ["Topic9NobodyGuesses"]),
        ("mailto://office:p%40ssw0rd!@mail.example.org?to=reyes@example.org", ["p@ssw0rd!", "p%40ssw0rd!"]),
    ],
)
def test_of_a_url_whatever_may_open_a_door_is_left_out(url: str, secrets: list[str]) -> None:
    """Whole and in parts, as a library quotes it; its server stays, so that a fault can be found."""
    hidden.learn(f"# phones\nOfficer Reyes = {url}\n")
    for line in (url, f"cannot reach {url}: refused", *secrets):
        for one in secrets:
            assert one not in shown(line)
    assert shown("cannot connect to host hooks.example:443") == "cannot connect to host hooks.example:443"
    assert shown("services webhooks incidents") == "services webhooks incidents"


def test_whatever_reads_a_secret_has_it_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text(WHSEC + "\n")
    monkeypatch.setenv("HOOK", "https://hooks.example/0123456789abcdef")
    secret("secret", file, None)
    secret("url", None, "HOOK")
    stream = io.BytesIO()
    writer = LogWriter(stream)
    writer.write(f"{WHSEC} https://hooks.example/0123456789abcdef 0123456789abcdef\n".encode())
    assert writer.drain()
    assert stream.getvalue() == b"*** *** ***\n"


def test_what_ends_a_thread_is_logged_and_not_printed_by_python(
    kept_hooks: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python itself would print the trace with whatever the fault quotes."""
    hidden.learn(WHSEC)
    logs.set_up("info", process="test")

    def fail() -> None:
        raise ValueError(f"cannot use {WHSEC}")

    thread = threading.Thread(target=fail, name="a worker")
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(WHSEC), None)
    logs.drain()
    said = capfd.readouterr().err
    assert WHSEC.removeprefix("whsec_") not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert [(one["event"], one.get("thread")) for one in lines] == [
        ("a thread ended", "a worker"),
        ("the process ends", None),
    ]
    assert "cannot use ***" in lines[0]["exception"]
