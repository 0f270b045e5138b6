"""``tocsin-hub authority``, and a hub that has certificates of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.certificate import read_certificate
from hub.cli import main

SETTINGS = """
site = "lincoln"
name = "Lincoln"
data = "{folder}/data"
broker = {{ own_tls = true, port = 8883 }}
authority = {{ broker_files = "{folder}/files", broker_names = ["192.168.1.10", "hub.lincoln.example"] }}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(SETTINGS.format(folder=tmp_path))
    return file


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_made_once(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As often as you like: the second time nothing changes, and it says so."""
    assert main(["authority", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "authority of site lincoln: made" in said
    assert "is for broker.lincoln.tocsin.internal, 192.168.1.10, hub.lincoln.example" in said
    names = {path.name for path in (tmp_path / "files").iterdir()}
    assert names == {"ca.pem", "broker.pem", "broker.key", "acl", "revoked.pem"}
    before = files_of(tmp_path)
    assert main(["authority", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "authority of site lincoln: is there" in said
    assert "as it was" in said
    assert files_of(tmp_path) == before


def test_a_new_name_for_the_broker_takes_a_new_certificate_and_no_new_authority(
    config: Path, tmp_path: Path
) -> None:
    """Whoever is enrolled stays so: they check the name that never changes."""
    main(["authority", "--config", str(config)])
    before = files_of(tmp_path / "data")
    config.write_text(config.read_text().replace("192.168.1.10", "192.168.1.11"))
    assert main(["authority", "--config", str(config)]) == 0
    assert files_of(tmp_path / "data") == before
    hosts = read_certificate((tmp_path / "files" / "broker.pem").read_bytes()).hosts
    assert hosts == ("broker.lincoln.tocsin.internal", "192.168.1.11", "hub.lincoln.example")


def test_a_lost_key_is_never_made_good_by_a_new_one(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That would shut every agent out; restoring it from a backup doesn't."""
    main(["authority", "--config", str(config)])
    capsys.readouterr()
    for path in (tmp_path / "data" / "authority").iterdir():
        path.unlink()
    assert main(["authority", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "authority.key is missing, and agents have certificates of its authority" in said
    assert "from a backup" in said
    assert list((tmp_path / "data" / "authority").iterdir()) == []


def test_a_folder_that_may_not_be_written_is_named(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "files").write_text("a file")
    assert main(["authority", "--config", str(config)]) == 1
    assert f"{tmp_path}/files: File exists" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_what_root_makes_belongs_to_hub_and_broker(config: Path, tmp_path: Path) -> None:
    """As scripts/install runs it: each file is its folder's user's and group's."""
    hub, broker = 54321, 54322
    for folder, group in ((tmp_path / "data", hub), (tmp_path / "files", broker)):
        folder.mkdir()
        os.chown(folder, hub, group)
    assert main(["authority", "--config", str(config)]) == 0

    def owners(folder: Path) -> set[tuple[int, int]]:
        return {(path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")}

    assert owners(tmp_path / "data") == {(hub, hub)}
    assert owners(tmp_path / "files") == {(hub, broker)}
