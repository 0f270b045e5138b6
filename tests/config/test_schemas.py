"""The schemas in docs are those of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from config import schemas
from config.contract import Message


def test_the_files_are_those_of_the_code() -> None:
    """Else: python -m config.schemas."""
    assert schemas.unlike() == []
    assert schemas.main(["--check"]) == 0


def test_every_message_has_its_schema() -> None:
    """With every field, and the required ones required."""
    assert set(schemas.MESSAGES.values()) == set(get_args(Message))
    for name, kind in schemas.MESSAGES.items():
        whole = json.loads((schemas.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        assert set(whole["properties"]) == set(kind.__struct_fields__)
        assert whole["$id"] == f"urn:tocsin:v1:{name}"
        assert "v" in whole["required"]
        assert whole["description"]


def test_a_reference_in_a_schema_leads_somewhere() -> None:
    """Each file stands alone."""
    for name in schemas.MESSAGES:
        text = json.dumps(schemas.schema(name))
        for part in text.split('"$ref": "')[1:]:
            where = part.split('"')[0]
            assert where.removeprefix("#/$defs/") in schemas.schema(name)["$defs"]


def test_a_file_that_differs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changed, missing or left over; writing mends all three."""
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    assert len(schemas.unlike()) == len(schemas.MESSAGES)
    assert schemas.main([]) == 0
    assert schemas.main(["--check"]) == 0
    (tmp_path / "event.json").write_text("{}")
    (tmp_path / "state.json").unlink()
    (tmp_path / "old.json").write_text("{}")
    assert schemas.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert all(f"{name}.json" in said for name in ("event", "state", "old"))
    assert schemas.main([]) == 0
    assert schemas.unlike() == []


def test_a_word_it_does_not_know_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """It says how it is used."""
    assert schemas.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err
