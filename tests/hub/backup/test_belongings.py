"""What goes along beside the store, and where it is put on the machine that takes over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.backup_settings import BackupSettings
from config.channel_settings import WebhookSettings
from config.hub_settings import NamedBroker, StoreSettings
from config.shared_settings import Tls
from hub.backup.belongings import LARGEST, gather
from hub.backup.fault import BackupError
from hub.backup.manifest import Part
from hub.backup.placing import ENVIRONMENT, place_files
from hub.backup.restoring import Backup
from hub.push_key import push_key
from tests.hub.backup.test_sealed import manifest
from tests.scenarios.rig import site_settings


def written(folder: Path, *names: str) -> list[Path]:
    """Files, each with its own name in it."""
    for name in names:
        (folder / name).write_text(name)
    return [folder / name for name in names]


def backup(folder: Path, *files: tuple[str, str], **of_manifest: Any) -> Backup:
    """A backup that was opened, with these files: where they were, and what is in them."""
    parts = []
    for number, (path, text) in enumerate(files):
        (folder / f"part-{number}").write_text(text)
        parts.append((Part("x", len(text), "", path, 0o640), folder / f"part-{number}"))
    return Backup(manifest(**of_manifest), folder / "store.db", tuple(parts), None)


def test_every_file_that_the_settings_name_goes_along(tmp_path: Path, monkeypatch: Any) -> None:
    """However deep it is named: secrets of channels, the store's URL, keys and certificates; each once."""
    ca, cert, key, url, secret, own, more = written(
        tmp_path, *["ca", "cert", "key", "url", "secret", "hub.toml", "more"]
    )
    tls = Tls(ca_file=ca, cert_file=cert, key_file=key)
    settings = site_settings(
        broker=NamedBroker(tls=tls),
        more_brokers=(NamedBroker(name="annex", tls=tls),),
        store=StoreSettings(url_file=url),
        channels={"hook": WebhookSettings(url_env="HOOK_URL", secret_file=secret)},
        backup=BackupSettings(also=(more, own)),
    )
    monkeypatch.setenv("HOOK_URL", "https://dispatch.example.org/hook")
    found = gather(settings, own)
    assert [part.path for part, _ in found.files] == [str(p) for p in (own, ca, cert, key, url, secret, more)]
    assert {data.decode() for _, data in found.files} == {
        "ca",
        "cert",
        "key",
        "url",
        "secret",
        "hub.toml",
        "more",
    }
    assert found.environment == {"HOOK_URL": "https://dispatch.example.org/hook"}
    monkeypatch.delenv("HOOK_URL")
    with pytest.raises(
        BackupError, match="the settings name HOOK_URL, which isn't set in the environment here"
    ):
        gather(settings, own)
    monkeypatch.setenv("HOOK_URL", "x")
    more.write_bytes(bytes(LARGEST + 1))
    with pytest.raises(BackupError, match="more is to go along and is over 4 MiB"):
        gather(settings, own)


def test_the_key_of_web_push_goes_along(tmp_path: Path) -> None:
    """Without it every phone would have to be signed up anew."""
    (own,) = written(tmp_path, "hub.toml")
    settings = site_settings(data=tmp_path / "data")
    settings.data.mkdir()
    assert [part.path for part, _ in gather(settings, own).files] == [str(own)]
    push_key(settings.data)
    (part,) = (part for part, _ in gather(settings, own).files if part.path.endswith("push.key"))
    assert part.mode == 0o600


def test_files_are_put_where_they_were_under_a_folder(tmp_path: Path) -> None:
    """With their modes; variables of the environment beside the settings, for the unit."""
    under = tmp_path / "root"
    made = backup(tmp_path, ("/etc/tocsin/hub.toml", "site"), environment={"HOOK": "secret"})
    said = place_files(made, under, replace=False)
    placed = under / "etc/tocsin/hub.toml"
    assert placed.read_text() == "site"
    assert placed.stat().st_mode & 0o777 == 0o640
    variables = under / "etc/tocsin" / ENVIRONMENT
    assert variables.read_text() == "HOOK=secret\n"
    assert variables.stat().st_mode & 0o077 == 0
    assert said == [f"{placed}: written", f"{variables}: written"]
    assert place_files(made, under, replace=False) == [
        f"{placed}: is there already",
        f"{variables}: is there already",
    ]


def test_one_that_is_another_keeps_all_from_being_written(tmp_path: Path) -> None:
    """Also those before it: all or none."""
    under = tmp_path / "root"
    (under / "etc").mkdir(parents=True)
    (under / "etc/b").write_text("mine")
    made = backup(tmp_path, ("/etc/a", "a"), ("/etc/b", "b"))
    with pytest.raises(BackupError, match="etc/b: there, and not as in the backup; nothing was changed"):
        place_files(made, under, replace=False)
    assert not (under / "etc/a").exists()
    place_files(made, under, replace=True)
    assert (under / "etc/b").read_text() == "b"
    assert (under / "etc/b.before-restore").read_text() == "mine"


@pytest.mark.parametrize("path", ["/etc/../../root/.ssh/authorized_keys", "etc/passwd", "", "/etc/\0"])
def test_a_path_from_outside_leads_nowhere(tmp_path: Path, path: str) -> None:
    """Whoever has the public half can seal a backup."""
    with pytest.raises(BackupError, match="is no absolute path"):
        place_files(backup(tmp_path, (path, "evil")), tmp_path / "root", replace=True)
    assert not (tmp_path / "root").exists()


def test_a_user_whom_the_machine_has_not_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    """The file is there all the same, for root alone."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda *_: None)
    made = backup(tmp_path, ("/etc/a", "a"))
    part, path = made.files[0]
    strange = replace(part, owner="nobody-at-all", group="tocsin-nobody")
    (said,) = place_files(replace(made, files=((strange, path),)), tmp_path / "root", replace=False)
    assert said.endswith("this machine has no nobody-at-all and no tocsin-nobody: give it to whom it is for")
