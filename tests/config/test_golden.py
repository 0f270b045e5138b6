"""The messages of every release are read for ever, and read alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from config.contract import (
    Command,
    Event,
    Health,
    HubState,
    Message,
    MessageError,
    Posture,
    Receipt,
    State,
    decode,
    encode,
)
from config.event_keys import content_hash

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = sorted((GOLDEN / "v1").glob("*.json"))
EXPECTED: dict[str, dict[str, Any]] = json.loads((GOLDEN / "v1.expected.json").read_text(encoding="utf-8"))
KINDS: dict[str, type[Any]] = {
    "event": Event,
    "state": State,
    "health": Health,
    "receipt": Receipt,
    "command": Command,
    "posture": Posture,
    "hub-state": HubState,
}


def read(kind: type[Any], payload: bytes) -> Any:
    try:
        return decode(kind, payload)
    except MessageError as error:
        return error


def kind_of(file: Path) -> type[Any]:
    return KINDS[file.name.split(".")[0]]


def test_every_file_is_expected_and_every_message_has_its_files() -> None:
    """None without its expectation, none lost; each message well formed and flawed, full and least."""
    assert {file.name for file in FILES} == set(EXPECTED)
    assert set(KINDS.values()) == set(get_args(Message))
    for kind in KINDS:
        mine = [name for name in EXPECTED if name.startswith(f"{kind}.")]
        assert any("flawed" in name for name in mine)
        assert len([name for name in mine if "flawed" not in name]) >= (1 if kind == "posture" else 2)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_golden_message_is_read_as_it_was(file: Path) -> None:
    """The same fields with the same values; of a flawed one the same flaws, and the same readable."""
    payload, expected = file.read_bytes(), EXPECTED[file.name]
    found: dict[str, Any] = {}
    message = read(kind_of(file), payload)
    if isinstance(message, MessageError):
        found["flaws"] = [flaw.field for flaw in message.flaws]
        assert all(flaw.why for flaw in message.flaws)
        assert all(f"{flaw.field}: " in str(message) for flaw in message.flaws)
        if kind_of(file) is Event:
            readable = message.readable._asdict().items()
            found["readable"] = {name: value for name, value in readable if value is not None}
            found["content"] = content_hash(payload)
    else:
        fields = {name: getattr(message, name) for name in expected.get("decoded", ())}
        found["decoded"] = json.loads(msgspec.json.encode(fields))
        if isinstance(message, Event):
            found["content"] = content_hash(message)
    assert found == expected


@pytest.mark.parametrize(
    "file", [file for file in FILES if "decoded" in EXPECTED[file.name]], ids=lambda file: file.stem
)
def test_what_is_written_is_read_again(file: Path) -> None:
    """Encoding loses nothing, and leaves out what is absent."""
    kind = kind_of(file)
    message = decode(kind, file.read_bytes())
    assert decode(kind, encode(message)) == message
    assert all(value is not None for value in json.loads(encode(message)).values())
