"""A code as a picture: for a terminal, or as a file that nobody else may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config.enrol_code import new_code
from hub.enrolment.code_picture import terminal_picture, write_picture


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_a_picture_is_written_for_one_user(tmp_path: Path, name: str, begins: bytes) -> None:
    write_picture(new_code(b"x").text, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_any_other_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"a picture is \.svg or \.png"):
        write_picture("x", tmp_path / "a.jpg")


def test_a_terminal_shows_it_in_few_lines() -> None:
    """A console of 80 by 24 has room for it, with the command beneath."""
    lines = terminal_picture(new_code(b"x").text).splitlines()
    assert len(lines) <= 20
