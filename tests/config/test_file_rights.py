"""Which rights on secrets, settings and data are too much, and that a hub and an agent say so and go on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct

from config.agent_settings import AgentSettings, LinkSettings
from config.authority_settings import AuthoritySettings
from config.channel_settings import AppriseSettings, WebhookSettings
from config.clock import SystemClock
from config.file_rights import Guarded, Kind, close, guarded, too_open
from config.hub_settings import HubSettings, NamedBroker, StoreSettings
from config.settings import may_be_credential
from config.shared_settings import Tls
from device.facts import Machine
from device.health_words import HealthWords
from device.survey import Surveyor
from hub.measuring import look_at_files
from tests.scenarios.rig import site_settings

CLOCK = SystemClock()


def files_of(hint: Any) -> Iterator[tuple[str, bool]]:
    """Yield every ``*_file`` in a type of settings, and whether it is known as one that may be secret."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        for name, inner in get_type_hints(hint, include_extras=True).items():
            if name.endswith("_file"):
                yield name, may_be_credential(inner)
            yield from files_of(inner)
    for arg in get_args(hint):
        yield from files_of(arg)


@pytest.mark.parametrize(
    ("kind", "mode", "whose"),
    [
        ("secret", 0o600, None),
        ("secret", 0o400, None),
        ("secret", 0o640, None),
        ("secret", 0o440, None),
        ("secret", 0o644, "anybody may read it"),
        ("secret", 0o604, "anybody may read it"),
        ("secret", 0o602, "anybody may change it"),
        ("secret", 0o666, "anybody may change it"),
        ("secret", 0o660, "its whole group may change it"),
        ("settings", 0o644, None),
        ("settings", 0o664, None),
        ("settings", 0o646, "anybody may change it"),
        ("folder", 0o700, None),
        ("folder", 0o750, None),
        ("folder", 0o755, "anybody may look into it"),
        ("folder", 0o711, "anybody may look into it"),
        ("folder", 0o770, "its whole group may change it"),
        ("folder", 0o777, "anybody may change it"),
    ],
)
def test_what_is_too_much(tmp_path: Path, kind: Kind, mode: int, whose: str | None) -> None:
    """A secret is for its owner and may be read by one group; the cure, done, is enough."""
    path = tmp_path / "one"
    path.mkdir() if kind == "folder" else path.touch()
    path.chmod(mode)
    found = too_open([Guarded("k", path, kind)])
    assert [one.found for one in found] == (
        [] if whose is None else [f"{path} (mode {mode:04o}) is open: {whose}"]
    )
    for one in found:
        assert os.system(one.cure.removeprefix("sudo ")) == 0
    assert too_open([Guarded("k", path, kind)]) == []


def test_what_is_not_there_is_not_judged(tmp_path: Path) -> None:
    """Whoever needs it says so."""
    assert (
        too_open([Guarded("k", tmp_path / "none", "secret"), Guarded("k", tmp_path / "a" / "b", "folder")])
        == []
    )


def test_every_secret_of_the_settings_is_looked_at(tmp_path: Path) -> None:
    """By its key; certificates are no secrets."""
    path = tmp_path / "x"
    tls = Tls(ca_file=path, cert_file=path, key_file=tmp_path / "key")
    settings = site_settings(
        data=tmp_path,
        broker=NamedBroker(tls=tls),
        more_brokers=(NamedBroker(name="b", tls=tls),),
        store=StoreSettings(url_file=tmp_path / "store"),
        channels={
            "hook": WebhookSettings(url_file=tmp_path / "url", secret_file=tmp_path / "secret"),
            "phones": AppriseSettings(targets_file=tmp_path / "targets"),
        },
    )
    found = guarded(settings, tmp_path / "hub.toml", tmp_path, [tmp_path / "session.key"])
    assert {(one.key, one.path.name, one.kind) for one in found} == {
        ("", "hub.toml", "settings"),
        ("data", tmp_path.name, "folder"),
        ("data", "session.key", "secret"),
        ("broker.tls.key_file", "key", "secret"),
        ("more_brokers[0].tls.key_file", "key", "secret"),
        ("store.url_file", "store", "secret"),
        ("channels.hook.url_file", "url", "secret"),
        ("channels.hook.secret_file", "secret", "secret"),
        ("channels.phones.targets_file", "targets", "secret"),
    }


def test_every_file_of_the_settings_that_may_be_a_secret_is_known_as_one() -> None:
    """A new ``*_file`` is either of type SecretFile or one of those that may be public."""
    public = {"ca_file", "cert_file", "rooms_file"}
    found = {**dict(files_of(HubSettings)), **dict(files_of(AgentSettings))}
    assert {"secret_file", "url_file", "targets_file", "key_file", "ca_file"} <= set(found)
    assert {key for key, is_secret in found.items() if not is_secret} <= public


def test_a_folder_of_our_own_is_closed_to_others(tmp_path: Path) -> None:
    """What its owner and, for reading, its group may do stays."""
    for before, after in ((0o755, 0o750), (0o777, 0o750), (0o700, 0o700)):
        tmp_path.chmod(before)
        close(tmp_path)
        assert tmp_path.stat().st_mode & 0o777 == after
    close(tmp_path / "none")


def test_the_hub_looks_again_and_again(tmp_path: Path) -> None:
    """Each open file is told with what closes it; its keys in its data, too."""
    config, key = tmp_path / "hub.toml", tmp_path / "authority" / "authority.key"
    key.parent.mkdir()
    for file in (config, key, tmp_path / "session.key"):
        file.touch(0o600)
    tmp_path.chmod(0o700)
    settings = site_settings(data=tmp_path)
    assert look_at_files(settings, config).too_open == ()
    key.chmod(0o644)
    found = look_at_files(settings, config).too_open
    assert found == (f"{key} (mode 0644) is open: anybody may read it: sudo chmod g-w,o-rwx {key}",)


def test_the_brokers_key_is_for_the_hub_and_the_brokers_group(tmp_path: Path) -> None:
    """As the hub writes it; wherever the settings have it."""
    config, key = tmp_path / "hub.toml", tmp_path / "files" / "broker.key"
    key.parent.mkdir()
    for file in (config, key):
        file.touch(0o600)
    tmp_path.chmod(0o700)
    settings = site_settings(data=tmp_path, authority=AuthoritySettings(broker_files=key.parent))
    key.chmod(0o640)
    assert look_at_files(settings, config).too_open == ()
    key.chmod(0o644)
    (found,) = look_at_files(settings, config).too_open
    assert found.startswith(f"{key} (mode 0644) is open: anybody may read it")


def test_the_agent_tells_it_among_its_troubles(tmp_path: Path) -> None:
    """Once there is something to tell; and it ends."""
    words = HealthWords()
    assert words.judge(Machine(), 0.0).get("files") is None
    assert words.judge(Machine(too_open=("key (mode 0644)",)), 1.0)["files"] == "key (mode 0644)"
    assert words.judge(Machine(), 2.0)["files"] == "key (mode 0644)"
    assert words.judge(Machine(too_open=()), 3.0)["files"] is None


def test_the_agents_surveyor_looks_at_them(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    key.chmod(0o640)
    link = LinkSettings(
        name="a", host="10.0.0.1", tls=Tls(ca_file=tmp_path / "ca", cert_file=tmp_path / "c", key_file=key)
    )
    found = [one for one in guarded(link, None, tmp_path) if one.kind == "secret"]
    assert [(one.key, one.path) for one in found] == [("tls.key_file", key)]
    surveyor = Surveyor(tmp_path, guarded=found)
    assert surveyor.files is not None
    assert surveyor.latest(CLOCK.now()).too_open is None
    surveyor.files.refresh()
    assert surveyor.latest(CLOCK.now()).too_open == ()
    key.chmod(0o604)
    surveyor.files.refresh()
    assert surveyor.latest(CLOCK.now()).too_open == (
        f"{key} (mode 0604) is open: anybody may read it: sudo chmod g-w,o-rwx {key}",
    )
