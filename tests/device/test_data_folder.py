"""Whether the outbox's folder is there, can be written, and is where the unit lets the service write."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from device import data_folder
from device.data_folder import look
from device.service import Service


def test_it_is_written_and_nothing_is_left(tmp_path: Path) -> None:
    """With the space that is free."""
    found = look(tmp_path, None)
    assert (found.warnings, found.faults) == ([], [])
    assert found.lines[0].startswith(f"data {tmp_path}: can be written, ")
    assert found.lines[0].endswith(" MB free")
    assert list(tmp_path.iterdir()) == []


def test_it_isnt_there(tmp_path: Path) -> None:
    """With the command that makes it; the unit's own folder is made by systemd."""
    data = tmp_path / "agent"
    (fault,) = look(data, None).faults
    assert fault.startswith(f"data {data}: isn't there: sudo install -d -o ")
    found = look(data, Service(stopped=True, makes=(data,)))
    assert found.faults == []
    assert found.lines == [f"data {data}: isn't there yet: systemd makes it as the service starts"]


def test_it_is_a_file(tmp_path: Path) -> None:
    """Or below one."""
    file = tmp_path / "agent"
    file.touch()
    for data in (file, file / "below"):
        assert look(data, None).faults == [f"data {data}: is no folder, or is below a file: name another"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "may not write in it: sudo chown "),
        (errno.EROFS, "is on a file system that is mounted read-only"),
        (errno.ENOSPC, "is full: what fills it?"),
        (errno.EIO, "can't be written (Input/output error): is the card failing?"),
    ],
)
def test_it_cant_be_written(number: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cause with its cure."""

    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(data_folder.os, "fsync", fails)
    (fault,) = look(tmp_path, None).faults
    assert fault.startswith(f"data {tmp_path}: ")
    assert words in fault


def test_an_outbox_that_root_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone ran the agent with sudo: the folder can be written, and the outbox in it can't."""
    (tmp_path / "outbox.db-wal").touch()
    real = os.access

    def access(path: Any, how: int) -> bool:
        return "outbox.db" not in str(path) and real(path, how)

    monkeypatch.setattr(data_folder.os, "access", access)
    (fault,) = look(tmp_path, None).faults
    assert "may not write outbox.db-wal in it: sudo chown " in fault


def test_it_is_where_the_unit_forbids(tmp_path: Path) -> None:
    """Its owner may write there, and the service not: the line that lets it is told."""
    (fault,) = look(tmp_path, Service(stopped=True, makes=(Path("/var/lib/tocsin/agent"),))).faults
    assert "doesn't let the service write there" in fault
    assert f"ReadWritePaths=-{tmp_path}" in fault
    assert (
        look(tmp_path / "a", Service(stopped=True, writes=(tmp_path,)))
        .faults[0]
        .startswith(f"data {tmp_path / 'a'}: isn't there")
    )
