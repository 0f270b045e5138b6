"""Secrets as systemd's credentials: where the settings find them, and which lines give them to a unit."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from config import credentials
from config.channel_settings import WebhookSettings
from config.hub_settings import HubSettings, check_hub
from config.settings import SettingsError, load, secret
from hub.backup.belongings import gather
from hub.cli import main

SECRET = "whsec_" + "A" * 43 + "="
SETTINGS = """
site = "lincoln"
name = "Lincoln"
data = "{data}"
[channels.x]
type = "webhook"
url = "https://example.org"
secret_file = "credential:webhook-secret"
[audiences.sro]
channels = ["x"]
[plans.all]
kinds = ["panic", "duress", "medical", "assist"]
steps = [{{ after_s = 0, notify = ["sro"] }}]
"""


@pytest.fixture
def hub_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with one credential, read by nobody in particular: no service runs and no unit gives it."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(credentials, "_GIVEN", tmp_path / "run")
    monkeypatch.setattr(credentials, "UNITS", tmp_path / "units")
    file = tmp_path / "hub.toml"
    file.write_text(SETTINGS.format(data=tmp_path / "data"))
    return file


def give(folder: Path) -> Path:
    """Do as systemd does: put the credential into a service's folder."""
    folder.mkdir(parents=True)
    (folder / "webhook-secret").write_text(SECRET + "\n")
    return folder


def unit_gives(tmp_path: Path, line: str) -> None:
    """Lay a drop-in beside the hub's unit."""
    folder = tmp_path / "units" / "tocsin-hub.service.d"
    folder.mkdir(parents=True)
    (folder / "tocsin-credentials.conf").write_text(f"[Service]\n{line}\n")


def read_secret(file: Path) -> str:
    """Return the channel's secret by these settings."""
    channel = load(file, HubSettings, check_hub).channels["x"]
    assert isinstance(channel, WebhookSettings)
    return secret("secret", channel.secret_file, channel.secret_env)


def test_within_the_service_it_is_in_the_folder_that_systemd_names(
    hub_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(give(tmp_path / "given")))
    assert read_secret(hub_toml) == SECRET


def test_while_the_service_runs_its_user_finds_it_from_outside(hub_toml: Path, tmp_path: Path) -> None:
    """So that ``check`` sees what is in it, as with any file."""
    give(tmp_path / "run" / "tocsin-hub.service")
    assert read_secret(hub_toml) == SECRET
    assert main(["check", "--config", str(hub_toml)]) == 0
    (tmp_path / "run" / "tocsin-hub.service" / "webhook-secret").write_text("not one")
    assert main(["check", "--config", str(hub_toml)]) == 2


def test_one_that_only_the_service_sees_is_no_fault_from_outside(
    hub_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The unit gives it; ``check`` says that it has not looked into it."""
    unit_gives(tmp_path, "LoadCredentialEncrypted=webhook-secret:/root/sealed")
    assert main(["check", "--config", str(hub_toml)]) == 0
    assert (
        "note: channels.x.secret_file is a credential, which the service alone sees"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("line", ["", "LoadCredential=webhook-secret-2", "# LoadCredential=webhook-secret"])
def test_one_that_no_unit_gives_is_a_fault(
    hub_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """With its key, and what to do."""
    unit_gives(tmp_path, line)
    assert main(["check", "--config", str(hub_toml)]) == 2
    said = capsys.readouterr().err
    assert (
        "channels.x.secret: secret_file names the credential webhook-secret, which this service isn't given"
        in said
    )
    assert "put it into /etc/credstore/webhook-secret and run scripts/install" in said


def test_within_the_service_one_that_is_missing_is_a_fault_whatever_a_unit_says(
    hub_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd leaves out what isn't in its store."""
    unit_gives(tmp_path, "LoadCredential=webhook-secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(SettingsError, match="webhook-secret, which this service isn't given"):
        load(hub_toml, HubSettings, check_hub)


def test_the_drop_in_has_a_line_for_each_name_of_the_settings(tmp_path: Path) -> None:
    """By the name alone: systemd fails no start for one that it doesn't find so."""
    (tmp_path / "phones").touch()
    table = tomllib.loads(
        'a.url_file = "credential:hook"\nb = [{ c = "credential:phones" }]\n'
        'd = "credential:../x"\ne = "credential"'
    )
    assert credentials.drop_in(table, tmp_path).splitlines() == [
        "[Service]",
        "LoadCredential=hook",
        "LoadCredentialEncrypted=phones",
    ]
    assert credentials.drop_in({"a": "/etc/x"}, tmp_path) == ""


def test_a_backup_takes_it_along_to_where_systemd_would_find_it(hub_toml: Path, tmp_path: Path) -> None:
    """A path in memory would be gone with the restart."""
    give(tmp_path / "run" / "tocsin-hub.service")
    settings = load(hub_toml, HubSettings, check_hub)
    [(part, data)] = [(p, d) for p, d in gather(settings, hub_toml).files if "webhook" in p.name]
    assert data.decode().strip() == SECRET
    assert (part.path, part.mode, part.owner) == ("/etc/credstore/webhook-secret", 0o600, "root")
